"""Steps shorter than an hour: a system in which a step takes the place of the hour, and its results in hours again."""

from __future__ import annotations

import dataclasses

import numpy as np

from gridsim.errors import StudyError
from gridsim.kernels.shortfall import ENERGY, EVENT_ENERGY, HOURS, SHORT_ENERGY
from gridsim.model.outages import Component
from gridsim.reliability.samplers import Samples, SampleSource
from gridsim.reliability.system import AdequacySystem, Store


def in_steps(system: AdequacySystem) -> AdequacySystem:
    """The system with times in steps and energies in MW times steps, so that its step is the hour of the kernels."""
    step_h = system.step_h
    if step_h == 1.0:
        return system
    for cause in system.common_causes:
        if cause.derating:
            raise StudyError(f"{cause.component.name}: deratings go by whole hours; give lost_share, or hourly load")
    return dataclasses.replace(
        system,
        step_h=1.0,
        unit_component=tuple(_component(of, step_h) for of in system.unit_component),
        interface_component=tuple(_component(of, step_h) for of in system.interface_component),
        branch_component=tuple(_component(of, step_h) for of in system.branch_component),
        tie_limits=None
        if system.tie_limits is None
        else dataclasses.replace(
            system.tie_limits,
            circuits=tuple(tuple(_component(of, step_h) for of in tie) for tie in system.tie_limits.circuits),
        ),
        store_component=tuple(_component(of, step_h) for of in system.store_component),
        stores=tuple(_store(store, step_h) for store in system.stores),
        common_causes=tuple(
            dataclasses.replace(cause, component=_component(cause.component, step_h)) for cause in system.common_causes
        ),
    )


def _component(component: Component, step_h: float) -> Component:
    states = tuple(dataclasses.replace(state, mean_h=state.mean_h / step_h) for state in component.states)
    return dataclasses.replace(component, states=states)


def _store(store: Store, step_h: float) -> Store:
    return dataclasses.replace(
        store,
        energy_mwh=store.energy_mwh / step_h,
        energy_start_mwh=store.energy_start_mwh / step_h,
        carryover=store.carryover**step_h,
        limits=dataclasses.replace(
            store.limits, hours=store.limits.hours / step_h, period_h=round(store.limits.period_h / step_h)
        ),
    )


class StepSource:
    """A sampler of steps that tells hours and MWh; events and short days keep the numbers of their steps."""

    def __init__(self, source: SampleSource, step_h: float) -> None:
        self._source, self._step_h = source, step_h
        self.scopes, self.demand_mwh = source.scopes, source.demand_mwh * step_h
        self.block_size, self.default_job_blocks = source.block_size, source.default_job_blocks

    def run(self, first: int, n: int) -> Samples:
        samples = self._source.run(first, n)
        total, event, short_day = (np.array(table) for table in samples)
        total[:, :, [HOURS, ENERGY]] *= self._step_h
        event[:, EVENT_ENERGY] *= self._step_h
        short_day[:, SHORT_ENERGY] *= self._step_h
        return Samples(total, event, short_day)

    def diagnostics(self) -> dict[str, int]:
        return self._source.diagnostics()
