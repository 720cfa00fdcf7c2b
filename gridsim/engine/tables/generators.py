"""Table ``generators``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns


class Generators(ResultTable):
    """Output of every machine and every border."""

    columns = interval_columns(
        ("name", "str", "machine or border"),
        ("plant", "str", "plant; the border's own name"),
        ("fuel", "str", "fuel now burnt; 'import' for a border"),
        ("p_mw", "f8", "output, net of spill"),
        ("available_mw", "f8", "upper bound of the dispatch"),
        ("committed", "bool", "synchronised"),
    )

    def rows(self, batch: Batch) -> Rows:
        """One row per interval and machine or border."""
        system, packed = self.system, self.packed
        generators, borders = system.generators, system.borders
        backup_mw, main_mw = batch.dispatch("p_backup_mw"), batch.dispatch("p_main_mw")
        fuel = np.concatenate([generators.fuel, np.full(len(borders), "import")])
        on_backup = backup_mw > main_mw
        if on_backup.any():
            backup_fuel = np.zeros(len(generators), dtype=system.gas_to_power.backup_fuel.dtype)
            backup_fuel[packed.backup_gen] = system.gas_to_power.backup_fuel[packed.backup_link]
            burnt = np.where(on_backup, backup_fuel, generators.fuel)
            fuel = np.hstack([burnt, np.full((batch.n, len(borders)), "import")])
        return batch.by_name(
            np.concatenate([generators.name, borders.name]),
            plant=np.concatenate([generators.plant, borders.name]),
            fuel=fuel,
            p_mw=np.hstack([main_mw + backup_mw, batch.dispatch("p_border_mw")]),
            available_mw=np.hstack([batch.dispatch("available_mw"), batch.dispatch("border_available_mw")]),
            committed=np.hstack([batch.dispatch("committed"), np.ones((batch.n, len(borders)), dtype=bool)]),
        )


TABLE = Generators
