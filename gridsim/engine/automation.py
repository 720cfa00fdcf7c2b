"""Emergency automation: rules that act in seconds, before the operator can.

First the swing of areas, where ``policy.first_minutes`` asks for it; then overload relays: rows of the network's
``automation`` table with the quantity ``line_loading_percent`` and the action of tripping the element;
``policy.automation: relays`` arms them. A relay trips a branch whose flow stays over its setting, and over the
emergency rating of the branch, for its delay, unless the operator acts sooner (``operator_delay_minutes``). Flows right
after a change are those of the machines that still run, with the loss of power shared by the synchronised machines in
proportion to their headroom (governors): DC flows of the network that is left, F = PTDF (p - d). Each trip changes the
flows of the others, so relays are asked again until none acts; relays of the shortest delay act first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.events import default_kind, make_event
from gridsim.engine.event_log import ROOT
from gridsim.engine.first_minutes import FirstMinutesStage
from gridsim.engine.interval import Moment
from gridsim.engine.redispatch import Redispatcher
from gridsim.engine.rule_events import failing_rules
from gridsim.engine.state import GridState
from gridsim.engine.voltage_stage import served_mw
from gridsim.kernels.flows import turned_mw
from gridsim.model.first_minutes import follows_first_minutes
from gridsim.model.power import OVERLOAD_RELAY
from gridsim.model.scenario import Automation, Event, Primitive, Target
from gridsim.model.table import F8, I4, sum_at
from gridsim.solvers.ac import AcModel

_MOST_TRIPS = 1000


class Relay(NamedTuple):
    """One overload relay rule: trips ``branch`` (positions) above ``setting_percent`` of the rating for ``delay_s``."""

    name: str
    branch: NDArray[np.int64]
    setting_percent: float
    delay_s: float


def relays_of(state: GridState) -> list[Relay]:
    """Overload relays of the network, by delay; a rule without a target guards every line and transformer."""
    system, rules = state.system, state.system.automation
    found = []
    quantity, action = OVERLOAD_RELAY
    for row in np.flatnonzero((rules.quantity == quantity) & (rules.action == action)).tolist():
        name = str(rules.target[row])
        branch = np.flatnonzero(system.branch_name == name) if name else np.arange(system.n_branches)
        found.append(Relay(str(rules.name[row]), branch, float(rules.setting[row]), float(rules.delay_s[row])))
    return sorted(found, key=lambda relay: (relay.delay_s, relay.name))


class EmergencyAutomation:
    """The automation of one run; acts on ``state`` after a sudden change, before the operator's redispatch."""

    def __init__(self, state: GridState, redispatcher: Redispatcher, ac_model: AcModel | None = None):
        self.state = state
        self._redispatcher = redispatcher
        delay_s = state.scenario.policy.operator_delay_minutes * 60.0
        on = state.scenario.policy.automation is Automation.RELAYS
        self.relays = [relay for relay in relays_of(state) if relay.delay_s < delay_s] if on else []
        self._trips = 0
        swings = follows_first_minutes(state.scenario.policy, state.system.automation)
        self.first_minutes = FirstMinutesStage(state, ac_model) if swings else None

    def act(self) -> list[Event]:
        """Let the first minutes, then relays act on the changes of this instant; returns the trips begun."""
        trips: list[Event] = [] if self.first_minutes is None else self.first_minutes.act()
        if not self.relays or not self.state.sudden:
            return trips
        failing = failing_rules(self.state, self.state.disturbances.conditions())
        while True:
            tripped = self._overloaded(failing)
            if tripped is None:
                return trips
            relay, branches = tripped
            cause = self.state.disturbances.cause()
            trips += [self._trip(relay, branch, cause) for branch in branches.tolist()]

    def _overloaded(self, failing: frozenset[str]) -> tuple[Relay, NDArray[np.int64]] | None:
        """The relay of the shortest delay that acts now, and its branches; None if all are quiet."""
        moment = self.state.moment()
        flow_mw = self.flows_mw(moment)
        if flow_mw is None:
            return None
        system = self.state.system
        factor = system.branch_rating_factor(moment.inputs.temperature_c)
        rating, emergency = system.branch_normal_mw * factor, system.branch_emergency_mw * factor
        for relay in self.relays:
            if relay.name in failing:
                continue
            setting = np.maximum(rating[relay.branch] * relay.setting_percent / 100.0, emergency[relay.branch])
            over = relay.branch[np.abs(flow_mw[relay.branch]) > setting]
            if len(over):
                return relay, over
        return None

    def flows_mw(self, moment: Moment) -> F8 | None:
        """(n_branches,) DC flows right after a change, before anybody acts; None before the first dispatch."""
        interval = self.state.interval or self.state.last
        if interval is None:
            return None
        system, dispatch = self.state.system, interval.dispatch
        grid = self._redispatcher.grid(moment.conditions, moment.month)
        importable_mw = self._redispatcher.border_mw(moment, moment.conditions)
        n_buses, island = len(system.buses), grid.topology.island
        n_islands = int(island.max()) + 1
        gen_mw = sum_at(system.generators.bus, np.minimum(dispatch.p_gen_mw, moment.able_mw), n_buses)
        able_mw = sum_at(system.generators.bus, moment.able_mw, n_buses)
        border_mw = sum_at(system.borders.bus, np.minimum(dispatch.p_border_mw, importable_mw), n_buses)
        storage_mw = sum_at(system.storages.bus, dispatch.p_storage_mw * moment.conditions.storage_share, n_buses)
        drawn_mw = served_mw(self.state, dispatch, moment.conditions.bus_out) * (1.0 + dispatch.loss_share)
        load_mw = sum_at(system.loads.bus, drawn_mw, n_buses)
        at_bus = gen_mw + border_mw + storage_mw - load_mw - dispatch.solution.bus_loss_mw

        # Governors: headroom takes a shortage, the rest is load lost; machines and imports give way to a surplus.
        missing_mw = -sum_at(island, at_bus, n_islands)
        at_bus += _shared(np.maximum(missing_mw, 0.0), np.maximum(able_mw - gen_mw, 0.0), island)
        missing_mw = -sum_at(island, at_bus, n_islands)
        at_bus += _shared(np.maximum(missing_mw, 0.0), load_mw, island)
        at_bus -= _shared(np.maximum(-missing_mw, 0.0), gen_mw + np.maximum(border_mw, 0.0), island)
        turned = turned_mw(self._redispatcher.packed.case, grid.topology)[: system.n_branches]
        return np.asarray(grid.topology.row_ptdf[: system.n_branches] @ at_bus + turned)

    def _trip(self, relay: Relay, branch: int, cause: int) -> Event:
        state, system = self.state, self.state.system
        self._trips += 1
        assert self._trips <= _MOST_TRIPS, f"{_MOST_TRIPS} relay trips in one run; the last by {relay.name}"
        table = "lines" if branch < len(system.lines) else "transformers"
        event = make_event(
            system,
            id=f"{relay.name}:{self._trips}",
            kind=default_kind(table, Primitive.OUTAGE),
            targets=[Target(table, str(system.branch_name[branch]))],
            at_h=state.now_h,
            duration_h=None,
        )
        assert isinstance(event, Event), f"relay {relay.name} names a branch that is out already"
        acted = state.log.add(state.now_h, f"automation:{relay.name}", f"trips {event.targets[0].name}", cause)
        state.begin(event, acted if acted != ROOT else cause)
        return event


def _shared(total_mw: F8, by_mw: F8, island: I4) -> F8:
    """(n_buses,) ``total_mw`` (n_islands,) shared within each island in proportion to ``by_mw``, and at most that."""
    most_mw = sum_at(island, by_mw, len(total_mw))
    share = np.divide(np.minimum(total_mw, most_mw), most_mw, out=np.zeros(len(total_mw)), where=most_mw > 0)
    return np.asarray(by_mw * share[island])
