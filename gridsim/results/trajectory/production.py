"""Output of mines and works that is lost with the electricity of a run."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gridsim.results.metric_table import measured
from gridsim.results.metrics import Estimate
from gridsim.results.trajectory_record import Subject, Trajectory, sum_by


def _measures(run: Trajectory) -> Iterable[Estimate]:
    """Tonnes not made: unserved energy of a site over its electricity per tonne, shared by the products of one site."""
    energy = _unserved_by_site(run)
    minerals = run.system.minerals
    lost: dict[str, float] = {}
    sites = minerals.site.tolist()
    for position, site in enumerate(sites):
        per_t = float(minerals.electricity_mwh_per_t[position])
        if site and np.isfinite(per_t):
            mineral = str(minerals.mineral[position])
            lost[mineral] = lost.get(mineral, 0.0) + energy.get(site, 0.0) / sites.count(site) / per_t
    for mineral in sorted(lost):
        yield measured("mineral_loss_t", f"mineral:{mineral}", lost[mineral])


def _unserved_by_site(run: Trajectory) -> dict[str, float]:
    """MWh not served of the loads of each site."""
    shortfall, loads = run.tables["shortfall"], run.system.loads
    columns = run.system.buses.name[loads.bus].tolist(), loads.name.tolist(), loads.site.tolist()
    site_of = {f"{bus}/{load}": site for bus, load, site in zip(*columns, strict=True)}
    energy: dict[str, float] = {}
    for name, energy_mwh in sum_by(shortfall["name"], shortfall["unserved_mw"] * shortfall["duration_h"]).items():
        site = site_of.get(name, "")
        energy[site] = energy.get(site, 0.0) + energy_mwh
    return energy


SUBJECT = Subject(_measures, frozenset({"shortfall"}))
