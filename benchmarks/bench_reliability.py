"""Sampler: years and states per second, error reached in a fixed time, memory."""

from __future__ import annotations

import dataclasses
import time

from benchmarks.common import network, not_in_smoke, sized
from gridsim.reliability import (
    AdequacySystem,
    Exact,
    LoadForecast,
    SequentialMonteCarlo,
    SnapshotMonteCarlo,
    assess,
    system_from_grid,
)
from gridsim.reliability.credit import Addition, capacity_credit
from gridsim.reliability.exact import exact_shortfall
from gridsim.reliability.methods import Level


def _system(name: str, imports: str = "contract") -> AdequacySystem:
    return system_from_grid(network(name), imports)


N_YEARS = sized(100_000, 2_000)


class CopperYears:
    """RTS-79 without a network; target 100,000 years/s per core, floor 60,000."""

    timeout = 120

    def setup(self) -> None:
        self.system = _system("rts79")
        assess(self.system, SequentialMonteCarlo(years=256))

    def time_years(self) -> None:
        assess(self.system, SequentialMonteCarlo(years=N_YEARS, seed=1))

    def track_years_per_s(self) -> float:
        return max(assess(self.system, SequentialMonteCarlo(years=N_YEARS, seed=1)).samples_per_s for _ in range(3))

    def track_two_threads_over_one(self) -> float:
        """Speed of two threads over one, best of three each."""
        speed = [
            max(assess(self.system, SequentialMonteCarlo(years=N_YEARS, workers=w)).samples_per_s for _ in range(3))
            for w in (1, 2)
        ]
        return speed[1] / speed[0]

    def track_seconds_to_lolh_within_1_percent(self) -> float:
        started = time.perf_counter()
        assess(self.system, SequentialMonteCarlo(target_cov=sized(0.01, 0.05), metric="LOLH", seed=1))
        return time.perf_counter() - started

    def track_eue_stderr_percent_in_one_second(self) -> float:
        return 100.0 * assess(self.system, SequentialMonteCarlo(max_wall_s=sized(1.0, 0.05), seed=1)).cov


class ExactRts79:
    """Convolution: every metric but the frequencies in 5 ms, those of pairs of hours in 5 s, two areas."""

    timeout = 120

    def setup(self) -> None:
        self.system = _system("rts79")
        assess(self.system, Exact())
        assess(self.system, Exact(level="zonal"))

    def time_all_but_frequencies(self) -> None:
        exact_shortfall(self.system, Level.COPPER, transitions=False).estimates()

    def time_with_frequencies(self) -> None:
        assess(self.system, Exact())

    def time_two_areas(self) -> None:
        assess(self.system, Exact(level="zonal"))


class Credit:
    """ELCC and EFC of a machine on RTS-79 by convolution, both in 100 ms."""

    timeout = 120
    params = ("EUE", "LOLH")
    param_names = ("metric",)

    def setup(self, metric: str) -> None:
        self.system = _system("rts79")
        capacity_credit(self.system, Addition("new", 100.0, 0.04), metric)

    def time_elcc_and_efc(self, metric: str) -> None:
        capacity_credit(self.system, Addition("new", 100.0, 0.04), metric)


class CreditUnderForecast:
    """ELCC and EFC of a machine on RTS-79 where the load forecast is wrong by 4 %, in steps or normal, exact."""

    timeout = 120
    params = ("steps", "normal")
    param_names = ("error",)

    def setup(self, error: str) -> None:
        steps = LoadForecast((-0.05, 0.0, 0.05), (0.3, 0.4, 0.3))
        forecast = steps if error == "steps" else LoadForecast(stdev=0.04)
        self.system = dataclasses.replace(_system("rts79"), load_forecast=forecast)
        capacity_credit(self.system, Addition("new", 100.0, 0.04))

    def time_elcc_and_efc(self, error: str) -> None:
        capacity_credit(self.system, Addition("new", 100.0, 0.04))


class SampledCredit:
    """ELCC and EFC of a machine on RTS-79 from years, with the interval of each; LOLH searches its ends."""

    timeout = 300
    params = ("EUE", "LOLH")
    param_names = ("metric",)

    def setup(self, metric: str) -> None:
        self.system = _system("rts79")
        self.method = SequentialMonteCarlo(years=sized(1000, 50))
        self.addition = Addition("new", 400.0, 0.12)
        capacity_credit(self.system, self.addition, metric, self.method)

    def time_elcc_and_efc(self, metric: str) -> None:
        capacity_credit(self.system, self.addition, metric, self.method)


class CopperSnapshots:
    """Crude snapshots of RTS-79 without network, CPU of one in microseconds."""

    timeout = 120

    def setup(self) -> None:
        self.system = _system("rts79")
        assess(self.system, SnapshotMonteCarlo(4096))

    def track_us_per_snapshot(self) -> float:
        n = sized(4_000_000, 8192)
        began = time.process_time()
        assess(self.system, SnapshotMonteCarlo(n))
        return 1e6 * (time.process_time() - began) / n


class Memory:
    """Peak memory, flat in the number of years (target: 400 MB for a million)."""

    params = (100_000, 1_000_000)
    param_names = ("years",)
    timeout = 120

    def setup(self, years: int) -> None:
        not_in_smoke()
        self.system = _system("rts79")

    def peakmem_years(self, years: int) -> None:
        assess(self.system, SequentialMonteCarlo(years=years, seed=1, workers=2))


class NodalSnapshots:
    """RTS-79 at its buses over the year; target 12 us a state, sampling included."""

    timeout = 300

    def setup(self) -> None:
        self.system = _system("rts79")
        assess(self.system, SnapshotMonteCarlo(samples=4096, level="nodal"))

    def time_8192_states(self) -> None:
        assess(self.system, SnapshotMonteCarlo(samples=8192, level="nodal"))

    def track_us_per_state(self) -> float:
        return 1e6 / max(
            assess(self.system, SnapshotMonteCarlo(samples=sized(200_000, 8_192), level="nodal")).samples_per_s
            for _ in range(3)
        )


class ZonalYears:
    """Chronological years of zones joined by named sections."""

    params = ("rts79", "kazakhstan")
    param_names = ("name",)
    timeout = 300

    def setup(self, name: str) -> None:
        self.system = _system(name)
        assess(self.system, SequentialMonteCarlo(years=1, level="zonal"))

    def track_years_per_s(self, name: str) -> float:
        return assess(self.system, SequentialMonteCarlo(years=sized(2048, 32), level="zonal")).samples_per_s


class NodalYears:
    """Chronological years at every bus."""

    params = sized(("rts79", "kazakhstan"), ("rts79",))
    param_names = ("name",)
    timeout = 600

    def setup(self, name: str) -> None:
        self.system = _system(name)
        assess(self.system, SequentialMonteCarlo(years=1, level="nodal"))

    def track_s_per_year(self, name: str) -> float:
        years = sized(200 if name == "rts79" else 8, 1)
        return 1.0 / assess(self.system, SequentialMonteCarlo(years=years, level="nodal")).samples_per_s
