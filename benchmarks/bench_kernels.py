"""Kernels one by one: random numbers, outages, flow matrices, the zero-shed certificate, a row of the latent field."""

from __future__ import annotations

import numpy as np

from benchmarks.common import median_us, network
from benchmarks.states import certificate_arguments, certify_many, hourly_states, load
from gridsim.kernels.latent_field import fill_normals
from gridsim.kernels.rng import fill_exponentials
from gridsim.reliability import SequentialMonteCarlo, system_from_grid
from gridsim.reliability.assess import sample_source
from gridsim.solvers.dispatch import DispatchSolver

N_BLOCKS = 10_000


class RandomNumbers:
    """Philox, four numbers a block."""

    def setup(self) -> None:
        streams = np.arange(N_BLOCKS, dtype=np.uint64)
        zeros = np.zeros(N_BLOCKS, dtype=np.uint64)
        self.arguments = (np.uint64(1), np.uint64(0), streams, zeros, zeros, np.empty((4, N_BLOCKS)))
        self.normals = np.empty(4 * N_BLOCKS)
        self.time_40_000_exponentials()
        self.time_40_000_normals()

    def time_40_000_exponentials(self) -> None:
        fill_exponentials(*self.arguments)

    def time_40_000_normals(self) -> None:
        fill_normals(np.uint64(1), np.uint64(0), np.uint64(1), np.uint64(2), self.normals)


class Outages:
    """Copper-plate sample years of RTS-79, packed: draws and the walk over outages, nothing folded."""

    def setup(self) -> None:
        self.source = sample_source(system_from_grid(network("rts79"), "none"), SequentialMonteCarlo(years=1))
        self.time_256_years()

    def time_256_years(self) -> None:
        self.source.run(0, 256)


class Topology:
    """Flow matrix of the Kazakh network with two lines out: what a new outage costs."""

    def setup(self) -> None:
        self.system = load("kazakhstan")
        self.time_two_lines_out()

    def time_two_lines_out(self) -> None:
        DispatchSolver(self.system.case).topology([3, 40])


class Certificate:
    """The zero-shed certificate of one Kazakh hour that it proves (target: 3 us)."""

    def setup(self) -> None:
        system = load("kazakhstan")
        solver = DispatchSolver(system.case)
        for state in hourly_states(system, solver.topology(), 24):  # sections are full in most of them
            self.arguments = certificate_arguments(system, solver, state, all_rows=False)
            if certify_many(1, *self.arguments):
                break
        self.all_rows = certificate_arguments(system, solver, state, all_rows=True)
        assert certify_many(1, *self.arguments) and certify_many(1, *self.all_rows), "no hour is proved"

    def track_us(self) -> float:
        """With the rows that can bind, as the sampler has it."""
        return median_us(lambda _: certify_many(200, *self.arguments), 15) / 200.0

    def time_200(self) -> None:
        certify_many(200, *self.arguments)

    def track_us_all_rows(self) -> float:
        return median_us(lambda _: certify_many(200, *self.all_rows), 15) / 200.0
