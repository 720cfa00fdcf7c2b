"""Records that the parts of the engine pass to each other: a moment, its dispatch, the interval it holds for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.contingencies.effects import Conditions
from gridsim.kernels.arrays import DispatchSolution, DispatchState
from gridsim.model.pack import Packed
from gridsim.model.scenario import Imports
from gridsim.model.table import F8, I4
from gridsim.solvers.ac_solution import AcSolution
from gridsim.solvers.gas_balance import GasStep
from gridsim.solvers.heat import HeatHour, HeatState
from gridsim.solvers.operating_point import DeviceSettings, OperatingPoint
from gridsim.weather.normal import HourInputs


class Moment(NamedTuple):
    """One instant to be dispatched: ``now_s`` after the start, held for ``dt_h`` hours if nothing happens.

    ``month`` 1-12; ``conditions``: shares that active events leave; ``inputs``: weather and load; ``committed``
    (n_gens,) synchronised; ``able_mw`` (n_gens,) output of synchronised machines if fuel and ramps were no limit;
    ``shed_mw`` (n_loads,) load that automation has cut already, which the dispatch need not serve; ``likely_mw``
    (n_borders,) what neighbours would give, None where the policy does not ask; ``bought_mw`` (n_borders,) by the plan.
    """

    now_s: int
    dt_h: float
    month: int
    conditions: Conditions
    inputs: HourInputs
    committed: NDArray[np.bool_]
    able_mw: F8
    shed_mw: F8
    likely_mw: F8 | None
    bought_mw: F8


class Ramp(NamedTuple):
    """From where (n_gens,) MW, and for how many hours (n_gens,), machines may move at one instant."""

    from_mw: F8
    hours: F8


class FuelLimits(NamedTuple):
    """Limits of fuel for one step.

    gas_share (n_gens,): share of output that the main fuel allows; backup_mw (n_backup,) on backup columns;
    link_requested_mw, link_deliverable_mw (n_links,): output if gas were no limit, and on the gas delivered.
    """

    gas_share: F8
    backup_mw: F8
    link_requested_mw: F8
    link_deliverable_mw: F8


class Decisions(NamedTuple):
    """Decisions of policies for one redispatch. ``p_min_mw``, ``p_max_mw`` (n_gens,): 0 and inf if silent."""

    p_min_mw: F8
    p_max_mw: F8
    imports: Imports | None
    start: tuple[str, ...]
    packed: Packed
    gas_order: tuple[str, ...] | None


class Redispatch(NamedTuple):
    """One answered dispatch in the system's own order. All MW.

    p_main_mw, p_backup_mw (n_gens,): output by fuel, net of spill; p_border_mw (n_borders,); p_storage_mw (n_storages,)
    discharging positive; available_mw (n_gens,) upper bound; curtailed_mw (n_gens,); spilled_mw (n_gens,);
    load_mw, unserved_mw, response_mw (n_loads,) at the bus, losses not included, ``short_mw`` all that is unserved;
    out_branch sorted positions;
    ramp_limited: load would be served if some machine could climb faster.
    """

    state: DispatchState
    solution: DispatchSolution
    p_main_mw: F8
    p_backup_mw: F8
    p_border_mw: F8
    p_storage_mw: F8
    available_mw: F8
    border_available_mw: F8
    curtailed_mw: F8
    spilled_mw: F8
    load_mw: F8
    unserved_mw: F8
    short_mw: float
    response_mw: F8
    loss_share: float
    committed: NDArray[np.bool_]
    ramp_limited: bool
    out_branch: I4

    @property
    def p_gen_mw(self) -> F8:
        """(n_gens,) output on all fuels, net of spill."""
        return self.p_main_mw + self.p_backup_mw


def operating_point(dispatch: Redispatch) -> OperatingPoint:
    """The moment as the power flow needs it: what runs, what is served, what is out."""
    return OperatingPoint(
        p_gen_mw=dispatch.p_gen_mw,
        p_border_mw=dispatch.p_border_mw,
        p_storage_mw=dispatch.p_storage_mw,
        p_load_mw=dispatch.load_mw - dispatch.unserved_mw - dispatch.response_mw,
        branch_out=dispatch.out_branch,
        gen_committed=dispatch.committed & (dispatch.available_mw > 0),
    )


class YardFlows(NamedTuple):
    """Flows of the yards over one interval, (n_yards,) each, as shares of the burn at full output.

    ``turned_away``: what a full yard has no place for, less what an empty one was short of by the second.
    """

    delivered: F8
    burnt: F8
    turned_away: F8


class HeatInterval(NamedTuple):
    """Heat of the cities over one interval, ``state`` at its start.

    ``below_8c_k_h`` (n, 2, 3): by group (district, homes) and time constant.
    """

    hour: HeatHour
    state: HeatState
    below_8c_k_h: F8


class Interval(NamedTuple):
    """From ``time_h`` for ``duration_h``; stocks are those at its start. ``ac`` None: power flow switched off.

    ``storage_mwh`` (n_storages,) energy held; linepack_mcm, vented_mcm (n_gas_nodes,); yard_days (n_yards,);
    backup_days (n_links,). ``devices``: shunts and taps of the power flow, None without voltage control;
    ``switched``: those that the operator switched at its start, and where each stands now.
    ``yard_flows``: of the interval; ``heat``: None where there
    are no cities.
    """

    time_h: float
    duration_h: float
    inputs: HourInputs
    dispatch: Redispatch
    fuel: FuelLimits
    gas: GasStep
    linepack_mcm: F8
    vented_mcm: F8
    yard_days: F8
    backup_days: F8
    storage_mwh: F8
    ac: AcSolution | None
    devices: DeviceSettings | None = None
    switched: tuple[tuple[str, float], ...] = ()
    heat: HeatInterval | None = None
    yard_flows: YardFlows | None = None
