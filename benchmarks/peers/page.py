"""RESULTS.md from the results: tables, agreement of the answers, who is faster, scaling."""

from __future__ import annotations

from typing import Any

HEAD = """# gridsim beside other tools

Written by `python benchmarks/peers/run.py`. Each row is one run on one machine in which both sides worked in turn;
times are CPU time, medians of {repeats}, per unit of work, one thread, compiled code warm. Read the ratios.
Machine: {cpu}, {cores} cores, Python {python}, {dates}, load average up to {load} (1 is the run itself).
{shared}
| peer | work | gridsim | peer | who is faster | answers |
| --- | --- | ---: | ---: | --- | --- |
"""
SHARED = """**The machine was shared with other work**: with shared caches, ratios are uncertain by tens of per cent.
"""
BUSY = 1.2  # load average over which other work ran beside; the comparison itself is 1


def quantity(value: float) -> str:
    return f"{value:,.6g}"


def three_digits(value: float) -> str:
    """Rounded to three significant digits, without an exponent: 1,770 and 2.11."""
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100.0 else f"{rounded:.3g}"


def _each(unit: str) -> str:
    return f"{'an' if unit[0] in 'aeio' or unit == 'hour' else 'a'} {unit}"


def seconds(value: float) -> str:
    """Time in the unit that reads best."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1.0:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def _row(comparison: Any, found: dict[str, Any]) -> str:
    if "error" in found:
        return f"| {comparison.peer} | {comparison.what} | - | - | not compared: {found['error']} | - |"
    ratio = found["ratio"]
    who = (
        f"gridsim, {three_digits(ratio)} times"
        if ratio >= 1.0
        else f"**{comparison.peer}, {three_digits(1 / ratio)} times**"
    )
    ours, theirs = (seconds(found["median_s"][side]) for side in ("ours", "theirs"))
    answers = "agree" if found["agrees"] else "**DIFFER: the times say nothing**"
    return f"| {comparison.peer} | {comparison.what} | {ours} | {theirs} {_each(comparison.unit)} | {who} | {answers} |"


def _answer(row: dict[str, Any]) -> str:
    if "z" in row:
        return (
            f"{row['quantity']} {row['ours']:.3f} +- {row['ours_stderr']:.3f} against {row['theirs']:.3f} +- "
            f"{row['theirs_stderr']:.3f} (z {row['z']:.1f})"
        )
    return (
        f"{row['quantity']} {quantity(row['ours'])} against {quantity(row['theirs'])} (relative {row['relative']:.1e})"
    )


def _detail(comparison: Any, found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"]["theirs"].items())
    lines = [
        f"- **{comparison.key}**: {comparison.theirs_call} ({versions}) against {comparison.ours_call}. "
        + "; ".join(_answer(row) for row in found["answers"])
        + "."
    ]
    if comparison.note:
        lines.append(f"  {comparison.note}")
    return "\n".join(lines)


def _equal_error(results: dict[str, Any]) -> str:
    """Seconds each sampler needs for LOLH to 1 %: variance times time of one run, scaled."""
    rows = []
    for key, title in (("assetra", "chronological years"), ("assetra_hours", "independent hours")):
        found = results.get(key, {})
        if "answers" not in found:
            continue
        lolh = next(row for row in found["answers"] if row["quantity"] == "LOLH")
        for side, name in (("ours", f"gridsim, {title}"), ("theirs", "assetra")):
            run_s = found["median_s"][side] * found["n"][side]
            rows.append((name, run_s * (lolh[f"{side}_stderr"] / (0.01 * lolh[side])) ** 2))
    if not rows:
        return ""
    listed = "\n".join(f"| {name} | {seconds(value)} |" for name, value in dict(rows).items())
    return (
        "\n## Time to LOLH within 1 %\n\nRun time scaled by the standard error reached, RTS-79.\n\n"
        f"| sampler | time |\n| --- | ---: |\n{listed}\n"
    )


def _scaling(scaling: dict[str, Any]) -> str:
    lines = [
        "\n## Scaling",
        "",
        "Written by `python benchmarks/scaling.py`. The exponent is the slope of log(quantity) over log(size): 1 is",
        "linear, 0 is flat.",
        "",
        "![time and memory against size](scaling.svg)",
        "",
        "| quantity | sizes | first | last | exponent |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for row in scaling["series"]:
        first, last = (
            seconds(value) if row["unit"] == "s" else f"{value:.4g} {row['unit']}"
            for value in (row["y"][0], row["y"][-1])
        )
        sizes = ", ".join(f"{x:,}" for x in row["x"])
        lines.append(f"| {row['name']} | {sizes} {row['size']} | {first} | {last} | {row['exponent']:.2f} |")
    if (scaling["machine"]["load_average"] or 0.0) > BUSY:
        lines += ["", f"The machine was shared (load average {scaling['machine']['load_average']})."]
    return "\n".join(lines) + "\n"


def page(comparisons: tuple[Any, ...], results: dict[str, Any], scaling: dict[str, Any] | None) -> str:
    """The whole page."""
    done = [(comparison, results[comparison.key]) for comparison in comparisons if comparison.key in results]
    machines = [found["machine"] for _, found in done]
    if not done:
        return "# gridsim beside other tools\n\nNothing was compared yet: `python benchmarks/peers/run.py`.\n"
    load = max(machine["load_average"] or 0.0 for machine in machines)
    last = machines[-1]
    text = HEAD.format(
        **{key: last[key] for key in ("cpu", "cores", "python")},
        repeats=max(found.get("repeats", 0) for _, found in done),
        dates=" to ".join(sorted({machine["date"] for machine in machines})),
        load=load,
        shared=SHARED if load > BUSY else "",
    )
    text += "\n".join(_row(*pair) for pair in done) + "\n"
    missing = [comparison.key for comparison in comparisons if comparison.key not in results]
    if missing:
        text += f"\nNot run yet on this tree: {', '.join(missing)}.\n"
    text += _equal_error(results)
    text += "\n## What was run, and do the answers agree?\n\n"
    ours = next((found["versions"]["ours"] for _, found in done if "versions" in found), {})
    text += "gridsim's side: " + ", ".join(f"{name} {version}" for name, version in ours.items()) + ".\n\n"
    text += "\n".join(_detail(*pair) for pair in done if "answers" in pair[1]) + "\n"
    return text + (_scaling(scaling) if scaling else "")
