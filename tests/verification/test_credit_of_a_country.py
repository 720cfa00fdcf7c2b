"""Credits of the Ulken plant in Kazakhstan, 2035, at copper level against an inversion of characteristic functions.

Without stores the unserved energy of an hour is E[(x - Y)+] of its margin Y and the load x beside it, and over the year
R(x) = (1 / 2 pi i) integral of exp(s x) G(s) / s^2 ds along Re s = c > 0, with G(s) = sum over hours of E[exp(-s Y)], a
product over machines. The trapezoidal rule of step 2 pi / P gives R(x) and what lies P MW away, which exp(-c P) makes
nothing; the product over 300 machines has died away after ninety steps. Nothing is rounded to a grid or drawn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from gridsim.cli.variant import read_system
from gridsim.model.outages import Component, equilibrium
from gridsim.reliability import AdequacySystem, SequentialMonteCarlo, system_from_grid
from gridsim.reliability.additions import nameplate_mw, without_machines
from gridsim.reliability.credit_rows import Comparison, credit_rows
from tests.support.fraction import FRACTION

C128 = NDArray[np.complex128]

DECAY_MW = 170.0  # 1 / c: MW by which the risk falls to a third or so
PERIOD_MW = 30_000.0
STEPS = 90


class Machine(NamedTuple):
    """Outages, different capacities (MW), and which of them an hour has: (n_hours,), or (1,) if always the same."""

    component: Component
    mw: NDArray[np.float64]
    of_hour: NDArray[np.int64]


def machines_of(system: AdequacySystem, units: list[int]) -> list[Machine]:
    """The chosen machines."""
    found = []
    for unit in units:
        profile = system.unit_profile[unit]
        mw, of_hour = np.unique(system.unit_mw[unit] if profile is None else profile, return_inverse=True)
        found.append(Machine(system.unit_component[unit], mw, of_hour.reshape(-1)))
    return found


def log_transforms(n_hours: int, machines: list[Machine], s: complex) -> C128:
    """(n_hours,) log E[exp(-s C)] of the machines' capacity C."""
    total = np.zeros(n_hours, dtype=np.complex128)
    for component, mw, of_hour in machines:
        if not component.fails:
            total -= s * mw[of_hour]
            continue
        assert component.rate_factor is None and component.unavailability is None
        left = [1.0 - state.lost_share for state in component.states]
        mean = sum(p * np.exp(-s * mw * share) for p, share in zip(equilibrium(component), left, strict=True))
        total += np.log(mean)[of_hour]
    return total


class Inversion:
    """Unserved energy of a year, MWh, of a system and of others with more machines, by the load beside them."""

    def __init__(self, base: AdequacySystem, others: list[tuple[AdequacySystem, list[int]]]) -> None:
        step = 2.0 * np.pi / PERIOD_MW
        self._s = 1.0 / DECAY_MW + 1j * step * np.arange(STEPS)
        self._weight = np.where(np.arange(STEPS) == 0, 0.5, 1.0) * step / np.pi
        self._of = np.empty((1 + len(others), STEPS), dtype=np.complex128)
        load_mw = base.load_mw.sum(axis=1)
        n_hours, own = base.n_hours, machines_of(base, list(range(len(base.unit_name))))
        added = [machines_of(system, units) for system, units in others]
        for k, s in enumerate(self._s):
            alone = log_transforms(n_hours, own, s) + s * load_mw
            more = (log_transforms(n_hours, machines, s) for machines in added)
            self._of[:, k] = [np.exp(alone).sum(), *(np.exp(alone + of).sum() for of in more)]

    def eue_mwh(self, which: int, load_mw: float) -> float:
        """Of the base (0) or of one of the others."""
        return float((self._weight * (np.exp(self._s * load_mw) * self._of[which] / self._s**2)).real.sum())


def test_credits_of_ulken() -> None:
    """ELCC and EFC within 3.9 standard errors of the exact ones, at two seeds; in a fraction at one."""
    system = system_from_grid(read_system("kazakhstan", "nuclear_2035"), "likely")
    names = frozenset(name for name in system.unit_name if name.startswith("ulken_npp"))
    base = without_machines(system, names)
    comparison = Comparison(base, system, names, nameplate_mw(system, names, {}))
    plant = [unit for unit, name in enumerate(system.unit_name) if name in names]
    exact = Inversion(base, [(system, plant)])
    without, with_addition = exact.eue_mwh(0, 0.0), exact.eue_mwh(1, 0.0)
    of_kind = {
        "ELCC": brentq(lambda mw: exact.eue_mwh(1, mw) - without, 0.0, comparison.nameplate_mw),
        "EFC": brentq(lambda mw: exact.eue_mwh(0, -mw) - with_addition, 0.0, comparison.nameplate_mw),
    }
    for seed in (1, 2) if FRACTION == 1 else (1,):
        for row in credit_rows(comparison, ("elcc", "efc"), "EUE", SequentialMonteCarlo(years=2, seed=seed)):
            assert row.method == "snapshot" and row.value_mw is not None and row.stderr_mw is not None
            assert abs(row.value_mw - of_kind[row.credit]) <= 3.9 * row.stderr_mw
