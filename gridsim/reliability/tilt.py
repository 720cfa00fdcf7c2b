"""Tilts towards shortfalls: the hour and each machine drawn as they are where energy is not served.

The best product of distributions for the mean of f(h, x) is, by cross-entropy, the product of the marginals of f:
q(h) = E[f | h] p(h) / E[f] and q_i(s) = E[f; x_i = s] / E[f]. Losses of machines add up, so that both follow from a
convolution on a grid, forwards for the losses of the machines before i and backwards for the mean of f given them. The
grid is coarse and what a profile or a common cause adds is rounded: a tilt need not be exact, its weights are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError
from gridsim.kernels.availability import SnapshotModel
from gridsim.kernels.snapshots import Tilt
from gridsim.reliability.areas import Areas, areas_of
from gridsim.reliability.samplers import COPPER_TOLERANCE_MW
from gridsim.reliability.system import AdequacySystem

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

UNIFORM_HOURS = 0.05  # part of each tilt in which the hour is as it comes
#: Part of the mixture in which machines are, too: weights stay below its inverse, and so their mean tells something.
UNTILTED_COPPER = 0.03
UNTILTED_NETWORK = 0.05  # a network can be short for other reasons
LEAST_RATIO = 1e-3  # of a state's probability in a tilt to its own: none is without
#: Part of a difference's mixture that goes to the pocket of its control: there the difference is nearly nothing.
CONTROL_SHARE = 0.1
MOST_CELLS = 4096
MOST_POCKETS = 12


class Pocket(NamedTuple):
    """Demand that machines, and ties where it has any, may fail to meet.

    margin_mw : (n_hours,) with all of them;  worth_mw : MW that each component is worth, machines first
    """

    margin_mw: F8
    worth_mw: F8


class _Marginals(NamedTuple):
    """Mean of f, its parts by hour (n_hours,), and probability of each state of each component."""

    mean: float
    by_hour: F8
    by_state: F8


def copper_pocket(system: AdequacySystem) -> Pocket:
    """The whole system without its network."""
    return _pocket(system, np.ones(len(system.buses), dtype=bool), 0.0)


def _pocket(system: AdequacySystem, inside: NDArray[np.bool_], import_mw: float) -> Pocket:
    """The machines and loads of some buses, and what ties bring at most."""
    margin_mw = import_mw - system.load_mw[:, inside].sum(axis=1)
    worth_mw = np.zeros(len(system.unit_name))
    for unit in np.flatnonzero(inside[system.unit_bus]):
        profile = system.unit_profile[unit]
        margin_mw = margin_mw + (system.unit_mw[unit] if profile is None else profile)
        worth_mw[unit] = system.unit_mw[unit] if profile is None else profile.mean()
    return Pocket(margin_mw, worth_mw)


def area_pockets(system: AdequacySystem, *, with_circuits: bool) -> list[Pocket]:
    """Each area with all that its ties can bring; ``with_circuits``: their circuits follow the machines as components
    that fail.
    """
    areas = areas_of(system, merged=False)
    if not 1 < areas.n_areas <= MOST_POCKETS:
        return []
    found = (
        _pocket_of(system, areas, np.arange(areas.n_areas) == area, with_circuits) for area in range(areas.n_areas)
    )
    return [pocket for pocket in found if pocket is not None]


def pockets_around(system: AdequacySystem, buses: NDArray[np.bool_]) -> list[Pocket]:
    """The areas of some buses with all that their ties can bring, then with those they are tied to, and so on.

    Circuits follow the machines as components that fail. What shortens a shortage at the buses lies in one of them, or
    in a part that ties of others cut off.
    """
    areas = areas_of(system, merged=False)
    inside = np.zeros(areas.n_areas, dtype=bool)
    inside[areas.bus_area[buses]] = True
    found = []
    for _ in range(MOST_POCKETS):
        found.append(_pocket_of(system, areas, inside, with_circuits=True))
        joined = inside[areas.interface_from] | inside[areas.interface_to]
        larger = inside.copy()
        larger[areas.interface_from[joined]] = larger[areas.interface_to[joined]] = True
        if (larger == inside).all():
            break
        inside = larger
    return [pocket for pocket in found if pocket is not None]


def _pocket_of(system: AdequacySystem, areas: Areas, inside: NDArray[np.bool_], with_circuits: bool) -> Pocket | None:
    """Some areas and what the ties to all others bring at most; None where that has no limit."""
    circuits = np.bincount(areas.circuit_interface, minlength=len(areas.interface_from))
    import_mw = np.zeros(len(circuits))
    for start, stop, limit_mw in (
        (areas.interface_from, areas.interface_to, areas.forward_mw),
        (areas.interface_to, areas.interface_from, areas.backward_mw),
    ):
        into = inside[stop] & ~inside[start]
        import_mw += np.where(into, limit_mw[:, areas.scheme_start[:-1]].max(axis=0), 0.0)
    if not np.isfinite(import_mw).all():
        return None
    pocket = _pocket(system, inside[areas.bus_area], float(import_mw.sum()))
    each_mw = (import_mw / np.maximum(circuits, 1))[areas.circuit_interface]
    return pocket._replace(worth_mw=np.append(pocket.worth_mw, each_mw)) if with_circuits else pocket


def tilt_towards(
    model: SnapshotModel, pockets: list[Pocket], metric: str, *, untilted: float, first_is_control: bool = False
) -> Tilt:
    """Mixture of one tilt for each pocket and of ``untilted``; StudyError if no pocket can be short.

    metric : EUE, tilted towards unserved energy, or LOLH, towards short hours
    first_is_control : what is drawn is a difference to the shortfall of the first pocket, small where that is short
    """
    marginals = [_marginals(model, pocket, metric) for pocket in pockets]
    found = [of for of in marginals if of.mean > 0.0]
    if not found:
        raise StudyError("sampler: cross_entropy has nothing to tilt towards: machines that fail leave no hour short")
    n_hours = len(found[0].by_hour)
    p_state = _state_probability(model)
    mean = np.array([of.mean for of in found])
    n_control = int(first_is_control and marginals[0].mean > 0.0 and len(found) > 1)
    of_others = _shares(mean[n_control:], 1.0 - untilted - n_control * CONTROL_SHARE)
    share = np.append(np.full(n_control, CONTROL_SHARE), of_others)
    hours = [UNIFORM_HOURS / n_hours + (1.0 - UNIFORM_HOURS) * m.by_hour / m.by_hour.sum() for m in found]
    states = [m.by_state for m in found]
    if untilted > 0.0:
        share = np.append(share, untilted)
        # half of the hours are those of the pockets, where a network is short for other reasons too
        hours.append(0.5 / n_hours + 0.5 * np.mean(hours, axis=0))
        states.append(p_state)
    hour, state = np.array(hours), np.array(states)
    ratio = np.divide(state, p_state, out=np.zeros_like(state), where=p_state > 0.0)
    return checked_tilt(model, Tilt(share, np.cumsum(hour, axis=1), hour * n_hours, _cumulative(model, state), ratio))


def _shares(mean: F8, whole: float) -> F8:
    """Half of the share by what is expected of a pocket: a rare one may hold most of what a level adds."""
    return np.asarray(whole * 0.5 * (mean / mean.sum() + 1.0 / len(mean)))


def checked_tilt(model: SnapshotModel, tilt: Tilt) -> Tilt:
    """The tilt, if its shares are a distribution and everything that can be is drawn by one of them; StudyError."""
    if not (tilt.share > 0.0).all() or abs(tilt.share.sum() - 1.0) > 1e-9:
        raise StudyError("tilt: the shares of the mixture are not positive numbers of sum 1")
    if (hours := np.flatnonzero(tilt.hour_ratio.max(axis=0) <= 0.0)).size:
        raise StudyError(f"tilt: hour {hours[0]} is left without probability; give every hour some")
    for component in range(len(model.id_lo)):
        of = slice(model.state_offset[component], model.state_offset[component + 1])
        can_be = np.diff(model.state_start[of], prepend=0.0) > 0.0
        if (lost := can_be & (tilt.state_ratio[:, of].max(axis=0) <= 0.0)).any():
            raise StudyError(
                f"tilt: state {np.flatnonzero(lost)[0]} of component {component} is left without probability; "
                "give every state that can be some"
            )
    return tilt


def _state_probability(model: SnapshotModel) -> F8:
    probability = np.diff(model.state_start, prepend=0.0)
    first = model.state_offset[:-1]
    probability[first] = model.state_start[first]
    return np.maximum(probability, 0.0)


def _cumulative(model: SnapshotModel, state: F8) -> F8:
    total = np.cumsum(state, axis=1)
    before = np.zeros_like(total)
    before[:, 1:] = total[:, :-1]
    of_state = np.repeat(model.state_offset[:-1], np.diff(model.state_offset))
    return np.ascontiguousarray(total - before[:, of_state])


def _marginals(model: SnapshotModel, pocket: Pocket, metric: str) -> _Marginals:
    """Marginals of the pocket's shortfall, components that follow the hour at the mean of their hours."""
    p_state = _state_probability(model)
    by_state = p_state.copy()
    worth_mw = np.zeros(len(model.id_lo))
    worth_mw[: len(pocket.worth_mw)] = pocket.worth_mw
    causes = model.causes
    for cause in range(len(causes.offset) - 1):
        of = slice(causes.offset[cause], causes.offset[cause + 1])
        worth_mw[causes.first + cause] = (worth_mw[causes.element[of]] * causes.lost[of]).sum()
    step_mw = max(1.0, float(worth_mw.sum()) / MOST_CELLS)
    movers: list[tuple[int, F8, F8]] = []
    for component in np.flatnonzero(worth_mw > 0.0).tolist():
        of = slice(model.state_offset[component], model.state_offset[component + 1])
        probability, row = p_state[of], model.hour_row[component]
        if row >= 0:
            out = float(model.hour_unavailability[row].mean())
            probability = np.zeros(len(probability))
            probability[0], probability[-1] = 1.0 - out, out
        if len(probability) > 1:
            movers.append((component, probability, worth_mw[component] * model.state_lost[of] / step_mw))
    n_cells = 2 + len(movers) + int(sum(cells.max() for _, _, cells in movers))
    before = [np.zeros(n_cells)]
    before[0][0] = 1.0
    for _, probability, cells in movers:
        before.append(_mean(probability, [_later(before[-1], c) for c in cells]))
    margin_mw = np.sort(pocket.margin_mw)
    loss_mw = step_mw * np.arange(n_cells, dtype=np.float64)
    after: F8
    if metric == "LOLH":
        after = np.searchsorted(margin_mw, loss_mw - COPPER_TOLERANCE_MW, side="left").astype(np.float64)
    else:
        n_short = np.searchsorted(margin_mw, loss_mw, side="left")
        after = n_short * loss_mw - np.append(0.0, np.cumsum(margin_mw))[n_short]
    mean = float(before[-1] @ after)
    if mean <= 0.0:
        return _Marginals(0.0, np.zeros(len(margin_mw)), by_state)
    for mover in range(len(movers) - 1, -1, -1):
        component, probability, cells = movers[mover]
        given = [_earlier(after, c) for c in cells]
        if model.hour_row[component] < 0:
            part = np.array([p * (before[mover] @ g) for p, g in zip(probability, given)])
            tilted = np.maximum(part / part.sum(), LEAST_RATIO * probability)
            of = slice(model.state_offset[component], model.state_offset[component + 1])
            by_state[of] = tilted / tilted.sum()
        after = _mean(probability, given)
    return _Marginals(mean, _by_hour(before[-1], loss_mw, pocket.margin_mw, metric), by_state)


