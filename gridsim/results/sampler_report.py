"""Account of a sampler: the number of samples that carry a result, and causes for not trusting its error."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gridsim.results.levels import TermMoments

if TYPE_CHECKING:
    import pandas as pd

LEAST_EFFECTIVE = 100.0
LARGEST_SHARE = 0.05  # of one contribution in a sum
LARGEST_SQUARE = 0.2  # of one squared difference in their sum
RATIO_Z = 3.3


@dataclass(frozen=True)
class TermReport:
    """One term of a sampler: what it samples, how often, and what carries it.

    largest_share, effective : of the watched metric's contributions w x, the largest over their sum, and the effective
        number (sum w x)^2 / sum (w x)^2;  largest_square_share : the largest (w x)^2 over their sum
    mean_ratio, ratio_stderr : mean likelihood ratio, which is 1 but for its error; None where nothing is tilted
    """

    name: str
    n: int
    n_pilot: int
    is_difference: bool
    largest_share: float
    effective: float
    largest_square_share: float
    mean_ratio: float | None = None
    ratio_stderr: float | None = None


@dataclass(frozen=True)
class SamplerReport:
    """The terms of a sampler, the lowest first. ``exact_base``: the lowest level is exact in what is watched."""

    sampler: str
    terms: tuple[TermReport, ...]
    exact_base: bool = False
    dispatches: int = 0

    def doubts(self) -> tuple[str, ...]:
        """Causes for not trusting an error that these samples give; empty if there is none."""
        found: list[str] = []
        for term in self.terms:
            if term.mean_ratio is not None and term.ratio_stderr is not None:
                gap = abs(term.mean_ratio - 1.0)
                if gap > RATIO_Z * term.ratio_stderr:
                    found.append(
                        f"{term.name}: the mean likelihood ratio is {term.mean_ratio:.3g}, more than {RATIO_Z} "
                        "standard errors from 1: the tilt misses states"
                    )
            if term.is_difference:
                if term.largest_square_share > LARGEST_SQUARE:
                    found.append(
                        f"{term.name}: one squared difference is {100 * term.largest_square_share:.0f} % of their sum: "
                        "the variance rests on it; draw more samples"
                    )
                continue
            if term.mean_ratio is None or term.effective <= 0.0:
                continue
            if term.effective < LEAST_EFFECTIVE:
                found.append(
                    f"{term.name}: {term.effective:.0f} effective contributions are fewer than {LEAST_EFFECTIVE:.0f}: "
                    "draw more samples"
                )
            if term.largest_share > LARGEST_SHARE:
                found.append(
                    f"{term.name}: one contribution is {100 * term.largest_share:.0f} % of the sum: draw more samples"
                )
        return tuple(found)

    def lines(self) -> list[str]:
        """The report in words, a line a term, doubts last."""
        told = []
        for term in self.terms:
            parts = [f"{term.name}: {term.n:,} samples"]
            if term.n_pilot:
                parts.append(f"a pilot of {term.n_pilot:,} more")
            if term.effective > 0.0:
                parts.append(
                    f"{term.effective:,.0f} effective contributions, the largest {100 * term.largest_share:.2g} % of "
                    "their sum"
                )
            if term.mean_ratio is not None and term.ratio_stderr is not None:
                parts.append(f"mean likelihood ratio {term.mean_ratio:.3f} +- {term.ratio_stderr:.3f}")
            told.append(", ".join(parts))
        base = ["the level below is exact"] if self.exact_base else []
        return [f"sampler {self.sampler}", *base, *told, *(f"doubtful: {doubt}" for doubt in self.doubts())]

    def frame(self) -> pd.DataFrame:
        """The terms as a table, a row each."""
        import pandas as pd

        return pd.DataFrame([asdict(term) for term in self.terms]).astype(
            {"mean_ratio": "float64", "ratio_stderr": "float64"}
        )

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**asdict(self), "doubts": list(self.doubts())}


def term_report(name: str, moments: TermMoments, n_pilot: int, *, is_difference: bool, is_tilted: bool) -> TermReport:
    """The report of a term's moments."""
    carried = moments.concentration
    return TermReport(
        name=name,
        n=moments.n,
        n_pilot=n_pilot,
        is_difference=is_difference,
        largest_share=carried.largest_share,
        effective=carried.effective,
        largest_square_share=carried.largest_square_share,
        mean_ratio=moments.weights.mean if is_tilted else None,
        ratio_stderr=moments.weights.stderr if is_tilted else None,
    )
