"""`gridsim bench`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from gridsim.cli.app import EXIT_FAILED, JsonOption, app
from gridsim.cli.printing import progress_bar

_VERDICT = 5  # columns before the text


@app.command()
def bench(
    as_json: JsonOption = False,
    out: Annotated[Path | None, typer.Option(help="Write the JSON into this file too.")] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Run nothing: compare two files of --out, and know their noise.")
    ] = None,
) -> None:
    """Check answers and speed of this installation in half a minute, more at first; to paste into an issue."""
    if compare is not None:
        _compare(*compare, as_json)
        return
    from gridsim.report.self_check import self_check

    if out is not None:
        from gridsim.io.output_file import BENCH, check_output

        check_output(out, BENCH)
    with progress_bar("self-check") as progress:
        found = self_check(progress)
    told = json.dumps({"command": "bench", "status": "ok" if found["passed"] else "failed", **found})
    if out is not None:
        from gridsim.io.output_file import BENCH, write_output

        write_output(out, (told + "\n").encode(), BENCH)
    if as_json:
        print(told)
    else:
        from gridsim.report.text_table import terminal_width

        print("\n".join(_lines(found, terminal_width())))
    if not found["passed"]:
        raise typer.Exit(EXIT_FAILED)


def _compare(first: Path, second: Path, as_json: bool) -> None:
    from gridsim.report.bench_change import changes, compared_lines, read_bench
    from gridsim.report.text_table import terminal_width

    a, b = read_bench(first), read_bench(second)
    if as_json:
        print(json.dumps({"command": "bench", "status": "ok", "changes": [asdict(one) for one in changes(a, b)]}))
    else:
        print("\n".join(compared_lines(a, b, terminal_width())))


def _lines(found: dict[str, Any], width: int) -> list[str]:
    from gridsim.report.text_table import wrapped

    machine = found["machine"]
    lines = wrapped(
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
        f"load average {machine['load_average']}",
        width,
    )
    lines += [*wrapped(", ".join(f"{name} {version}" for name, version in found["versions"].items()), width), ""]
    told = [
        (
            "ok" if check["passed"] else "FAIL",
            f"{check['name']}: {check['found']:,.8g}, expected {check['expected']:,.8g}, off by "
            f"{check['deviation']:.2g} {check['unit']} (limit {check['limit']:g})",
        )
        for check in found["checks"]
    ]
    told += [("", "")]
    told += [("", f"{figure['name']}: {figure['value']:,.3g} {figure['unit']}") for figure in found["figures"]]
    for verdict, text in told:
        first, *more = wrapped(text, width - _VERDICT) or [""]
        lines += [f"{verdict:{_VERDICT}}{first}".rstrip(), *(" " * _VERDICT + line for line in more)]
    failed = sum(not check["passed"] for check in found["checks"])
    return [*lines, "", f"{len(found['checks'])} checks, {failed} failed, {found['wall_s']} s"]
