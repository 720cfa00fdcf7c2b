"""`gridsim why`."""

from __future__ import annotations

import itertools
import json
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.app import JsonOption, app
from gridsim.cli.values import whole

_MOST_SHOWN = 60

if TYPE_CHECKING:
    from gridsim.engine.explain import Chain
    from gridsim.results.course import Acted
    from gridsim.study.loaded import Run


def moment(text: str) -> float | str:
    """Hours after the start of ``74`` or ``+74h``; a local time as it is."""
    try:
        return float(text.removeprefix("+").removesuffix("h"))
    except ValueError:
        return text


@app.command()
def why(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or of a study's case.")],
    component: Annotated[str, typer.Argument(help="As in the log (zone:south), or its name alone (south).")],
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Hours after the start, or '2026-01-12 03:00'; else its last.")
    ] = None,
    replicate: Annotated[
        int | None, typer.Option(parser=whole(0, 2**31 - 1), metavar="N", help="Of a study; by default the first.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why a component, zone, section or bus is as it is: its last change and the causes, root last."""
    from gridsim.study.loaded import load_run

    loaded = load_run(run)
    chain = loaded.why(component, _last_trouble(loaded, component, replicate) if at is None else moment(at), replicate)
    if as_json:
        print(json.dumps({"command": "why", "run_dir": str(run), "component": component, **as_dict(chain, loaded)}))
        return
    if not chain:
        print(f"nothing had happened to {component} by then")
        return
    print("\n".join(chain_lines(chain, loaded)))


def _last_trouble(loaded: Run, component: str, replicate: int | None) -> float:
    """Hours of the last change that took the component from normal, or when a bus or oblast lacked most.

    The end of the log without any.
    """
    log = loaded.log(replicate)
    own = [c for c in log if component in (c.component, c.component.split(":", 1)[-1]) and c.to_state != "normal"]
    if own:
        return own[-1].time_h
    lacked = loaded.hours_of_most_unserved(component, replicate)
    return max((change.time_h for change in log), default=0.0) if lacked is None else lacked


def chain_lines(chain: Chain, loaded: Run) -> list[str]:
    """A line for each link, with its local time, each cause under what it caused."""
    lines = []
    for depth, change in enumerate(chain):
        time = loaded.local_time(change.time_h)
        lead = "   " * (depth - 1) + "<- " * bool(depth)
        lines.append(f"{time:%Y-%m-%d %H:%M} (+{change.time_h:g} h)  {lead}{change.component}: {change.to_state}")
    lines += [f"with {change.to_state} begun +{change.time_h:g} h" for change in chain.beside]
    for time_h, acted in itertools.groupby(chain.course, key=lambda acted: acted.time_h):
        lines += ["", f"automation after {loaded.local_time(time_h):%Y-%m-%d %H:%M}, numbered", *_course(list(acted))]
    return lines


def _course(acted: list[Acted]) -> list[str]:
    from gridsim.report.text_table import TextTable

    rows = tuple(
        (
            f"{one.number}",
            f"{one.at_s:.2f}",
            "" if isnan(one.frequency_hz) else f"{one.frequency_hz:.2f}",
            f"{one.p_mw:,.0f}",
            one.rule,
            one.place,
        )
        for one in acted[:_MOST_SHOWN]
    )
    headings = ("no.", "s", "Hz", "MW", "rule", "place")
    more = [f"and {len(acted) - _MOST_SHOWN} more: table automation_log"] if len(acted) > _MOST_SHOWN else []
    return TextTable(headings, rows, frozenset(headings[4:])).lines() + more


def as_dict(chain: Chain, loaded: Run) -> dict[str, Any]:
    """Links and what was begun beside them."""
    return {
        "chain": [_link(change, loaded) for change in chain],
        "beside": [_link(change, loaded) for change in chain.beside],
        "course": [_operation(acted) for acted in chain.course],
    }


def _operation(acted: Acted) -> dict[str, Any]:
    return {**acted._asdict(), "frequency_hz": None if isnan(acted.frequency_hz) else acted.frequency_hz}


def _link(change: Any, loaded: Run) -> dict[str, Any]:
    return {**change._asdict(), "local_time": loaded.local_time(change.time_h).isoformat(sep=" ", timespec="minutes")}
