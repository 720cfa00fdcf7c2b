"""Capacity credit: how much load or perfect capacity an addition to a system is worth, exactly by convolution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError, nearest
from gridsim.kernels.convolution import (
    both_short,
    capacity_mass,
    first_cell_served,
    joint_below,
    lower_tails,
    shortage,
)
from gridsim.model.arguments import number
from gridsim.model.outages import Component, two_state
from gridsim.reliability.exact import better_sampled_because, no_frequencies_because
from gridsim.reliability.fleet import LARGEST_STEP_MW, Rounding, fleet_of, pairs_of
from gridsim.reliability.methods import Level
from gridsim.reliability.samplers import COPPER_TOLERANCE_MW
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]

CREDIT_METRICS = ("EUE", "LOLH", "LOLEv")
ROOT_WITHIN_MW = 1e-9
ROOT_NOISE = 1e-12  # of the metric without the addition: rounding of the arithmetic


@dataclass(frozen=True)
class Addition:
    """Machines of one kind added at the copper plate: ``count`` of ``p_max_mw`` each, out independently with
    ``forced_outage_rate`` for ``mttr_h`` at a time. ``share``: (n_hours,) f8, capacity by hour over ``p_max_mw``.
    """

    name: str
    p_max_mw: float
    forced_outage_rate: float = 0.0
    count: int = 1
    mttr_h: float = 50.0
    share: F8 | None = None

    def __post_init__(self) -> None:
        number("p_max_mw", self.p_max_mw, 0.0, 1e9)
        number("mttr_h", self.mttr_h, 1e-6, 1e9)
        if not 0.0 <= number("forced_outage_rate", self.forced_outage_rate, 0.0, 1.0) < 1.0:
            raise StudyError(f"forced_outage_rate: {self.forced_outage_rate} is not below 1; it is never there")

    @property
    def nameplate_mw(self) -> float:
        return self.count * self.p_max_mw


@dataclass(frozen=True)
class CapacityCredit:
    """Credit of an addition by one metric.

    ``elcc_mw``: constant load that may be added together with it so that the metric is what it was without. ``efc_mw``:
    perfect capacity that does to the metric what the addition does. The two differ: always say which. Counts of hours
    and events change in steps: every credit in the range does equally well, and the middle of it is given.
    ``without``, ``with_addition``: the metric. ``step_mw``: the grid of capacities, which holds them all.
    """

    metric: str
    nameplate_mw: float
    without: float
    with_addition: float
    elcc_range_mw: tuple[float, float]
    efc_range_mw: tuple[float, float]
    step_mw: float

    @property
    def elcc_mw(self) -> float:
        return sum(self.elcc_range_mw) / 2.0

    @property
    def efc_mw(self) -> float:
        return sum(self.efc_range_mw) / 2.0

    @property
    def elcc_percent(self) -> float:
        return 100.0 * self.elcc_mw / self.nameplate_mw

    @property
    def efc_percent(self) -> float:
        return 100.0 * self.efc_mw / self.nameplate_mw


def capacity_credit(
    system: AdequacySystem, additions: Addition | Sequence[Addition], metric: str = "EUE"
) -> CapacityCredit:
    """ELCC and EFC of an addition at copper level; StudyError with the cause where the system is not exact.

    Bisection on exact values, to 1e-9 MW, between nothing and the nameplate.
    """
    if metric not in CREDIT_METRICS:
        raise StudyError(f"metric: no credit by '{metric}'; {nearest(metric, CREDIT_METRICS)}")
    chosen = [additions] if isinstance(additions, Addition) else list(additions)
    nameplate_mw = sum(addition.nameplate_mw for addition in chosen)
    if not nameplate_mw > 0.0:
        raise StudyError("additions: nothing is added; give p_max_mw > 0")
    risk_without = RiskCurve(system, metric, 0.0)
    risk_with = RiskCurve(with_additions(system, chosen), metric, nameplate_mw)
    without, with_addition = risk_without.at(0.0), risk_with.at(0.0)
    if without == 0.0:
        raise StudyError(f"{metric}: 0 without the addition, which then has no credit; raise the load")
    noise = ROOT_NOISE * without
    return CapacityCredit(
        metric=metric,
        nameplate_mw=nameplate_mw,
        without=without,
        with_addition=with_addition,
        elcc_range_mw=_root(lambda mw: risk_with.at(mw) - without, nameplate_mw, noise, f"ELCC by {metric}"),
        efc_range_mw=_root(lambda mw: with_addition - risk_without.at(-mw), nameplate_mw, noise, f"EFC by {metric}"),
        step_mw=risk_with.step_mw,
    )


def with_additions(system: AdequacySystem, additions: Sequence[Addition]) -> AdequacySystem:
    """The system with more machines, at its first bus: the copper plate has no places."""
    names: list[str] = []
    components: list[Component] = []
    sizes: list[float] = []
    profiles: list[F8 | None] = []
    for addition in additions:
        out = addition.forced_outage_rate
        mttf_h = addition.mttr_h * (1.0 - out) / out if out > 0.0 else np.inf
        profile = None
        if addition.share is not None:
            profile = addition.p_max_mw * np.asarray(addition.share, dtype=np.float64)
            if profile.shape != (system.n_hours,):
                raise StudyError(f"{addition.name}: share has {profile.size} hours, the system {system.n_hours}")
        for k in range(addition.count):
            name = addition.name if addition.count == 1 else f"{addition.name}_{k + 1}"
            if name in system.unit_name or name in names:
                raise StudyError(f"{name}: the system has a machine of that name; give another one")
            names.append(name)
            components.append(two_state("generator", name, mttf_h, addition.mttr_h))
            sizes.append(addition.p_max_mw)
            profiles.append(profile)
    return replace(
        system,
        unit_name=(*system.unit_name, *names),
        unit_bus=np.append(system.unit_bus, np.zeros(len(names), dtype=np.int32)),
        unit_mw=np.append(system.unit_mw, sizes),
        unit_profile=(*system.unit_profile, *profiles),
        unit_component=(*system.unit_component, *components),
        detail=None,
    )


class RiskCurve:
    """A metric of a system at copper level as a function of load added in every hour, convolved once.

    ``most_mw``: most load that will be asked about. ``step_mw``: the grid of capacities.
    """

    def __init__(self, system: AdequacySystem, metric: str, most_mw: float) -> None:
        cause = better_sampled_because(system, Level.COPPER)
        if cause is not None:
            raise StudyError(f"credit: exact is not for {cause}")
        fleet = fleet_of(system, range(len(system.unit_name)))
        self.step_mw = fleet.step_mw() or LARGEST_STEP_MW
        self._metric = metric
        self._demand_mw = np.asarray(system.load_mw.sum(axis=1)) - fleet.sure_mw
        n_cells = self._short_cells(float(self._demand_mw.max()) + most_mw)
        states = fleet.states(self.step_mw, Rounding.DOWN)
        self._below, self._area = lower_tails(capacity_mass(states.start, states.cell, states.probability, n_cells))
        # hours that share the values of all machines that vary, and what those have in them
        self._parts: list[tuple[NDArray[np.int64], F8]] = []
        for key in range(len(fleet.key_hour)):
            more = fleet.varying_states(key, self.step_mw, Rounding.DOWN)
            mass = capacity_mass(more.start, more.cell, more.probability, min(more.n_cells, max(n_cells, 1)))
            self._parts.append((np.flatnonzero(fleet.hour_key == key), mass))
        self._joint: F8 | None = None
        if metric == "LOLEv":
            cause = no_frequencies_because(fleet, self._demand_mw + most_mw, self.step_mw, on_grid=True)
            if cause is not None:
                raise StudyError(f"credit: no exact LOLEv, because {cause}; use EUE or LOLH")
            pair_start, pair, _ = pairs_of(fleet)
            self._joint = joint_below(states.start, states.cell, pair_start, pair, n_cells)

    def at(self, load_mw: float) -> float:
        """The metric with so many MW of load more (less, if below zero) in every hour."""
        demand_mw = self._demand_mw + load_mw
        lolp, epns = np.zeros(len(demand_mw)), np.zeros(len(demand_mw))
        for hours, mass in self._parts:
            part = np.zeros((2, len(hours)))
            shortage(
                demand_mw[hours],
                self.step_mw,
                COPPER_TOLERANCE_MW,
                self._below,
                self._area,
                varying=mass,
                lolp_out=part[0],
                epns_out=part[1],
            )
            lolp[hours], epns[hours] = part
        if self._joint is None:
            return float(epns.sum() if self._metric == "EUE" else lolp.sum())
        both = np.zeros(len(demand_mw))
        both_short(self._joint, demand_mw, self.step_mw, COPPER_TOLERANCE_MW, both)
        return float((lolp - both).sum())

    def _short_cells(self, demand_mw: float) -> int:
        return int(first_cell_served(demand_mw, self.step_mw, COPPER_TOLERANCE_MW))


def _root(function: Callable[[float], float], most_mw: float, noise: float, what: str) -> tuple[float, float]:
    """First and last zero, to rounding ``noise``, between 0 and ``most_mw`` of a function that does not fall;
    StudyError with both ends if there is none.
    """
    at_low, at_high = function(0.0), function(most_mw)
    if at_low > noise or at_high < -noise:
        raise StudyError(
            f"{what}: no root between 0 and {most_mw:g} MW, where the metric misses its aim by {at_low:.6g} and "
            f"{at_high:.6g}"
        )
    ends = []
    for is_past in (lambda value: value >= -noise, lambda value: value > noise):
        low, high = 0.0, most_mw
        if is_past(at_low) or not is_past(at_high):
            low = high = 0.0 if is_past(at_low) else most_mw
        while high - low > ROOT_WITHIN_MW:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if is_past(function(middle)) else (middle, high)
        ends.append(0.5 * (low + high))
    return ends[0], ends[1]
