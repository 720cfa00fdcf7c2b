"""Samplers for rare events: samples, dispatches and seconds to an error, and variance against crude sampling.

``python -m benchmarks.bench_samplers`` measures the table of docs/samplers.md in some ten minutes, CPU seconds of one
thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.common import best_of, network, not_in_smoke, sized
from gridsim.reliability import (
    AdequacySystem,
    AssessmentResult,
    SequentialMonteCarlo,
    SnapshotMonteCarlo,
    assess,
    system_from_grid,
)
from gridsim.report.text_table import TextTable
from tests.support.reliability_cases import rts79, rts96

#: Variance of one crude snapshot's EPNS on RTS-79 at copper level, by convolution: 17.1 million of them for 1 %.
CRUDE_VARIANCE_MW2 = 31.056381623065324


def _variance_times_samples(result: AssessmentResult, n: int) -> float:
    stderr = result["EPNS"].stderr
    assert stderr is not None
    return stderr**2 * n


class CopperCrossEntropy:
    """EPNS of RTS-79 and of RTS-96 without ties to 1 %."""

    params = ("rts79", "rts96")
    param_names = ("system",)
    timeout = 120

    def setup(self, name: str) -> None:
        self.system = rts79() if name == "rts79" else rts96(tied=False)
        self.method = SnapshotMonteCarlo(target_cov=sized(0.01, 0.1), sampler="cross_entropy")
        assess(self.system, self.method)

    def track_samples(self, name: str) -> int:
        return assess(self.system, self.method).n_samples

    def track_s(self, name: str) -> float:
        return best_of(3, lambda: assess(self.system, self.method))

    def track_variance_below_crude(self, name: str) -> float:
        """Crude variance times samples over that of tilted ones, stated for RTS-79 alone."""
        if name != "rts79":
            return 0.0
        result = assess(self.system, self.method)
        return CRUDE_VARIANCE_MW2 / _variance_times_samples(result, result.n_samples)


class NodalMultilevel:
    """EPNS of RTS-79 at its buses over the year, the exact copper plate as control."""

    params = sized((0.01, 0.001), (0.1,))
    param_names = ("cov",)
    timeout = 300

    def setup(self, cov: float) -> None:
        self.system: AdequacySystem = system_from_grid(network("rts79"), "contract")
        self.method = SnapshotMonteCarlo(target_cov=cov, level="nodal", sampler="multilevel")
        assess(self.system, self.method)

    def track_s(self, cov: float) -> float:
        return best_of(3, lambda: assess(self.system, self.method))

    def track_dispatches(self, cov: float) -> int:
        report = assess(self.system, self.method).sampler_report
        assert report is not None
        return report.dispatches

    def track_variance_below_crude(self, cov: float) -> float:
        """Crude variance times samples over variance times dispatches, pilot included."""
        n = sized(1_000_000, 8192)
        crude = assess(self.system, SnapshotMonteCarlo(n, level="nodal"))
        result = assess(self.system, self.method)
        assert result.sampler_report is not None
        dispatches = result.sampler_report.dispatches
        return _variance_times_samples(crude, n) / _variance_times_samples(result, dispatches)


class ThreeAreas:
    """EUE of the three areas of RTS-96 with their ties to 1 %."""

    timeout = 120

    def setup(self) -> None:
        self.system = rts96(tied=True)
        self.method = SnapshotMonteCarlo(target_cov=sized(0.01, 0.1), level="zonal", sampler="multilevel")
        assess(self.system, self.method)

    def track_s(self) -> float:
        return best_of(3, lambda: assess(self.system, self.method))


class KazakhstanYears:
    """EUE of Kazakhstan at its buses to 1 %, normal weather, imports contract: CPU against crude years of one run."""

    timeout = 1800

    def setup(self) -> None:
        not_in_smoke()
        self.system: AdequacySystem = system_from_grid(network("kazakhstan"), "contract")
        for sampler in ("crude", "multilevel"):
            assess(self.system, SequentialMonteCarlo(years=8, level="nodal", sampler=sampler))

    def track_cpu_below_crude(self) -> float:
        began = time.process_time()
        levels = assess(self.system, SequentialMonteCarlo(target_cov=0.01, level="nodal", sampler="multilevel"))
        between = time.process_time()
        crude = assess(self.system, SequentialMonteCarlo(years=256, level="nodal"))
        cpu_s = time.process_time() - between
        # at equal error: CPU grows with 1 / cov^2
        return cpu_s * (crude.cov / levels.cov) ** 2 / (between - began)


def _cpu_s(system: AdequacySystem, method: SnapshotMonteCarlo) -> tuple[AssessmentResult, float]:
    """The result and the CPU seconds of the fastest of three."""
    seconds = []
    for _ in range(3):
        began = time.process_time()
        result = assess(system, method)
        seconds.append(time.process_time() - began)
    return result, min(seconds)


def rows() -> Iterator[tuple[str, str, str]]:
    """Work, measured, bar: pilots included, everything compiled before."""
    copper = CopperCrossEntropy()
    copper.setup("rts79")
    yield (
        "RTS-79 copper EPNS, variance x samples below crude",
        f"{copper.track_variance_below_crude('rts79'):,.0f}",
        "1,000",
    )
    for cov, bar_s in ((0.01, "0.1 s"), (0.001, "2 s")):
        nodal = NodalMultilevel()
        nodal.setup(cov)
        result, cpu_s = _cpu_s(nodal.system, nodal.method)
        assert result.sampler_report is not None
        dispatches = result.sampler_report.dispatches
        yield f"RTS-79 nodal EPNS to {cov:.1%}", f"{dispatches:,} dispatches, {cpu_s:.2f} s", bar_s
        yield "- variance x dispatches below crude", f"{nodal.track_variance_below_crude(cov):,.0f}", "5,000"
    copper.setup("rts96")
    result, cpu_s = _cpu_s(copper.system, copper.method)
    yield "RTS-96 copper EPNS to 1 %", f"{result.n_samples:,} samples, {cpu_s:.2f} s", "50,000 samples, 0.2 s"
    areas = ThreeAreas()
    areas.setup()
    yield "RTS-96, three areas and five ties, EUE to 1 %", f"{_cpu_s(areas.system, areas.method)[1]:.2f} s", "5 s"
    years = KazakhstanYears()
    years.setup()
    yield "Kazakhstan nodal EUE to 1 %, CPU below crude years", f"{years.track_cpu_below_crude():.1f}", "4"


if __name__ == "__main__":
    table = TextTable(("work", "measured", "bar"), tuple(rows()), left=frozenset(("measured", "bar")))
    print(table.markdown(), end="")