def _by_hour(loss: F8, loss_mw: F8, margin_mw: F8, metric: str) -> F8:
    """Mean shortfall, or probability of one, in each hour, of the distribution of losses."""
    tail = np.append(np.cumsum(loss[::-1])[::-1], 0.0)  # P(loss >= cell)
    place = np.searchsorted(loss_mw, margin_mw, side="right")
    if metric == "LOLH":
        return np.asarray(tail[place])
    energy = np.append(np.cumsum((loss * loss_mw)[::-1])[::-1], 0.0)
    return np.maximum(energy[place] - margin_mw * tail[place], 0.0)


def _mean(probability: F8, tables: list[F8]) -> F8:
    return np.asarray(probability @ np.array(tables), dtype=np.float64)


def _later(table: F8, cells: float) -> F8:
    """A distribution moved up by a number of cells, shared between both neighbours where it is not whole."""
    whole = int(cells)
    share = cells - whole
    moved = np.zeros_like(table)
    moved[whole:] += (1.0 - share) * table[: len(table) - whole]
    if share > 0.0:
        moved[whole + 1 :] += share * table[: len(table) - whole - 1]
    return moved


def _earlier(table: F8, cells: float) -> F8:
    """Values after a loss of a number of cells, between both neighbours where it is not whole; the last one holds."""
    whole = int(cells)
    share = cells - whole
    at = np.minimum(np.arange(len(table)) + whole, len(table) - 1)
    if share == 0.0:
        return np.asarray(table[at])
    return np.asarray((1.0 - share) * table[at] + share * table[np.minimum(at + 1, len(table) - 1)])
