"""Losses of offsite power of nuclear sites over sample years: the bus of a site without a live path.

Branches, machines and common causes are out in the hours of the nodal sampler's years of the same seed. A site has
offsite power as long as branches in service join it to a machine that is not out, other than wind, sun and its own, or
to a neighbour. What the site's own plant, switchyard and weather do to it is not in the grid's data: that is what
``offsite_losses.csv`` counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gridsim.errors import StudyError
from gridsim.kernels.outage_table import draw_year, new_outage_table
from gridsim.model.arguments import seed_of, whole_number
from gridsim.model.nuclear import standing_sites
from gridsim.model.outages import CommonCause
from gridsim.model.pack_outages import outage_model
from gridsim.model.storms import HOURS_PER_YEAR
from gridsim.model.system import GridSystem
from gridsim.model.table import I4
from gridsim.reliability.system import AdequacySystem
from gridsim.solvers.live_paths import LivePaths

if TYPE_CHECKING:
    import pandas as pd

MOST_YEARS = 1_000_000
UPPER_95 = 3.0  # losses behind none seen, at 95 %: -ln(0.05)
_MANY = 1_000
COLUMNS = (
    "site", "title", "years", "losses", "losses_per_year", "losses_per_year_stderr", "once_in_years", "hours_per_year",
    "mean_h", "longest_h", "backup_h", "beyond_backup_per_year",
)  # fmt: skip


class Loss(NamedTuple):
    """A loss of offsite power: the site by its place in the table of results, sample year, first hour and hours."""

    site: int
    year: int
    first_h: int
    hours: int


class _Outages(NamedTuple):
    """Whole outages of a year in rows: ``branch``, ``unit`` (n,) its position or -1; hours ``first_h`` to ``end_h``."""

    branch: I4
    unit: I4
    first_h: I4
    end_h: I4

    def most_at_once(self) -> int:
        """Largest number of branches out together."""
        here = self.branch >= 0
        n = int(here.sum())
        time = np.concatenate([self.end_h[here], self.first_h[here]])  # ends first: a stable sort keeps them so
        step = np.repeat([-1, 1], n)[np.argsort(time, kind="stable")]
        return int(np.cumsum(step).max(initial=0))

    def units_out(self, hour: int) -> set[int]:
        """Machines that are out in an hour."""
        here = (self.unit >= 0) & (self.first_h <= hour) & (hour < self.end_h)
        return set(self.unit[here].tolist())


def offsite_losses(adequacy: AdequacySystem, system: GridSystem, years: int = 2_000, seed: int = 1) -> pd.DataFrame:
    """Losses of offsite power of the standing nuclear sites of ``system``, a row each.

    ``adequacy`` of :func:`system_from_grid`. Columns: site, title; years drawn; losses in them; losses_per_year with
    its standard error; once_in_years (where none was seen, the least that is credible at 95 %); hours_per_year; mean_h
    and longest_h of a loss; backup_h; beyond_backup_per_year (losses longer than the site's backup).
    """
    import pandas as pd

    years, seed = whole_number("years", years, 1, MOST_YEARS), seed_of(seed)
    sites = standing_sites(system.nuclear)
    if not len(sites):
        raise StudyError(f"{system.name}: no nuclear site stands; nuclear.csv names them")
    found = list(_losses(adequacy, system, sites, years, seed))
    span = years * adequacy.n_hours * adequacy.step_h / HOURS_PER_YEAR
    rows = []
    for place, row in enumerate(sites.tolist()):
        hours = np.array([loss.hours for loss in found if loss.site == place], dtype=np.float64)
        by_year = np.bincount([loss.year for loss in found if loss.site == place], minlength=years)
        backup_h = float(system.nuclear.backup_h[row])
        rows.append(
            {
                "site": str(system.nuclear.name[row]),
                "title": str(system.nuclear.title[row]),
                "years": years,
                "losses": len(hours),
                "losses_per_year": len(hours) / span,
                "losses_per_year_stderr": float(by_year.std(ddof=1)) * math.sqrt(years) / span if years > 1 else np.nan,
                "once_in_years": span / len(hours) if len(hours) else span / UPPER_95,
                "hours_per_year": float(hours.sum()) / span,
                "mean_h": float(hours.mean()) if len(hours) else np.nan,
                "longest_h": float(hours.max(initial=0.0)),
                "backup_h": backup_h,
                "beyond_backup_per_year": float((hours > backup_h).sum()) / span if np.isfinite(backup_h) else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def _losses(adequacy: AdequacySystem, system: GridSystem, sites: I4, years: int, seed: int) -> Iterator[Loss]:
    """Losses of all years in order."""
    grid = _Grid(adequacy, system, sites)
    components = (*adequacy.unit_component, *adequacy.branch_component)
    causes = adequacy.common_causes
    model = outage_model((*components, *(cause.component for cause in causes)), (), adequacy.n_hours)
    table = new_outage_table(model.batch_block.shape[0], 8 * len(components) + 64)
    n_units, n_components = len(adequacy.unit_component), len(components)
    behind = [_branches_behind(adequacy, cause) for cause in causes]
    for year in range(years):
        table, n = draw_year(model, np.uint64(seed), np.uint64(year), adequacy.n_hours, table)
        rows = np.stack([table.component[:n], table.first[:n], table.end[:n]])[:, table.lost[:n] >= 1.0]
        common = rows[0] >= n_components
        hit = [(n_units + branch, first, end) for component, first, end in rows[:, common].T.tolist()
               for branch in behind[component - n_components]]  # fmt: skip
        component, first_h, end_h = np.hstack([rows[:, ~common], np.array(hit, dtype=np.int32).reshape(-1, 3).T])
        of_unit = component < n_units
        outages = _Outages(np.where(of_unit, -1, component - n_units), np.where(of_unit, component, -1), first_h, end_h)
        if outages.most_at_once() >= grid.least:
            yield from grid.losses(year, outages)


def _branches_behind(adequacy: AdequacySystem, cause: CommonCause) -> list[int]:
    place = {name: branch for branch, name in enumerate(adequacy.branch_name)}
    return [place[name] for name, lost in cause.lost_share.items() if lost >= 1.0 and name in place]


class _Grid:
    """The graph of a network, asked whether sites reach a live source."""

    def __init__(self, adequacy: AdequacySystem, system: GridSystem, sites: I4):
        self._n_hours = adequacy.n_hours
        generators = system.generators
        self._site_bus = system.nuclear.bus[sites].tolist()
        self._ways: list[list[tuple[int, int]]] = [[] for _ in range(len(system.buses))]
        ends = zip(system.branch_from.tolist(), system.branch_to.tolist(), strict=True)
        for branch, (here, there) in enumerate(ends):
            if system.branch_in_service[branch]:
                self._ways[here].append((branch, there))
                self._ways[there].append((branch, here))
        self._neighbour = set(system.borders.bus[system.borders.in_service].tolist())
        unit = {name: row for row, name in enumerate(adequacy.unit_name)}
        firm = np.flatnonzero(generators.in_service & ~generators.variable & (generators.p_max_mw > 0.0)).tolist()
        own = system.nuclear.name[sites].tolist()
        self._units: list[dict[int, list[int]]] = [{} for _ in own]
        for gen in firm:
            for site, plant in enumerate(own):
                if generators.plant[gen] != plant:
                    self._units[site].setdefault(int(generators.bus[gen]), []).append(unit[str(generators.name[gen])])
        paths = LivePaths(system, system.nuclear.bus[sites], np.full(len(own), _MANY, dtype=np.int32), np.array(own))
        out = np.flatnonzero(~system.branch_in_service).astype(np.int32)
        self._least = paths.at(np.asarray(generators.in_service), out).paths.tolist()
        self.least = min(self._least)

    def losses(self, year: int, outages: _Outages) -> Iterator[Loss]:
        """Losses of one year; one that begins in an hour ends in the first hour in which a path is back."""
        changes: dict[int, list[tuple[int, int]]] = {0: []}
        here = outages.branch >= 0
        columns = (column[here].tolist() for column in (outages.branch, outages.first_h, outages.end_h))
        for branch, first, end in zip(*columns, strict=True):
            changes.setdefault(first, []).append((branch, 1))
            changes.setdefault(end, []).append((branch, -1))
        times = sorted(changes)
        out: dict[int, int] = {}
        since: dict[int, int] = {}
        for time in times:
            for branch, step in changes[time]:
                out[branch] = out.get(branch, 0) + step
                if not out[branch]:
                    del out[branch]
            for site, least in enumerate(self._least):
                dead = len(out) >= least and time < self._n_hours and not self._alive(site, out, outages, time)
                if dead:
                    since.setdefault(site, time)
                elif site in since:
                    first = since.pop(site)
                    yield Loss(site, year, first, time - first)
        for site, first in since.items():
            yield Loss(site, year, first, self._n_hours - first)

    def _alive(self, site: int, out: dict[int, int], outages: _Outages, hour: int) -> bool:
        """Whether branches in service lead from the bus of a site to a live source."""
        start = self._site_bus[site]
        seen, waiting, units, units_out = {start}, [start], self._units[site], outages.units_out(hour)
        while waiting:
            here = waiting.pop()
            if here in self._neighbour:
                return True
            if any(unit not in units_out for unit in units.get(here, ())):
                return True
            for branch, there in self._ways[here]:
                if branch not in out and there not in seen:
                    seen.add(there)
                    waiting.append(there)
        return False
