"""Table ``heat``."""

from __future__ import annotations

import numpy as np

from gridsim.engine.result_table import Batch, ResultTable, Rows, interval_columns
from gridsim.kernels.heat import HOMES
from gridsim.model.pack import Packed
from gridsim.solvers.heat import LEAST_MW, HeatNetworks, delivered_share, hours_to_cold

_GROUPS = np.array(["district", "homes"])
_WARM_C = 19.5
_FULL = 0.999
_COLUMNS = (
    ("name", "str", "city of table heat"),
    ("group", "str", "district or homes"),
    ("outdoor_c", "f8", "air temperature"),
    ("asked_mw", "f8", "heat asked for"),
    ("unserved_mw", "f8", "heat not delivered"),
    ("network_share", "f8", "heat in the water of the network, of what it should be; 0 for homes"),
    ("gas_share", "f8", "gas that homes with gas boilers get, of what they ask; 0 for the district"),
    ("indoor_low_c", "f8", "buildings, low time constant"),
    ("indoor_c", "f8", "buildings, middle time constant"),
    ("indoor_high_c", "f8", "buildings, high time constant"),
    ("to_8c_low_h", "f8", "hours until +8 C if all stays as it is, low time constant; null: never"),
    ("to_8c_h", "f8", "the same, middle"),
    ("to_8c_high_h", "f8", "the same, high"),
    ("below_8c_low_k_h", "f8", "kelvin hours below +8 C in the interval, low time constant"),
    ("below_8c_k_h", "f8", "the same, middle"),
    ("below_8c_high_k_h", "f8", "the same, high"),
    ("affected", "f8", "people without normal heat, of the city; in its first row only"),
    ("frozen", "bool", "pipes of the network are frozen"),
    (
        "heaters_mw",
        "f8",
        "electric heaters on, of the city, before feeders limit them; in its first row only",
    ),
)


class Heat(ResultTable):
    """Homes of a city that lack heat or are still cold: on its district network, and with gas boilers of their own."""

    columns = interval_columns(*_COLUMNS)

    def __init__(self, packed: Packed):
        super().__init__(packed)
        self._networks = HeatNetworks(packed.system)

    def rows(self, batch: Batch) -> Rows | None:
        """One row per interval, city and group that lacks heat, has cold buildings or electric heaters on."""
        n_cities = len(self.system.heat)
        if not n_cities:
            return None
        heats = [interval.heat for interval in batch.intervals]
        found = [heat for heat in heats if heat is not None]
        if len(found) < len(heats):
            return None
        asked = np.array([heat.hour.asked_mw for heat in found])
        delivered = np.array([heat.hour.delivered_mw for heat in found])
        share = delivered_share(asked, delivered)
        lack = asked - delivered
        indoor = np.array([heat.state.indoor_c for heat in found])
        supply = np.array([heat.state.supply_share for heat in found])
        heaters = np.array([heat.hour.heaters_mw for heat in found])
        thaw = np.array([heat.state.thaw_h for heat in found])
        shown = (share < _FULL) | (indoor[..., 0] < _WARM_C)
        shown[..., 0] |= (supply < _FULL) | (heaters > 0) | (thaw > 0)
        order = np.argsort(self.system.heat.name, kind="stable")
        row, place, group = np.nonzero(shown[:, order])
        if not len(row):
            return None
        city = order[place]
        outdoor = np.array([heat.hour.outdoor_c for heat in found])[row, city]
        below = np.array([heat.below_8c_k_h for heat in found])[row, city, group]
        inside = indoor[row, city, group]
        to_cold = hours_to_cold(inside, outdoor, share[row, city, group], self._networks.tau_h[city])
        to_cold = np.where(np.isinf(to_cold), np.nan, to_cold)
        affected = self._networks.affected(supply, share[..., HOMES])
        unserved = lack[row, city, group]
        first = np.ones(len(row), dtype=bool)
        first[1:] = (row[1:] != row[:-1]) | (city[1:] != city[:-1])
        return batch.at(
            row,
            name=self.system.heat.name[city],
            group=_GROUPS[group],
            outdoor_c=outdoor,
            asked_mw=asked[row, city, group],
            unserved_mw=np.where(unserved > LEAST_MW, unserved, 0.0),
            network_share=np.where(group == 0, supply[row, city], 0.0),
            gas_share=np.where(group == 0, 0.0, share[row, city, 1]),
            indoor_low_c=inside[:, 0],
            indoor_c=inside[:, 1],
            indoor_high_c=inside[:, 2],
            to_8c_low_h=to_cold[:, 0],
            to_8c_h=to_cold[:, 1],
            to_8c_high_h=to_cold[:, 2],
            below_8c_low_k_h=below[:, 0],
            below_8c_k_h=below[:, 1],
            below_8c_high_k_h=below[:, 2],
            affected=np.where(first, affected[row, city], 0.0),
            frozen=(thaw[row, city] > 0) & (group == 0),
            heaters_mw=np.where(first, heaters[row, city], 0.0),
        )


TABLE = Heat
