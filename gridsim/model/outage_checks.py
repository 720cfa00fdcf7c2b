"""Components and common causes made in memory: times, shares and names that outages can be drawn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import numpy as np

from gridsim.errors import Problem, nearest
from gridsim.model.outages import CommonCause, Component, Derating, RepairLaw, State
from gridsim.model.ranges_of_values import Number, Rules, one_of, record_faults, shown, value_problem

FILE = "system"  # stands for the name of a file
_SHARE = Number("give a share from 0 to 1", 0, 1)
_ROUNDING = 1e-9  # of probabilities that add up to 1
STATE: Rules = {
    "lost_share": ("lost_share", _SHARE),
    "mean_h": ("mean_h", Number("give hours above 0", 0, 1e300, low_open=True)),
    "law": ("law", one_of(RepairLaw)),
    "sigma": ("sigma", Number("give standard deviation of the logarithm (lognormal)", 0, 3)),
}


def component_faults(components: Iterable[Component], place: str) -> Iterator[Problem]:
    """Faults of components, each under its name."""
    for component in components:
        if not isinstance(component, Component):
            yield value_problem(FILE, place, f"{shown(component)} is not a Component", "give two_state(...)")
            continue
        here = f"{place}[{component.name}]"
        for position, state in enumerate(component.states):
            yield from record_faults(state, State, STATE, f"{here}.states.{position}", FILE)
            if isinstance(state, State) and state.to is not None:
                yield from _jump_faults(state.to, len(component.states), f"{here}.states.{position}.to")
            elif len(component.states) > 2:
                yield value_problem(FILE, f"{here}.states.{position}.to", "None of more than two states", _MEND_TO)
        for name in ("unavailability", "rate_factor", "repair_factor"):
            values = getattr(component, name)
            if values is not None and not ((np.asarray(values) >= 0) & (np.asarray(values) <= 1)).all():
                yield value_problem(FILE, f"{here}.{name}", "not all of it is from 0 to 1", _SHARE.mend)
        if component.repair_factor is not None and component.rate_factor is None:
            yield value_problem(
                FILE, f"{here}.repair_factor", "without rate_factor", "give both, 1 where nothing changes"
            )


_MEND_TO = "give the probability of every next state, which add up to 1"


def _jump_faults(to: object, n_states: int, place: str) -> Iterator[Problem]:
    if not isinstance(to, tuple | list) or len(to) != n_states or any(_SHARE.fault(value) for value in to):
        yield value_problem(FILE, place, f"{shown(to)} is not {n_states} probabilities", _MEND_TO)
    elif abs(sum(to) - 1.0) > _ROUNDING:
        yield value_problem(FILE, place, f"{shown(to)} adds up to {sum(to):g}", _MEND_TO)


def cause_faults(causes: Iterable[CommonCause], known: Collection[str]) -> Iterator[Problem]:
    """Faults of common causes; ``known``: names of what a cause may stand before."""
    for position, cause in enumerate(causes):
        if not isinstance(cause, CommonCause):
            here = f"common_causes.{position}"
            yield value_problem(FILE, here, f"{shown(cause)} is not a CommonCause", "give a gridsim.CommonCause")
            continue
        yield from component_faults([cause.component], "common_causes")
        here = f"common_causes[{getattr(cause.component, 'name', position)}]"
        lost: dict[str, object] = {**cause.lost_share}
        deratings: dict[str, object] = {**cause.derating}
        for name in (*lost, *deratings):
            if name not in known:
                what = f"'{name}' is not a machine, tie line, branch or store of the system"
                yield value_problem(FILE, here, what, nearest(str(name), known))
        for name, share in lost.items():
            if fault := _SHARE.fault(share):
                yield value_problem(FILE, f"{here}.lost_share[{name}]", fault, _SHARE.mend)
        for name, derating in deratings.items():
            if not isinstance(derating, Derating):
                what = f"{shown(derating)} is not a Derating"
                yield value_problem(FILE, f"{here}.derating[{name}]", what, "give a gridsim.Derating")
