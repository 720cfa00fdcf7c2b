"""Table ``nuclear``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.nuclear import standing_sites
from gridsim.model.pack import Packed
from gridsim.solvers.live_paths import LivePaths

_MANY = 1_000  # circuits of a site that states none: all at its bus count


class NuclearSupply(ResultTable):
    """Offsite supply of every nuclear site that stands: its circuits, its live paths, its backup."""

    columns = interval_columns(
        ("name", "str", "site"),
        ("circuits", "i4", "circuits in service at its bus, at most those of the site"),
        ("live_paths", "i4", "ways to running machines that share no branch: so many single losses until it is dead"),
        ("alive", "bool", "at least one live path: offsite power"),
        ("vm_pu", "f8", "voltage of its bus; null without an AC solution or supply"),
        ("on_backup_h", "f8", "hours without offsite power in a row, at the end of the row"),
        ("backup_left_h", "f8", "what is left of backup_h at the end of the row; null where that is not known"),
    )
    every_replicate = True

    def __init__(self, packed: Packed):
        super().__init__(packed)
        sites = self.system.nuclear
        self._sites = standing_sites(sites)
        circuits = sites.offsite_circuits[self._sites]
        most = np.where(circuits >= 0, circuits, _MANY).astype(np.int32)
        self._bus = sites.bus[self._sites]
        self._names, self._backup_h = sites.name[self._sites], sites.backup_h[self._sites]
        self._paths = LivePaths(self.system, self._bus, most, self._names)
        self._lost_h = np.zeros(len(self._names))  # in a row, until now

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval and site that stands."""
        if not len(self._names):
            return None
        circuits = np.zeros((batch.n, len(self._names)), dtype=np.int32)
        paths, lost_h = circuits.copy(), np.zeros((batch.n, len(self._names)))
        for row, interval in enumerate(batch.intervals):
            dispatch = interval.dispatch
            running = dispatch.committed & (dispatch.available_mw > 0)
            circuits[row], paths[row] = self._paths.at(running, dispatch.out_branch)
            self._lost_h = np.where(paths[row] > 0, 0.0, self._lost_h + interval.duration_h)
            lost_h[row] = self._lost_h
        vm_pu = batch.ac(lambda ac, _: ac.vm_pu[self._bus], np.full(len(self._names), np.nan))
        return batch.by_name(
            self._names,
            circuits=circuits,
            live_paths=paths,
            alive=paths > 0,
            vm_pu=vm_pu,
            on_backup_h=lost_h,
            backup_left_h=np.maximum(self._backup_h - lost_h, 0.0),
        )


TABLE = NuclearSupply
