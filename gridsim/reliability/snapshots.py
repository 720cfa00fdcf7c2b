"""Snapshots of one level: independent states of random hours, drawn as they are or tilted, and their shortfall."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.availability import SnapshotModel
from gridsim.kernels.shortfall import N_TOTALS, copper_snapshots, copper_states
from gridsim.kernels.snapshots import States, Tilt, chosen, draw_states, draw_tilted, new_states
from gridsim.kernels.zonal import zonal_states
from gridsim.model.outages import Component
from gridsim.model.pack_outages import snapshot_model
from gridsim.reliability.areas import areas_of
from gridsim.reliability.pack import of_one_type, supply_case, zonal_case, zonal_components
from gridsim.reliability.samplers import (
    COPPER_TOLERANCE_MW,
    NETWORK_TOLERANCE_MW,
    Samples,
    recorded_scopes,
    without_events,
    zone_scopes,
)
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]

CHUNK = 1024  # snapshots drawn at a time, whose table stays in the processor's cache


class Snapshots(ABC):
    """Common part of the levels: draws, and the run of a sampler that takes every state as it comes.

    components : elements of the level, machines first;  model : their states in equilibrium
    """

    block_size: int = 4096
    default_job_blocks: int = 16
    scopes: tuple[str, ...]
    demand_mwh: F8

    def __init__(self, system: AdequacySystem, components: tuple[Component, ...], seed: int) -> None:
        self.system = system
        self.components = components
        self.model: SnapshotModel = snapshot_model(components, system.common_causes, system.n_hours)
        self.seed = np.uint64(seed)

    def drawn(self, first: int, n: int, tilt: Tilt | None = None) -> States:
        """Snapshots ``first``, a multiple of four, and following; without a tilt, states have no positions."""
        states = new_states(n, len(self.model.id_lo), with_state=tilt is not None)
        if tilt is None:
            draw_states(self.model, self.seed, first, self.system.n_hours, states)
        else:
            draw_tilted(self.model, tilt, self.seed, first, self.system.n_hours, states)
        return chosen(states, slice(0, n))

    @abstractmethod
    def shortfall(self, states: States, first: int) -> F8:
        """(n, n_scopes, 5) totals of states that are the samples ``first`` and following, times their weights."""

    def run(self, first: int, n: int) -> Samples:
        parts = [
            self.shortfall(self.drawn(start, min(CHUNK, first + n - start)), start)
            for start in range(first, first + n, CHUNK)
        ]
        return without_events(np.concatenate(parts))

    def diagnostics(self) -> dict[str, int]:
        """Nothing to tell."""
        return {}


class CopperSnapshots(Snapshots):
    """Random hours and equilibrium states without a network."""

    def __init__(self, system: AdequacySystem, seed: int) -> None:
        super().__init__(system, system.unit_component, seed)
        place = np.zeros(len(system.buses), dtype=np.int32)
        self.case = of_one_type(supply_case(system, place, 1, len(self.components), COPPER_TOLERANCE_MW))
        self.scopes = ("system",)
        self.demand_mwh = np.array([system.demand_mwh])

    def shortfall(self, states: States, first: int) -> F8:
        total = np.zeros((len(states.hour), 1, N_TOTALS))
        copper_states(self.case, states.hour, states.lost, states.weight, total)
        return total

    def run(self, first: int, n: int) -> Samples:
        total = np.zeros((n, 1, N_TOTALS))
        copper_snapshots(self.case, self.model, self.seed, first, self.system.n_hours, total)
        return without_events(total)


class ZonalSnapshots(Snapshots):
    """Random hours and equilibrium states of areas with interfaces."""

    def __init__(self, system: AdequacySystem, seed: int) -> None:
        areas = areas_of(system, merged=False)
        super().__init__(system, zonal_components(system, areas), seed)
        self.case = of_one_type(zonal_case(system, areas, NETWORK_TOLERANCE_MW))
        self.scopes, self.demand_mwh = zone_scopes(system, merged=False)

    def shortfall(self, states: States, first: int) -> F8:
        n_recorded = 2 + self.case.n_zones
        total = np.zeros((len(states.hour), n_recorded, N_TOTALS))
        zonal_states(self.case, states.hour, states.lost, states.weight, total)
        return np.ascontiguousarray(total[:, recorded_scopes(self.scopes, n_recorded)])
