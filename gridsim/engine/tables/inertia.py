"""Table ``inertia``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.model.pack import Packed
from gridsim.model.table import sum_rows_at
from gridsim.solvers.area_machines import LOAD_INERTIA_S, stated_machines


class Inertia(ResultTable):
    """Inertia and governors' headroom of every zone, as the first minutes see them; neighbours are not in it."""

    columns = interval_columns(
        ("name", "str", "zone"),
        ("inertia_gws", "f8", "kinetic energy of synchronised machines and of load"),
        ("headroom_mw", "f8", "what governors that take part may add in the first minutes"),
        ("governor_mw_per_hz", "f8", "MW that governors add per Hz below their dead band"),
    )

    def __init__(self, packed: Packed):
        super().__init__(packed)
        self._machines = stated_machines(self.system)

    def rows(self, batch: Batch) -> Rows:
        """One row per interval and zone."""
        system, machines = self.system, self._machines
        zone, n = system.buses.zone, len(system.zones)
        of_gen, of_load = zone[system.generators.bus], zone[system.loads.bus]
        runs = batch.dispatch("committed") & (batch.dispatch("available_mw") > 0) & (machines.mva > 0)
        output_mw = np.where(runs, batch.dispatch("p_gen_mw"), 0.0)
        load_mw = batch.dispatch("load_mw") - batch.dispatch("unserved_mw") - batch.dispatch("response_mw")
        load_mw = load_mw * (1.0 + batch.dispatch("loss_share")[:, None])
        gws = sum_rows_at(of_gen + 1, runs * machines.energy_mws / 1e3, n + 1)
        gws = gws + sum_rows_at(of_load + 1, load_mw * LOAD_INERTIA_S / 1e3, n + 1)
        return batch.by_name(
            np.array(system.zones),
            inertia_gws=gws[:, 1:],
            headroom_mw=sum_rows_at(of_gen + 1, np.where(runs, machines.room_mw(output_mw), 0.0), n + 1)[:, 1:],
            governor_mw_per_hz=sum_rows_at(of_gen + 1, runs * machines.gain_mw_per_hz, n + 1)[:, 1:],
        )


TABLE = Inertia
