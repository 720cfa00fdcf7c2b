"""Capacity credit by sampling: both sides of the comparison on the same draws, with an error of the credit itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.shortfall import ENERGY, EVENTS, HOURS
from gridsim.reliability.additions import with_load, with_perfect
from gridsim.reliability.credit_conditional import Mixture, mixture_of
from gridsim.reliability.credit_search import NoRootError, TooFewYearsError
from gridsim.reliability.credit_years import CreditYears, in_all_years
from gridsim.reliability.methods import Level, SequentialMonteCarlo
from gridsim.reliability.system import AdequacySystem
from gridsim.reliability.weather_years import WeatherYears
from gridsim.results.adequacy import Z_95

F8 = NDArray[np.float64]
Change = Callable[[AdequacySystem], AdequacySystem]

COLUMNS = {"EUE": ENERGY, "LOLH": HOURS, "LOLEv": EVENTS, "CVaR_95": ENERGY}
TAIL = 0.05
SEARCH_ERROR = 0.02  # of the standard error: where the search ends
END_ERROR = 0.1  # of half the interval: how well its ends are searched
WITHIN = 1e-5  # of the nameplate
WINDOW = 0.03  # of the nameplate, each way: the slope's difference quotient
WIDEST_WINDOW = 0.25  # to which it grows where counts of hours do not tell the slope
SLOPE_ERRORS = 10.0  # standard errors that the slope's difference is to be
WIDEST = 4.0  # nameplates; where load is spread over zones a machine at the right place is worth more than its size
FEWEST_SHORT = 5  # years that are short at the root; fewer tell no tail
ROUNDING = 1e-6  # MWh or hours of a year
NO_SKEWNESS = 1e-6
LEAST_SHARE = 1e-9  # of the aim: what the logarithm takes a metric for that vanishes
PILOT_YEARS = 64  # that say where to look for the root where years are dear
BEYOND = 0.1  # of the nameplate: load kept in reserve beyond the pilot's root


@dataclass(frozen=True)
class SampledValue:
    """A credit, its standard error and 95 % interval, draws of the years for it, and one year's largest share of the
    variance. ``tells_a_tail``: whether enough years are short at the root. ``effective``: samples short there, counted
    as so many of equal weight (Kish 1965).
    """

    mw: float
    stderr_mw: float
    low_mw: float
    high_mw: float
    n_searched: int
    largest_share: float
    tells_a_tail: bool
    effective: float


class Risk(Protocol):
    """A metric by sample for every amount of load or perfect capacity beside a system: years, or tilted snapshots.

    ``n_years``: samples. ``is_dear``: a few tell first where to look. ``of_years``: the first of the samples.
    ``expecting``: so much load will be asked for.
    """

    @property
    def n_years(self) -> int: ...

    @property
    def is_dear(self) -> bool: ...

    def of_years(self, n: int) -> Self: ...

    def expecting(self, load_mw: float) -> Self: ...

    def at(self, load_mw: float = 0.0, perfect_mw: float = 0.0, share_of_bus: F8 | None = None) -> F8: ...


class SampledRisk:
    """A metric of a system, changed, over the same sample years for every amount of load or capacity beside it.

    ``system``: in the weather of the normal year, or one that gives each sample its own. ``at`` is the metric's
    contribution of each sample, (n_years,): of CVaR_95 its influence, which has the same mean. ``names``: machines of
    which the outages are averaged over, not drawn, where that can be. ``reserve_mw``: load to be expected beside it.
    """

    def __init__(
        self,
        system: AdequacySystem | WeatherYears,
        change: Change,
        metric: str,
        method: SequentialMonteCarlo,
        names: Collection[str] = (),
        reserve_mw: float = 0.0,
    ) -> None:
        self._system, self._change, self._names = system, change, names
        self._metric, self._method = metric, method
        normal = system.first if isinstance(system, WeatherYears) else system
        mixture = mixture_of(change(normal), names, metric)
        states = [(1.0, change)]
        hardest = 0
        if mixture is not None:
            states = [(share, partial(_in_state, mixture, out, change)) for share, out in mixture.states]
            hardest = max(range(len(states)), key=lambda state: len(mixture.states[state][1]))
        shares = [share for share, _ in states]
        self._main = shares.index(max(shares))  # known in all years

        def years_of(state: int, harder: CreditYears | None) -> CreditYears:
            is_part = shares[state] < max(shares)
            return CreditYears(system, states[state][1], method, is_part=is_part, reserve_mw=reserve_mw, harder=harder)

        all_out = years_of(hardest, None)
        self._states = [
            (share, all_out if state == hardest else years_of(state, all_out)) for state, share in enumerate(shares)
        ]

    @property
    def n_years(self) -> int:
        """Sample years."""
        return self._method.budget

    @property
    def is_dear(self) -> bool:
        """Whether a year costs so much that a few tell where to look: areas in one weather."""
        return Level(self._method.level) is Level.ZONAL and isinstance(self._system, AdequacySystem)

    def of_years(self, n: int) -> SampledRisk:
        """The first ``n`` of the sample years."""
        return self._again(replace(self._method, years=n), 0.0)

    def expecting(self, load_mw: float) -> SampledRisk:
        """The same with so much load to be expected."""
        return self._again(self._method, load_mw)

    def _again(self, method: SequentialMonteCarlo, reserve_mw: float) -> SampledRisk:
        return SampledRisk(self._system, self._change, self._metric, method, self._names, reserve_mw)

    def at(self, load_mw: float = 0.0, perfect_mw: float = 0.0, share_of_bus: F8 | None = None) -> F8:
        """The contributions with load or perfect capacity beside the system."""

        def beside(system: AdequacySystem) -> AdequacySystem:
            if share_of_bus is not None and perfect_mw > 0.0:
                system = with_perfect(system, perfect_mw, share_of_bus)
            return with_load(system, load_mw) if load_mw > 0.0 else system

        column = COLUMNS[self._metric]
        alone = perfect_mw == 0.0
        of_states = [years.totals(beside, load_mw, with_load_alone=alone)[:, column] for _, years in self._states]
        value = np.zeros(self.n_years)
        for (share, _), of_state in zip(self._states, of_states, strict=True):
            value += share * in_all_years(of_state, of_states[self._main])
        return tail_influence(value) if self._metric == "CVaR_95" else value


def _in_state(mixture: Mixture, out: frozenset[str], change: Change, system: AdequacySystem) -> AdequacySystem:
    return mixture.in_state(change(system), out)


def tail_influence(value: F8) -> F8:
    """(n,) VaR_95 + (x - VaR_95)+ / 0.05: the mean is CVaR_95, and the spread that of its estimate (Rockafellar and
    Uryasev 2000).
    """
    at_risk = np.sort(value)[math.ceil(len(value) * (1.0 - TAIL)) - 1]
    return np.asarray(at_risk + np.maximum(value - at_risk, 0.0) / TAIL)


class SampledSearch:
    """ELCC and EFC of the difference between two systems. ``at_bus_mw``: (n_buses,) nameplate of what differs."""

    def __init__(
        self,
        without: Risk,
        with_addition: Risk,
        at_bus_mw: F8,
        metric: str,
        kinds: Collection[str] = ("elcc", "efc"),
    ) -> None:
        self._metric = metric
        self.nameplate_mw = float(at_bus_mw.sum())
        self._share_of_bus = at_bus_mw / self.nameplate_mw
        self._first_load_mw = self.nameplate_mw
        if "elcc" in kinds and with_addition.is_dear and with_addition.n_years >= 4 * PILOT_YEARS:
            pilot = (without.of_years(PILOT_YEARS), with_addition.of_years(PILOT_YEARS))
            self._first_load_mw = self._load_to_expect(*pilot, at_bus_mw, metric)
            with_addition = with_addition.expecting(self._first_load_mw)
        elif "elcc" in kinds:
            with_addition = with_addition.expecting(self.nameplate_mw)
        self._risk_without, self._risk_with = without, with_addition
        self._without, self._with = without.at(), with_addition.at()
        self.without, self.with_addition = float(self._without.mean()), float(self._with.mean())
        saved = self._without - self._with
        self.saved, self.saved_stderr = float(saved.mean()), standard_error(saved)
        if self.without == 0.0:
            raise StudyError(f"{metric}: 0 without the addition in every sample, which has no credit; give more years")

    @staticmethod
    def _load_to_expect(without: Risk, with_addition: Risk, at_bus_mw: F8, metric: str) -> float:
        """ELCC of a few years and what it may be off by; the nameplate where they do not tell."""
        nameplate_mw = float(at_bus_mw.sum())
        try:
            found = SampledSearch(without, with_addition, at_bus_mw, metric, ("elcc",)).elcc()
        except StudyError:
            return nameplate_mw
        return found.mw + found.stderr_mw + BEYOND * nameplate_mw

    def elcc(self) -> SampledValue:
        """Load that takes back what the addition brings."""
        aim = self.without
        return self._search(
            lambda mw: self._risk_with.at(mw) if mw else self._with,
            -self._without,
            lambda off: math.log(max(1.0 + off / aim, LEAST_SHARE)),
            "ELCC",
            self._first_load_mw,
        )

    def efc(self) -> SampledValue:
        """Perfect capacity at the addition's buses that brings the same: the least that does.

        Where neither it nor capacity of its size reaches a shortage in any sample, none is needed; that more would do
        better in rarer ones no sample denies, so that the interval goes up to its size.
        """
        risk = partial(self._risk_without.at, 0.0, share_of_bus=self._share_of_bus)
        aim = self.with_addition
        if not self._is_felt(self._with) and not self._is_felt(risk(perfect_mw=self.nameplate_mw)):
            return SampledValue(0.0, 0.0, 0.0, self.nameplate_mw, 1, 0.0, tells_a_tail=True, effective=0.0)
        if aim == 0.0:
            raise TooFewYearsError(f"EFC by {self._metric}: 0 with the addition in every sample; give more years")
        return self._search(
            lambda mw: -(risk(perfect_mw=mw) if mw else self._without),
            self._with,
            lambda off: -math.log(max(1.0 - off / aim, LEAST_SHARE)),
            "EFC",
            self.nameplate_mw,
            reach_mw=self.nameplate_mw,
        )

    def _is_felt(self, changed: F8) -> bool:
        return bool((np.abs(self._without - changed) > ROUNDING).any())

    def _search(
        self,
        moving: Callable[[float], F8],
        still: F8,
        in_logarithms: Callable[[float], float],
        name: str,
        first_mw: float,
        reach_mw: float = 0.0,
    ) -> SampledValue:
        """Root of the mean of ``moving`` + ``still``, the side that the credit changes and the other one.

        ``reach_mw``: so much more of the credit ends what is short at the root, where it reaches it; 0 of load.
        """
        known: dict[float, F8] = {}

        def at(mw: float) -> F8:
            if mw not in known:
                known[mw] = moving(mw) + still
            return known[mw]

        root_mw = self._root(at, in_logarithms, first_mw, f"{name} by {self._metric}")
        slope = self._slope(at, still, root_mw)
        if not slope > 0.0:
            raise TooFewYearsError(f"{name} by {self._metric}: the samples do not tell sizes apart; give more years")
        value = at(root_mw)
        off = (value - value.mean()) ** 2
        largest_share = float(off.max() / off.sum()) if off.any() else 0.0
        low_mw, high_mw = self._interval(at, root_mw, slope)
        # counts rise in steps: which of them lie within the error says more than their mean over a wider range
        is_counted = COLUMNS[self._metric] != ENERGY
        stderr_mw = (high_mw - low_mw) / (2.0 * Z_95) if is_counted else standard_error(value) / slope
        # the risk at the root must be seen in some years, else the end of what was drawn is taken for its tail; what
        # perfect capacity does not reach is no sight of it
        short = at(root_mw + reach_mw) - value if reach_mw else value - still
        n_short = int(np.count_nonzero(np.abs(short) > ROUNDING))
        effective = float(np.abs(short).sum() ** 2 / np.square(short).sum()) if n_short else 0.0
        tells_a_tail = value.std() == 0.0 or n_short >= min(FEWEST_SHORT, len(value))
        return SampledValue(root_mw, stderr_mw, low_mw, high_mw, len(known), largest_share, tells_a_tail, effective)

    def _interval(self, at: Callable[[float], F8], root_mw: float, slope: float) -> tuple[float, float]:
        """The credits that the samples do not speak against: where the interval of the mean difference holds 0.

        Energy is nearly straight over the interval, so that the slope says where. Hours and events are counted: their
        steps are as wide as the interval, and its ends are searched.
        """
        least, most = mean_interval(at(root_mw))
        low_mw, high_mw = root_mw - max(most, 0.0) / slope, root_mw + max(-least, 0.0) / slope
        if COLUMNS[self._metric] == ENERGY:
            return low_mw, high_mw
        return (
            self._end(lambda mw: mean_interval(at(mw))[1] < 0.0, root_mw, low_mw),
            self._end(lambda mw: mean_interval(at(mw))[0] > 0.0, root_mw, high_mw),
        )

    def _end(self, is_outside: Callable[[float], bool], root_mw: float, guess_mw: float) -> float:
        """End of the interval on the side of the guess; 0 where it has none before."""
        step_mw = guess_mw - root_mw
        if step_mw == 0.0:
            return root_mw
        inside, outside = root_mw, guess_mw
        while not is_outside(outside):
            inside, outside = outside, max(0.0, outside + 0.5 * (outside - root_mw))
            if inside == 0.0 or abs(outside - root_mw) > WIDEST * self.nameplate_mw:
                return inside
        while abs(outside - inside) > END_ERROR * abs(step_mw):
            middle = 0.5 * (inside + outside)
            inside, outside = (inside, middle) if is_outside(middle) else (middle, outside)
        return outside

    def _slope(self, at: Callable[[float], F8], still: F8, root_mw: float) -> float:
        """Rise by MW at the root, from as far to both sides as it takes to know it.

        Risk is almost exponential in MW, so that its logarithm has the same slope over a wide range as at the root.
        """
        window = WINDOW
        while True:
            low_mw = max(0.0, root_mw - window * self.nameplate_mw)
            high_mw = root_mw + window * self.nameplate_mw
            low, high = at(low_mw), at(high_mw)
            rise = high - low
            if float(rise.mean()) >= SLOPE_ERRORS * standard_error(rise) or window >= WIDEST_WINDOW:
                break
            window = min(2.0 * window, WIDEST_WINDOW)
        aim = abs(float(still.mean()))
        risk_low, risk_high = (abs(float((side - still).mean())) for side in (low, high))
        if min(risk_low, risk_high) <= LEAST_SHARE * aim:
            return float(rise.mean()) / (high_mw - low_mw)
        return aim * abs(math.log(risk_high / risk_low)) / (high_mw - low_mw)

    def _root(
        self, at: Callable[[float], F8], in_logarithms: Callable[[float], float], first_mw: float, what: str
    ) -> float:
        """Bisection at the place where a straight line through both ends is zero (Illinois), and in the middle whenever
        that leaves more than half: risk is almost exponential in MW, so the line is one through logarithms.
        """
        low, high = 0.0, first_mw
        at_low, at_high = float(at(low).mean()), float(at(high).mean())
        for wider in (self.nameplate_mw, WIDEST * self.nameplate_mw):
            if at_high < 0.0 and wider > high:
                low, at_low, high = high, at_high, wider
                at_high = float(at(high).mean())
        if at_low > 0.0 or at_high < 0.0:
            raise NoRootError(what, high, float(at(0.0).mean()), at_high)
        weight_low, weight_high = in_logarithms(at_low), in_logarithms(at_high)
        last_side, halve = 0, False
        while high - low > WITHIN * self.nameplate_mw:
            width = high - low
            middle = 0.5 * (low + high)
            if not halve and weight_high > weight_low:
                middle = low - weight_low * width / (weight_high - weight_low)
            middle = min(max(middle, low + 1e-3 * width), high - 1e-3 * width)
            value = at(middle)
            found = float(value.mean())
            if abs(found) <= SEARCH_ERROR * standard_error(value):
                return middle
            if found < 0.0:
                low, weight_low = middle, in_logarithms(found)
                weight_high = weight_high / 2.0 if last_side == -1 else weight_high
                last_side = -1
            else:
                high, weight_high = middle, in_logarithms(found)
                weight_low = weight_low / 2.0 if last_side == 1 else weight_low
                last_side = 1
            halve = high - low > 0.5 * width and not halve
        return 0.5 * (low + high)


def standard_error(value: F8) -> float:
    """Of the mean of independent samples."""
    return float(value.std(ddof=1)) / math.sqrt(len(value)) if len(value) > 1 else math.inf


def mean_interval(value: F8) -> tuple[float, float]:
    """95 % confidence limits of the mean of independent samples, with their skewness (Hall 1992).

    Shortages are rare and large: the studentised mean t of n samples with skewness g is itself skewed, and
    (1 + a t)^3 with a = g / (3 sqrt n) is the monotone function of it that is not, to the order 1/n. Without skewness
    the limits are 1.96 standard errors from the mean.
    """
    mean, spread = float(value.mean()), standard_error(value)
    if not 0.0 < spread < math.inf:
        return (mean, mean) if spread == 0.0 else (-math.inf, math.inf)
    skewness = float(((value - mean) ** 3).mean()) / float(value.std()) ** 3
    a = skewness / (3.0 * math.sqrt(len(value)))

    def at_quantile(z: float) -> float:
        return z if abs(a) < NO_SKEWNESS else (math.cbrt(1.0 + 3.0 * a * (z - 0.5 * a)) - 1.0) / a

    return mean - spread * at_quantile(Z_95), mean - spread * at_quantile(-Z_95)
