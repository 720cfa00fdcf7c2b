"""Circuits of a section that count as out, and the limit that follows from them in dispatch and sampler."""

from __future__ import annotations

import numpy as np
import pytest

from gridsim.io.read_network import system_from_tables
from gridsim.kernels.nodal_case import row_limits
from gridsim.kernels.section_circuits import carried_by_strongest, strong_circuits
from gridsim.model.pack import pack
from gridsim.reliability import system_from_grid
from gridsim.reliability.areas import areas_of
from gridsim.reliability.nodal import NodalYears

STRONG, WEAK = 4.0, 1.0  # of 1 / x


@pytest.mark.parametrize(
    ("lost", "counted"),
    [((), 0), ((WEAK,), 1), ((WEAK, WEAK), 1), ((STRONG,), 1), ((STRONG, WEAK), 2), ((STRONG, STRONG), 2),
     ((STRONG, STRONG, WEAK), 3), ((STRONG, STRONG, WEAK, WEAK), 4)],
)  # fmt: skip
def test_weak_circuits_count_as_the_strong_ones_they_carry_as_much_as(lost, counted) -> None:
    """Two of 4 and two of 1: the strongest one, two, three, four carry 4, 8, 9, 10."""
    carried = carried_by_strongest(np.array([WEAK, STRONG, WEAK, STRONG]))
    assert carried.tolist() == [4.0, 8.0, 9.0, 10.0]
    assert strong_circuits(carried, sum(lost)) == counted


def test_circuits_alike_are_counted_as_they_are() -> None:
    weight = 1.0 / np.full(7, 0.3)
    carried = carried_by_strongest(weight)
    assert [strong_circuits(carried, float(weight[:n].sum())) for n in range(8)] == list(range(8))


def two_voltages():
    """Section a - b of two strong and two weak circuits: 100 MW, 80 with one out, 30 with two."""
    line = {"from_bus": "a", "to_bus": "b", "length_km": 1.0, "r_ohm_per_km": 0.0, "max_i_ka": 9.0, "mttf_h": 90.0,
            "mttr_h": 10.0}  # fmt: skip
    names = {"strong_1": 10.0, "strong_2": 10.0, "weak_1": 40.0, "weak_2": 40.0}
    limit = {"interface": "ab", "direction": "forward"}
    tables = {
        "buses": [{"name": "a", "zone": "x", "vn_kv": 100.0}, {"name": "b", "zone": "y", "vn_kv": 100.0}],
        "lines": [{**line, "name": name, "x_ohm_per_km": x_ohm} for name, x_ohm in names.items()],
        "generators": [{"name": "machine", "bus": "a", "fuel": "gas", "installed_mw": 900.0, "p_max_mw": 900.0,
                        "cost_per_mwh": 1.0}],
        "loads": [{"name": "town", "bus": "b", "p_mw": 90.0, "load_class": "homes"}],
        "load_classes": [{"name": "homes", "shed_order": 0, "voll_usd_per_kwh": 1.0}],
        "interfaces": [{"interface": "ab", "line": name} for name in names],
        "interface_limits": [{**limit, "lines_out": n, "normal_mw": mw} for n, mw in enumerate((100.0, 80.0, 30.0))],
    }  # fmt: skip
    return system_from_tables({"name": "two_voltages", "zones": ["x", "y"]}, tables)


@pytest.mark.parametrize(
    ("out", "limit_mw"), [([], 100.0), ([2], 80.0), ([2, 3], 80.0), ([0], 80.0), ([0, 2], 30.0), ([0, 1], 30.0)]
)
def test_limit_of_the_dispatch(out, limit_mw) -> None:
    """Both weak lines out leave the 80 MW of one strong line out."""
    assert pack(two_voltages()).interface_limits(out, 1)[1].tolist() == [limit_mw]


def test_limit_of_the_sampler_is_that_of_the_dispatch() -> None:
    system = two_voltages()
    packed = pack(system)
    case = NodalYears(system_from_grid(system), 1, True).case
    n_branches = len(case.branch_mw)
    for out in ([], [2], [2, 3], [0, 2], [0, 1], [0, 1, 2, 3]):
        low, high = np.zeros(n_branches + 1), np.zeros(n_branches + 1)
        row_limits(case, np.array(out, dtype=np.int32), True, low, high)
        assert high[n_branches] == pytest.approx(packed.interface_limits(out, 1)[1][0])


def test_limits_of_a_tie_leave_the_strongest_circuits() -> None:
    """0 to 4 out, the weakest first, in winter and in summer alike."""
    areas = areas_of(system_from_grid(two_voltages()), merged=False)
    assert areas.forward_mw.tolist() == [[100.0, 80.0, 80.0, 30.0, 0.0]] * 2
