"""`gridsim bench`."""

from __future__ import annotations

import json

import typer

from gridsim.cli.app import EXIT_FAILED, JsonOption, app
from gridsim.cli.printing import progress_bar


@app.command()
def bench(as_json: JsonOption = False) -> None:
    """Check answers and speed of this installation in about a minute; to paste into an issue."""
    from gridsim.report.self_check import self_check

    with progress_bar("self-check") as progress:
        found = self_check(progress)
    if as_json:
        print(json.dumps({"command": "bench", "status": "ok" if found["passed"] else "failed", **found}))
    else:
        machine, versions = found["machine"], found["versions"]
        print(f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}, "
              f"load average {machine['load_average']}")  # fmt: skip
        print(", ".join(f"{name} {version}" for name, version in versions.items()))
        print()
        for check in found["checks"]:
            verdict = "ok  " if check["passed"] else "FAIL"
            print(f"{verdict} {check['name']}: {check['found']:,.8g}, expected {check['expected']:,.8g}, "
                  f"off by {check['deviation']:.2g} {check['unit']} (limit {check['limit']:g})")  # fmt: skip
        print()
        for figure in found["figures"]:
            print(f"     {figure['name']}: {figure['value']:,.3g} {figure['unit']}")
        failed = sum(not check["passed"] for check in found["checks"])
        print(f"\n{len(found['checks'])} checks, {failed} failed, {found['wall_s']} s")
    if not found["passed"]:
        raise typer.Exit(EXIT_FAILED)
