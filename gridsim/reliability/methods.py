"""Methods: frozen values handed to ``assess``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gridsim.errors import StudyError, nearest
from gridsim.model.arguments import MOST_WORKERS, number, seed_of, whole_number


class Level(StrEnum):
    """Detail of the network: none, areas with interfaces, or the dispatch problem at every bus."""

    COPPER = "copper"
    ZONAL = "zonal"
    NODAL = "nodal"


class Sampler(StrEnum):
    """Way in which states are drawn.

    ``CRUDE`` as they come; ``CROSS_ENTROPY`` tilted towards shortfalls; ``MULTILEVEL`` by differences from a cheaper
    level; ``QUASI_SEQUENTIAL`` tilted snapshots with the hours around each shortfall; ``AUTO`` the one that fits.
    """

    AUTO = "auto"
    CRUDE = "crude"
    CROSS_ENTROPY = "cross_entropy"
    MULTILEVEL = "multilevel"
    QUASI_SEQUENTIAL = "quasi_sequential"


#: Samplers that a method goes with; exact draws nothing.
ALLOWED_SAMPLERS: dict[str, tuple[Sampler, ...]] = {
    "sequential": (Sampler.CRUDE, Sampler.MULTILEVEL, Sampler.QUASI_SEQUENTIAL),
    "snapshot": (Sampler.CRUDE, Sampler.CROSS_ENTROPY, Sampler.MULTILEVEL),
    "exact": (),
}
STOP_METRICS = ("EUE", "LOLH", "LOLD", "LOLEv")
LARGEST_COUNT = 2**32 - 1  # each sample has a 32-bit number
DEFAULT_BUDGET = 10_000_000
DEFAULT_COV = 0.02
DEFAULT_YEARS = {Level.COPPER: 200_000, Level.ZONAL: 10_000, Level.NODAL: 500}  # at most, where only a target is known


@dataclass(frozen=True)
class SequentialMonteCarlo:
    """Chronological sample years.

    Machines are continuous-time chains seen at the hours, so LOLEv (LOLF) counts runs of short hours: 1.913 a year on
    RTS-79, where 2.020 would count every entry into a shortage however brief and 1.915 an hourly chain with p = 1/MTTF.

    years
        Sample years, or the largest number of them when ``target_cov`` is given.
    target_cov
        Stop once stderr / estimate of ``metric`` is at most this (looked at after 1, 2, 4, 8 ... blocks).
    max_wall_s
        Stop after this wall time with what there is (then the number of years depends on the machine).
    workers
        Threads; results do not depend on them.
    skip
        Skip hours on certificates; off only to check that nothing changes.
    job_blocks
        Blocks per job; results do not depend on it.
    sampler
        A :class:`Sampler`: crude, multilevel (``years`` of the highest level), or quasi_sequential (``years`` are then
        tilted snapshots). Only crude years give VaR, CVaR and tables of events.
    """

    years: int | None = None
    seed: int = 1
    level: Level | str = Level.COPPER
    sampler: Sampler | str = Sampler.CRUDE
    target_cov: float | None = None
    metric: str = "EUE"
    max_wall_s: float | None = None
    workers: int = 1
    skip: bool = True
    job_blocks: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", _choice(Level, self.level, "level"))
        object.__setattr__(self, "sampler", sampler_of("sequential", self.sampler))
        object.__setattr__(self, "years", _budget(self.years, "years", self.target_cov, self.max_wall_s))
        _check_common(self)

    @property
    def budget(self) -> int:
        """Largest number of samples."""
        return DEFAULT_BUDGET if self.years is None else self.years


@dataclass(frozen=True)
class SnapshotMonteCarlo:
    """Independent states of random hours: no chronology, so no days, events or stores. Arguments as for the
    sequential method.
    """

    samples: int | None = None
    seed: int = 1
    level: Level | str = Level.COPPER
    sampler: Sampler | str = Sampler.CRUDE
    target_cov: float | None = None
    metric: str = "EUE"
    max_wall_s: float | None = None
    workers: int = 1
    job_blocks: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", _choice(Level, self.level, "level"))
        object.__setattr__(self, "sampler", sampler_of("snapshot", self.sampler))
        object.__setattr__(self, "samples", _budget(self.samples, "samples", self.target_cov, self.max_wall_s))
        _check_common(self)
        if self.metric not in ("EUE", "LOLH"):
            raise StudyError(f"metric: snapshots have no {self.metric}; use EUE or LOLH")

    @property
    def budget(self) -> int:
        """Largest number of samples."""
        return 100 * DEFAULT_BUDGET if self.samples is None else self.samples


@dataclass(frozen=True)
class Exact:
    """Convolution, without sampling: the copper plate without stores, or two areas joined by ties.

    grid_mw
        Step of the grid of capacities, at most 1 MW; by default the largest one up to 1 MW that holds them all, else
        1 MW. Capacities between two cells are rounded both ways, which bounds every number.
    """

    level: Level | str = Level.COPPER
    grid_mw: float | None = None
    sampler: None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", _choice(Level, self.level, "level"))
        if self.sampler is not None:
            sampler_of("exact", self.sampler)
        if self.grid_mw is not None and not number("grid_mw", self.grid_mw, 0.0, 1.0) > 0.0:
            raise StudyError(f"grid_mw: {self.grid_mw} is not > 0; give at most 1 MW")

    @property
    def seed(self) -> int:
        """Nothing is drawn."""
        return 0

    @property
    def target_cov(self) -> None:
        """There is no error to aim at."""
        return None

    @property
    def metric(self) -> str:
        return "EUE"


@dataclass(frozen=True)
class Auto:
    """Exact values for what convolution gives within 1e-6, sequential sampling for the rest of the same table.

    years
        Most sample years; by default 200,000 at level copper, 10,000 zonal, 500 nodal.
    target_cov, metric, seed, level, workers
        As of :class:`SequentialMonteCarlo`; they say how long the rest is sampled.
    """

    years: int | None = None
    seed: int = 1
    level: Level | str = Level.COPPER
    target_cov: float | None = DEFAULT_COV
    metric: str = "EUE"
    workers: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", _choice(Level, self.level, "level"))
        object.__setattr__(self, "seed", self.sampling.seed)

    @property
    def sampling(self) -> SequentialMonteCarlo:
        """Sampling of what is not exact."""
        return SequentialMonteCarlo(
            years=DEFAULT_YEARS[Level(self.level)] if self.years is None else self.years,
            seed=self.seed,
            level=self.level,
            target_cov=self.target_cov,
            metric=self.metric,
            workers=self.workers,
        )


Method = SequentialMonteCarlo | SnapshotMonteCarlo
AnyMethod = Method | Exact | Auto


def sampler_of(method: str, sampler: str) -> Sampler:
    """The sampler, if it goes with the method; StudyError naming the pairs that go together."""
    allowed = ALLOWED_SAMPLERS[method]
    if sampler not in allowed and not (allowed and sampler == Sampler.AUTO):
        pairs = "; ".join(f"{name} with {', '.join(of) or 'none'}" for name, of in ALLOWED_SAMPLERS.items())
        raise StudyError(f"sampler: {method} does not go with '{sampler}'; {pairs}")
    return Sampler(sampler)


def _choice(kind: type[StrEnum], value: str, what: str) -> StrEnum:
    try:
        return kind(value)
    except ValueError:
        raise StudyError(f"{what}: no '{value}'; {nearest(str(value), [str(member) for member in kind])}") from None


def _budget(n: int | None, what: str, target_cov: float | None, max_wall_s: float | None) -> int | None:
    if n is None and target_cov is None and max_wall_s is None:
        raise StudyError(f"{what}: not given; give a number of {what} or a target_cov")
    if target_cov is not None and not number("target_cov", target_cov, 0.0, 1e9) > 0.0:
        raise StudyError(f"target_cov: {target_cov} is not > 0; give stderr / estimate, for instance 0.05")
    if max_wall_s is not None and not number("max_wall_s", max_wall_s, 0.0, 1e9) > 0.0:
        raise StudyError(f"max_wall_s: {max_wall_s} is not > 0; give seconds")
    return None if n is None else whole_number(what, n, 1, LARGEST_COUNT)


def _check_common(method: SequentialMonteCarlo | SnapshotMonteCarlo) -> None:
    object.__setattr__(method, "seed", seed_of(method.seed))
    object.__setattr__(method, "workers", whole_number("workers", method.workers, 1, MOST_WORKERS))
    if method.metric not in STOP_METRICS:
        raise StudyError(f"metric: cannot stop on '{method.metric}'; {nearest(str(method.metric), STOP_METRICS)}")
    if method.job_blocks is not None:
        object.__setattr__(method, "job_blocks", whole_number("job_blocks", method.job_blocks, 1, LARGEST_COUNT))
