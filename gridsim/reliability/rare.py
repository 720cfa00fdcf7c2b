"""Samplers for rare events: tilted snapshots, differences of levels, and the hours around a tilted snapshot.

The terms of a sampler are summed (``results.levels``). Each has sample numbers of its own, and its pilot, from which
coefficients are taken, has others. How far each term is drawn depends on variances and stated costs alone, so that the
same seed gives the same bytes for any number of threads.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.shortfall import N_TOTALS
from gridsim.reliability.methods import Method
from gridsim.reliability.result import AssessmentResult, Stopped
from gridsim.reliability.terms import Pairs, Term
from gridsim.results.levels import Link, Telescope, TermMoments, coefficients, column_of
from gridsim.results.metrics import finite
from gridsim.results.sampler_report import LARGEST_SQUARE, SamplerReport, term_report

F8 = NDArray[np.float64]

SPAN = 2**28  # sample numbers of a term, the last half of them for its pilot
LEAST_PAIRS = 20  # samples of a pilot short in both levels below which it gives no coefficient
LEAST_DIFFERENCES = 50.0  # contributions of a difference below which ``Term.unseen`` samples are asked for
LEAST_EFFECTIVE = 256.0  # contributions before the first look at a sum of tilted samples
SPARE = 1.1  # more than the variances so far ask for: few looks, since each is a chance to stop too early


@dataclass(frozen=True, eq=False)
class Plan:
    """Terms of a sampler, the lowest level first.

    exact : (1, 5) f8, what is exact of the lowest level, NaN elsewhere; None if nothing is. ``terms[0]`` is None where
        all that is watched is exact
    events : whether totals have days and events
    """

    terms: tuple[Term | None, ...]
    exact: F8 | None
    events: bool


@dataclass
class _Sum:
    """The terms with what was drawn of them so far."""

    plan: Plan
    metric: str
    links: list[Link] = field(default_factory=list)
    moments: list[TermMoments] = field(default_factory=list)

    @property
    def telescope(self) -> Telescope:
        return Telescope(self.moments, self.links, self.plan.exact)

    @property
    def top(self) -> Term:
        term = self.plan.terms[-1]
        assert term is not None
        return term

    def spread(self, k: int) -> float:
        """Variance of one sample of term ``k`` in the watched metric of the sum."""
        column = column_of(self.metric)
        if k == 0 and self.plan.exact is not None and not math.isnan(self.plan.exact[0, column]):
            return 0.0
        factor = np.eye(N_TOTALS)[column]
        for link in reversed(self.links[k:]):
            factor = link.coefficient[0] @ factor
        return float(factor @ self.moments[k].covariance @ factor)


def rare_assessment(name: str, n_hours: int, method: Method, plan: Plan, started: float) -> AssessmentResult:
    """Draw the terms of a plan until the method says stop."""
    found = _Sum(plan, method.metric)
    with ThreadPoolExecutor(method.workers) as executor:
        deadline = math.inf if method.max_wall_s is None else started + method.max_wall_s
        _pilots(executor, found, method)
        stopped = _draw(executor, found, method, deadline)
    telescope, top = found.telescope, found.top
    n = found.moments[-1].n
    report = SamplerReport(
        str(method.sampler),
        tuple(
            term_report(term.name, moments, term.pilot, is_difference=k > 0, is_tilted=term.is_tilted)
            for k, (term, moments) in enumerate(zip(plan.terms, found.moments, strict=True))
            if term is not None
        ),
        plan.exact is not None,
        sum(term.dispatches() for term in plan.terms if term is not None),
    )
    return AssessmentResult(
        system=name,
        method=method,
        estimates=finite(telescope.estimates(top.scopes, top.demand_mwh, n_hours, n, events=plan.events)),
        n_samples=n,
        block_size=1024,
        wall_s=time.perf_counter() - started,
        stopped=stopped,
        cov=telescope.cov(method.metric),
        sampler_report=report,
    )


def _pilots(executor: Executor, found: _Sum, method: Method) -> None:
    """Moments without samples, and the coefficients of the differences."""
    column = column_of(method.metric)
    for k, term in enumerate(found.plan.terms):
        if term is None:
            found.moments.append(TermMoments(1, column))
            continue
        found.moments.append(TermMoments(len(term.scopes), column))
        if k == 0:
            continue
        lower_scope = np.array([term.lower_scopes.index(s) if s in term.lower_scopes else 0 for s in term.scopes])
        first = k * SPAN + SPAN // 2
        jobs = list(_jobs(executor, method.workers, term, first, first + term.pilot))
        upper = np.concatenate([job.upper for job in jobs])
        lower = np.concatenate([job.lower for job in jobs if job.lower is not None])
        known = np.array([scope in term.lower_scopes for scope in term.scopes])
        found.links.append(
            Link(
                coefficients(upper, lower[:, lower_scope], known, LEAST_PAIRS, term.controls),
                lower_scope.astype(np.int64),
            )
        )


def _draw(executor: Executor, found: _Sum, method: Method, deadline: float) -> Stopped:
    """Draw every term as far as the method asks."""
    terms = found.plan.terms
    top = len(terms) - 1
    budget = min(method.budget, SPAN // 2)
    target = method.target_cov
    sizes = [0 if term is None else term.first for term in terms]
    sizes[top] = min(sizes[top], budget)
    while True:
        if not _grow(executor, method.workers, found, sizes, deadline):
            return Stopped.TIME_BUDGET
        n = [moments.n for moments in found.moments]
        if target is None:
            if n[top] >= budget:
                return Stopped.ALL_SAMPLES if method.budget <= budget else Stopped.TIME_BUDGET
            # against the clock all terms grow together
            sizes = _in_proportion(found, budget if method.max_wall_s is None else min(budget, 2 * n[top]))
            continue
        doubted = [k for k, term in enumerate(terms) if term is not None and _is_doubted(found, k)]
        if not doubted and found.telescope.cov(method.metric) <= target:
            return Stopped.TARGET
        if n[top] >= budget and (not doubted or doubted == [top]) and _only_top_left(found, target):
            return Stopped.SAMPLE_BUDGET
        sizes = [2 * n[k] if k in doubted else n[k] for k in range(len(n))] if doubted else _towards(found, target)
        sizes[top] = min(sizes[top], budget)
        if sizes == n:
            return Stopped.SAMPLE_BUDGET


def _only_top_left(found: _Sum, target: float) -> bool:
    """Whether drawing more of the lower terms alone could not reach the target."""
    top = len(found.moments) - 1
    value = float(found.telescope.value[0, column_of(found.metric)])
    return found.spread(top) / max(found.moments[top].n, 1) >= (target * value) ** 2 or top == 0


def _is_doubted(found: _Sum, k: int) -> bool:
    """Whether the variance of a term is not to be trusted: one sample carries it, or few carry a sum."""
    carried = found.moments[k].concentration
    term = found.plan.terms[k]
    if term is None:
        return False
    if k > 0:
        few = carried.effective < LEAST_DIFFERENCES and found.moments[k].n < term.unseen
        return few or carried.largest_square_share > LARGEST_SQUARE
    return term.is_tilted and carried.effective < LEAST_EFFECTIVE


def _in_proportion(found: _Sum, budget: int) -> list[int]:
    """The whole budget of the highest term, and as much of the others as cost and variance make worth it."""
    worth = _worth(found)
    if len(worth) == 1 or worth[-1] <= 0.0:
        return [*(m.n for m in found.moments[:-1]), budget]
    sizes = [_rounded(found, k, budget * w / worth[-1]) for k, w in enumerate(worth[:-1])]
    return [*(max(size, m.n) for size, m in zip(sizes, found.moments)), budget]


def _worth(found: _Sum) -> list[float]:
    """Square root of variance over cost of each term; samples are best in this proportion."""
    return [0.0 if term is None else math.sqrt(found.spread(k) / term.cost) for k, term in enumerate(found.plan.terms)]


def _towards(found: _Sum, target: float) -> list[int]:
    """Samples of each term for the target at the least cost, at most twice those so far."""
    n = [moments.n for moments in found.moments]
    column = column_of(found.metric)
    value = float(found.telescope.value[0, column])
    worth = _worth(found)
    if value <= 0.0:
        return [2 * k for k in n]
    spent = sum(w * term.cost for w, term in zip(worth, found.plan.terms) if term is not None)
    asked = [SPARE * w * spent / (target * value) ** 2 for w in worth]
    sizes = [max(n[k], min(2 * n[k], _rounded(found, k, asked[k]))) for k in range(len(n))]
    if sizes == n:
        # variances have moved while the rest was drawn: the term that adds most to the error goes on
        most = max(range(len(n)), key=lambda k: found.spread(k) / max(n[k], 1))
        sizes[most] = _rounded(found, most, 1.25 * n[most])
    return sizes


def _rounded(found: _Sum, k: int, n: float) -> int:
    term = found.plan.terms[k]
    granule = 1 if term is None else term.granule
    return min(granule * math.ceil(n / granule), SPAN // 2)


def _grow(executor: Executor, workers: int, found: _Sum, sizes: list[int], deadline: float) -> bool:
    """Draw every term up to its size; False if time ran out on the way."""
    for k, (term, size) in enumerate(zip(found.plan.terms, sizes, strict=True)):
        moments = found.moments[k]
        if term is None or size <= moments.n:
            continue
        link = found.links[k - 1] if k > 0 else None
        start = moments.n
        for job in _jobs(executor, workers, term, k * SPAN + start, k * SPAN + size, deadline):
            lower = None if link is None or job.lower is None else job.lower[:, link.lower_scope]
            moments.add(job.upper, lower, np.zeros((0, 0, 0)) if link is None else link.coefficient, job.weight)
        if moments.n < size:
            return False
    return True


def _jobs(
    executor: Executor, workers: int, term: Term, first: int, stop: int, deadline: float = math.inf
) -> Iterator[Pairs]:
    """Samples of consecutive jobs in order, until the deadline."""
    pending: deque[Future[Pairs]] = deque()
    try:
        while first < stop or pending:
            while first < stop and len(pending) < 2 * workers:
                n = min(term.job, stop - first)
                pending.append(executor.submit(term.run, first, n))
                first += n
            yield pending.popleft().result()
            if time.perf_counter() > deadline:
                return
    finally:
        for future in pending:
            future.cancel()
