"""Import policies of `gridsim adequacy` side by side, and in one line under an assessment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridsim.model.system import GridSystem
    from gridsim.reliability import AssessmentResult

ALL = "all"
FIRM = ("none", "contract", "limit")
#: Sample years of the line: enough to tell a factor of three.
YEARS_OF_LINE = {"synthetic": 24, "normal": 400}
_METRICS = ("LOLH", "EUE", "NEUE", "LOLEv", "P_any_shortfall", "CVaR_95")


def policies_of(system: GridSystem) -> tuple[str, ...]:
    """Policies that make a difference: the firm ones, and what is likely where the network says it."""
    return (*FIRM, "likely") if len(system.border_support) else FIRM


def policies_told(unserved: Mapping[str, AssessmentResult], years: int) -> str:
    """EUE by policy in one line."""
    from gridsim.report.numbers import with_error

    found = ", ".join(f"{policy} {with_error(result.metric('EUE'))}" for policy, result in unserved.items())
    return f"imports decide: EUE at copper level over {years} years, MWh a year: {found} (--imports all)"


def policies_table(results: Mapping[str, AssessmentResult]) -> Any:
    """One row per metric, of the system and of the zones' EUE, one column per policy."""
    from gridsim.report.numbers import with_error
    from gridsim.report.text_table import TextTable

    scopes = [("system", name) for name in _METRICS]
    first = next(iter(results.values()))
    scopes += [(e.scope, "EUE") for e in first.estimates if e.name == "EUE" and e.scope.startswith("zone:")]
    rows = []
    for scope, name in scopes:
        known = {
            policy: next((e for e in result.estimates if (e.name, e.scope) == (name, scope)), None)
            for policy, result in results.items()
        }
        if any(estimate is not None for estimate in known.values()):
            unit = next(e.unit for e in known.values() if e is not None)
            label = name if scope == "system" else f"{name} of {scope}"
            rows.append((f"{label}, {unit}", *(with_error(estimate) for estimate in known.values())))
    return TextTable(("imports", *results), tuple(rows))


def side_by_side(results: Mapping[str, AssessmentResult], form: str, head: Mapping[str, Any]) -> None:
    """Print the assessments of all policies; of the same draws, so their differences are those of the policy."""
    import dataclasses

    from gridsim.cli.printing import print_json
    from gridsim.report.text_table import terminal_width, wrapped

    wall_s = round(sum(result.wall_s for result in results.values()), 3)
    if form == "json":
        policies = {
            policy: [dataclasses.asdict(estimate) for estimate in result.estimates]
            for policy, result in results.items()
        }
        seed = int(head["seed"])
        print_json("adequacy", wall_s, (), seed=seed, status="ok", extra={**head, "policies": policies})
        return
    table = policies_table(results)
    if form == "csv":
        print(table.csv(), end="")
    elif form == "md":
        print(table.markdown(), end="")
    else:
        text = (
            f"{head['network']}: {head['level']} level, {head['weather']} weather, seed {head['seed']}, {wall_s:.1f} s"
        )
        print("\n".join([*wrapped(text, terminal_width()), *table.lines()]))
