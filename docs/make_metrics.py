"""Writes docs/metrics.md from the table of metrics: `python docs/make_metrics.py`. A test fails when it is old."""

from __future__ import annotations

from pathlib import Path

from gridsim.results.metric_table import Metric, metric_table

PAGE = Path(__file__).parent / "metrics.md"

HEAD = """# Every number gridsim reports

Made from `gridsim/results/metrics.csv` by `python docs/make_metrics.py`; do not edit by hand.

x(t) = unserved power in MW in an interval of length dt hours. A shortfall is x above 1e-4 MW (1e-6 MW at copper-plate
level): solver noise is never an event. An event is a maximal run of shortfall; one cut by the end of the horizon
counts once.

**Who reports it.** `run`: one trajectory of the simulator, n = 1 and no standard error; E[ ] is then the value of
that trajectory. `study`: only over replicates; of every number of a run a study reports the mean besides.
`assessment`: the sampler.

**Scopes** are `system`, or a kind and a name such as `zone:south`, `cause:lines:n1_s1`, `month:1`. Scope `month:1`
... `month:12` of the sampler's `EUE` is its part in a calendar month. A place without a name (a bus without an
oblast) is no scope. The scopes of a row are those of all its reporters together: a run has LOLH for `system` and
`people`, an assessment by zone and bus too. A scope that is not there raises an error that names those that are.

**Units** are per horizon: a year of the sampler, the hours of a run.

**Uncertainty.** A bare "LOLE" is never printed: hours and days are different numbers. Standard errors are over
independent samples (years, replicates), never over hours. Without any shortfall in all samples no error of a
shortfall's number is stated. In generated weather `NEUE` is relative to the demand of normal weather.

**Absent, never zero.** A number that cannot be computed for a case is absent; `gridsim run` says why in a line of its
own (`remarks` in `--json` and in the run folder's manifest). In means over replicates a scope of `EUE` or
`energy_mwh` that a replicate does not name counts as zero there: nothing of it was short or burnt.
"""

_TITLES = {
    "shortfall": "Shortfall",
    "network": "Network and reserves",
    "fuel": "Fuel and gas",
    "heat": "Heat of cities",
    "supply": "Supply",
    "emissions": "Emissions",
    "production": "Production",
    "costs": "Costs",
    "water": "Drinking water",
    "nuclear": "Nuclear sites and the largest machine",
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for group, title in _TITLES.items():
        parts.append(f"\n## {title}\n\n| name | printed as | scope | reported by | definition | unit |\n")
        parts.append("| --- | --- | --- | --- | --- | --- |\n")
        parts += [_row(metric) for metric in metric_table().values() if metric.group == group]
    return "".join(parts)


def _row(metric: Metric) -> str:
    scopes, reporters = ", ".join(metric.scopes), ", ".join(metric.reported_by)
    return f"| `{metric.metric}` | {metric.label} | {scopes} | {reporters} | {metric.definition} | {metric.unit} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
