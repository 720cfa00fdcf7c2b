"""GridSystem -> the arrays of the dispatch problem: supply columns, the price ladder, load tiers, row limits.

Column order, fixed here and used by every array over supply columns: machines on their main fuel, then the backup-fuel
columns of the machines that have one, then border imports, then for each store its charging and its discharging side.
Row order: branches (lines, then transformers), then interfaces.

Load tiers are the distinct places on the price ladder: price-responsive prices first (below G: not unserved energy),
then the ranks of the distinct shed orders. Two classes of one rank share a tier; a shortage is divided between them in
proportion to their demand at the bus.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import StudyError, nearest
from gridsim.kernels.arrays import DispatchCase, block_begin_mw
from gridsim.kernels.flows import make_case
from gridsim.kernels.load_shedding import load_by_tier
from gridsim.kernels.stores import SAME_TIMES_PER_H
from gridsim.model.fuel import fuel_of_yard, fuels
from gridsim.model.neighbours import usual_support_mw
from gridsim.model.scenario import Imports
from gridsim.model.section_circuits import circuits_out
from gridsim.model.system import GridSystem
from gridsim.model.table import F8, I4

PENALTY_RATIO = 1.25
PENALTY_LIMIT = 1.0e4
SPILL_FACTOR = 2.0
CHARGE_FACTOR = (1.1, 1.05)  # earned by charging: shortest, longest time-to-go
DISCHARGE_FACTOR = (1.25, 1.5)  # cost of discharging: longest, shortest time-to-go
WINTER_MONTHS = (10, 11, 12, 1, 2, 3)
HEAT_SPILL_SHARE = 0.2  # of the first class of load: what spilling heat and water costs the operator in winter


class Ladder(NamedTuple):
    """Prices of last resorts in units of G, the dearest supply cost.

    ``first``: the class of load that is cut first, each further one 1.25 times dearer; ``heat_spill``: spilling
    heat-led output and water in the heating season; all other spill costs ``SPILL_FACTOR``.
    """

    first: float
    heat_spill: float


#: Least feasible shedding, the sampler's problem: wide enough that the effect on a limit does not matter.
LEAST_SHEDDING = Ladder(200.0, SPILL_FACTOR)
#: Effect on a binding limit at which ``policy.least_effect`` is the sampler's ladder.
SAMPLER_EFFECT = 1.0 / LEAST_SHEDDING.first


def operator_ladder(least_effect: float) -> Ladder:
    """The operator's: no redispatch to whose cost a MW of load is not worth 1 / ``least_effect`` dearest supplies.

    A bound on cost, after the rule of transmission operators to leave out measures with under 5 % effect on the
    binding limit. At ``SAMPLER_EFFECT`` it is that of least shedding.
    """
    if least_effect <= SAMPLER_EFFECT * (1.0 + 1e-9):
        return LEAST_SHEDDING
    first = 1.0 / least_effect
    return Ladder(first, max(HEAT_SPILL_SHARE * first, SPILL_FACTOR))


@dataclass(frozen=True, eq=False)
class Tiers:
    """Places on the price ladder, cheapest first: ``penalty`` (n_tiers,) USD/MWh, ``shed_order`` -1 if by price."""

    penalty: F8
    price_responsive: NDArray[np.bool_]
    shed_order: I4

    def __len__(self) -> int:
        return len(self.penalty)


@dataclass(frozen=True, eq=False)
class Packed:
    """The unchanging half of every dispatch of a system.

    ``backup_gen``: machine of each backup column and ``backup_link``: its row in gas_to_power. ``cost``: (n_columns,)
    USD/MWh. ``load_tier`` / ``load_protected_tier``: tier of a load's sheddable and protected part,
    ``load_sheddable_share`` the share of the former.
    """

    system: GridSystem
    case: DispatchCase
    backup_gen: I4
    backup_link: I4
    cost: F8
    dearest_supply: float
    tiers: Tiers
    load_tier: I4
    load_protected_tier: I4
    load_sheddable_share: F8
    ladder: Ladder = LEAST_SHEDDING

    @property
    def n_columns(self) -> int:
        return len(self.cost)

    @cached_property
    def gen_columns(self) -> slice:
        return slice(0, len(self.system.generators))

    @cached_property
    def backup_columns(self) -> slice:
        first = len(self.system.generators)
        return slice(first, first + len(self.backup_gen))

    @cached_property
    def border_columns(self) -> slice:
        first = self.backup_columns.stop
        return slice(first, first + len(self.system.borders))

    @cached_property
    def charge_columns(self) -> slice:
        first = self.border_columns.stop
        return slice(first, first + len(self.system.storages))

    @cached_property
    def discharge_columns(self) -> slice:
        first = self.charge_columns.stop
        return slice(first, first + len(self.system.storages))

    def cost_by_time_to_go(self, held_mwh: F8) -> F8:
        """(n_columns,) USD/MWh: ``cost`` with the storages, which hold ``held_mwh`` (n_storages,), priced by rank.

        The longest time-to-go discharges first and charges last; ties go by name, so row order changes nothing.
        """
        storages = self.system.storages
        rank = time_to_go_rank(held_mwh * storages.efficiency_discharge, storages.p_discharge_mw, storages.name)
        charge, discharge = self.dearest_supply * storage_cost_factors(len(storages))
        cost = self.cost.copy()
        cost[self.charge_columns], cost[self.discharge_columns] = charge[rank], discharge[rank]
        return cost

    def block_cost(self, net_mw: F8) -> F8:
        """(...,) USD/h by which blocks make outputs less spill (..., n_columns) dearer than ``cost`` does."""
        inside = np.clip(net_mw[..., self.case.block_gen] - self._block_begin_mw, 0.0, self._block_most_mw)
        return np.asarray((inside * self.case.block_rise).sum(axis=-1), dtype=np.float64)

    @cached_property
    def _block_begin_mw(self) -> F8:
        return block_begin_mw(self.case.block_gen, self.case.block_mw)

    @cached_property
    def _block_most_mw(self) -> F8:
        """(n_blocks,) MW; the last block of a machine takes what is beyond."""
        gen = self.case.block_gen
        return np.where(np.append(gen[1:] != gen[:-1], True), np.inf, self.case.block_mw)

    @cached_property
    def spill_cost(self) -> F8:
        """(n_columns,) USD/MWh outside the heating season."""
        return _kept(np.full(self.n_columns, SPILL_FACTOR * self.dearest_supply))

    def spill_cost_in(self, month: int) -> F8:
        """(n_columns,) USD/MWh: heat-led output and water are dearer to spill in the months of heating."""
        return self._winter_spill_cost if month in WINTER_MONTHS else self.spill_cost

    @cached_property
    def _winter_spill_cost(self) -> F8:
        generators = self.system.generators
        kept = generators.heat_led | generators.burning(
            fuel.fuel for fuel in fuels().values() if fuel.family == "water"
        )
        cost = self.spill_cost.copy()
        cost[self.gen_columns] = np.where(kept, self.ladder.heat_spill, SPILL_FACTOR) * self.dearest_supply
        return _kept(cost)

    @cached_property
    def penalty(self) -> F8:
        """(n_buses, n_tiers) USD/MWh."""
        return _kept(np.tile(self.tiers.penalty, (len(self.system.buses), 1)).copy())

    def demand_by_tier(self, load_mw: F8, factor: float = 1.0) -> F8:
        """(n_buses, n_tiers) MW from (n_loads,) MW, times ``factor``."""
        demand_mw = np.empty((len(self.system.buses), len(self.tiers)))
        load_by_tier(
            load_bus=self.system.loads.bus,
            tier=self.load_tier,
            protected_tier=self.load_protected_tier,
            sheddable_share=self.load_sheddable_share,
            load_mw=np.require(load_mw, np.float64, ("C", "W")),
            factor=factor,
            demand_mw_out=demand_mw,
        )
        return demand_mw

    def shed_by_load(self, load_mw: F8, shed_by_tier: F8, demand: F8 | None = None) -> F8:
        """(n_loads,) MW shed: each tier's shedding at a bus is divided in proportion to demand in that tier.

        ``demand``: :meth:`demand_by_tier` of ``load_mw``, where it is known.
        """
        if not shed_by_tier.any():
            return np.zeros(len(load_mw))
        demand = self.demand_by_tier(load_mw) if demand is None else demand
        ratio = np.divide(shed_by_tier, demand, out=np.zeros_like(demand), where=demand > 0)
        bus = self.system.loads.bus
        share = self.load_sheddable_share * ratio[bus, self.load_tier]
        share += (1.0 - self.load_sheddable_share) * ratio[bus, self.load_protected_tier]
        return load_mw * share

    def row_limits(
        self,
        out_branch: Sequence[int] | I4,
        month: int,
        interface_factor: F8 | None = None,
        rating_factor: F8 | None = None,
        *,
        emergency: bool = False,
    ) -> tuple[F8, F8]:
        """(row_lo_mw, row_hi_mw), each (n_rows,), for a set of branches out of service.

        Branch limits are the ratings times ``rating_factor`` (n_branches,), interface limits the lowest row of
        ``interface_limits`` whose outage scheme and season hold, times ``interface_factor`` (n_interfaces,).
        """
        system = self.system
        rating = system.branch_emergency_mw if emergency else system.branch_normal_mw
        if rating_factor is not None:
            rating = rating * rating_factor
        lo, hi = self.interface_limits(out_branch, month, emergency=emergency)
        if interface_factor is not None:  # what has no limit has nothing to lose a share of
            lo, hi = (np.where(np.isinf(bound), bound, np.nan_to_num(bound) * interface_factor) for bound in (lo, hi))
        return np.concatenate([-rating, lo]), np.concatenate([rating, hi])

    def interface_limits(self, out_branch: Sequence[int] | I4, month: int, *, emergency: bool = False) -> tuple[F8, F8]:
        """Lower (<= 0) and upper limit of each interface, MW; infinite where the table gives none.

        Raises StudyError if ``month`` is not 1-12.
        """
        if month not in range(1, 13):
            raise StudyError(f"month: no {month}; give 1 (January) to 12")
        system = self.system
        limits = system.interface_limits
        out = np.zeros(system.n_branches, dtype=bool)
        out[np.asarray(out_branch, dtype=np.int64)] = True
        n_interfaces = len(system.interfaces)
        lines_out = circuits_out(system, out & system.branch_in_service, system.branch_in_service)
        season = "winter" if month in WINTER_MONTHS else "summer"
        holds = (limits.lines_out <= lines_out[limits.interface]) & np.isin(limits.season, ("all", season))
        value = limits.emergency_mw if emergency else limits.normal_mw
        bounds = []
        for direction in ("reverse", "forward"):
            bound = np.full(n_interfaces, np.inf)
            rows = holds & (limits.direction == direction)
            np.minimum.at(bound, limits.interface[rows], value[rows])
            bounds.append(bound)
        return -bounds[0], bounds[1]


def _kept(values: F8) -> F8:
    """The same array, never to change: the dispatch knows it again without a comparison."""
    values.setflags(write=False)
    return values


def storage_cost_factors(n_storages: int) -> F8:
    """(2, n_storages) cost of charging and of discharging by rank, in units of G; rank 0 has the longest time-to-go.

    Charging is a column below 0, so its cost is what it earns: the last rank, the shortest time-to-go, earns most.
    """
    return np.array([np.linspace(*CHARGE_FACTOR, n_storages)[::-1], np.linspace(*DISCHARGE_FACTOR, n_storages)])


def time_to_go_rank(deliverable_mwh: F8, p_discharge_mw: F8, name: NDArray[np.str_]) -> I4:
    """(n_storages,) rank by hours at rated power, 0 for the longest, ties (to 1e-6 h) by name; no power: no hours."""
    power = np.asarray(p_discharge_mw, dtype=np.float64)
    hours = np.divide(deliverable_mwh, power, out=np.zeros(len(power)), where=power > 0.0)
    rank = np.empty(len(power), dtype=np.int32)
    rank[np.lexsort((name, -np.rint(hours * SAME_TIMES_PER_H)))] = np.arange(len(power))
    return rank


def pack(system: GridSystem, ladder: Ladder = LEAST_SHEDDING) -> Packed:
    """Pack a system once; its states are then made by filling bounds and demand."""
    generators, borders, storages = system.generators, system.borders, system.storages
    backup_gen, backup_link = _backup_columns(system)
    links = system.gas_to_power
    main_cost = np.concatenate([generators.cost_per_mwh, links.backup_cost_per_mwh[backup_link], borders.price_per_mwh])
    blocks = system.cost_blocks
    dearest = float(max(main_cost.max(initial=0.0), blocks.cost_per_mwh.max(initial=0.0), 1.0))
    by_machine = np.argsort(blocks.generator, kind="stable")
    block_gen = blocks.generator[by_machine]
    cost = np.concatenate([main_cost, *(dearest * storage_cost_factors(len(storages)))])
    column_bus = np.concatenate(
        [generators.bus, generators.bus[backup_gen], borders.bus, storages.bus, storages.bus]
    ).astype(np.int32)
    members = system.interface_members
    order = np.argsort(members.interface, kind="stable")
    counts = np.bincount(members.interface, minlength=len(system.interfaces))
    case = make_case(
        n_buses=len(system.buses),
        gen_bus=column_bus,
        branch_from=system.branch_from,
        branch_to=system.branch_to,
        branch_x_pu=system.branch_x_pu,
        branch_in_service=system.branch_in_service,
        interface_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        interface_branch=members.branch[order].astype(np.int32),
        interface_sign=members.sign[order].astype(np.float64),
        branch_turn_mw=system.branch_turn_mw,
        bus_loss_mw=system.shunt_loss_mw,
        block_gen=block_gen,
        block_mw=blocks.p_mw[by_machine],
        block_rise=blocks.cost_per_mwh[by_machine] - generators.cost_per_mwh[block_gen],
    )
    tiers, load_tier, protected_tier, sheddable = _tiers(system, dearest, ladder)
    return Packed(
        system=system,
        case=case,
        backup_gen=backup_gen,
        backup_link=backup_link,
        cost=_kept(cost),
        dearest_supply=dearest,
        tiers=tiers,
        load_tier=load_tier,
        load_protected_tier=protected_tier,
        load_sheddable_share=sheddable,
        ladder=ladder,
    )


def repacked(packed: Packed, shed_order: Mapping[str, int]) -> Packed:
    """The same case with other shed orders of load classes (by name); loads with an order of their own keep it."""
    classes = packed.system.load_classes
    order = np.array([shed_order.get(name, old) for name, old in zip(classes.name.tolist(), classes.shed_order)])
    system = packed.system.replace(load_classes=dataclasses.replace(classes, shed_order=order))
    tiers, load_tier, protected_tier, sheddable = _tiers(system, packed.dearest_supply, packed.ladder)
    return dataclasses.replace(
        packed, tiers=tiers, load_tier=load_tier, load_protected_tier=protected_tier, load_sheddable_share=sheddable
    )


def importable_mw(system: GridSystem, imports: Imports | str) -> F8:
    """(n_borders,) MW that may be bought under an import policy; StudyError for a policy that does not exist.

    ``likely``: with the median of the help beyond the contract; a run and the sampler draw it instead.
    """
    borders = system.borders
    try:
        policy = Imports(imports)
    except ValueError:
        raise StudyError(f"imports: no '{imports}'; {nearest(str(imports), list(Imports))}") from None
    by_policy = {
        Imports.NONE: np.zeros(len(borders)),
        Imports.CONTRACT: borders.contract_import_mw,
        Imports.LIMIT: borders.limit_import_mw,
        Imports.LIKELY: usual_support_mw(system),
    }
    return np.where(borders.in_service, by_policy[policy], 0.0)


def gas_generators(system: GridSystem, plant: str) -> I4:
    """Positions of a plant's machines that burn gas, the machines of a row of gas_to_power."""
    gens = system.generators_of(plant)
    return np.asarray(gens[system.generators.gas_fired[gens]], dtype=np.int32)


def yard_generators(system: GridSystem) -> list[I4]:
    """(n_yards) machines each yard feeds: those of its plant that burn what it holds (a gas plant's mazut: backup)."""
    stocks, fuel = system.fuel_stocks, system.generators.fuel
    feeds = []
    for plant, held in zip(stocks.plant.tolist(), stocks.fuel.tolist(), strict=True):
        gens = system.generators_of(plant)
        feeds.append(gens[fuel[gens] == fuel_of_yard(held)])
    return feeds


def _backup_columns(system: GridSystem) -> tuple[I4, I4]:
    gens: list[int] = []
    links: list[int] = []
    for link, plant in enumerate(system.gas_to_power.plant.tolist()):
        if system.gas_to_power.backup_fuel[link] != "none" and system.gas_to_power.backup_capacity_share[link] > 0:
            machines = gas_generators(system, plant).tolist()
            gens += machines
            links += [link] * len(machines)
    return np.array(gens, dtype=np.int32), np.array(links, dtype=np.int32)


def _tiers(system: GridSystem, dearest: float, prices_of: Ladder) -> tuple[Tiers, I4, I4, F8]:
    """The price ladder and each load's place on it."""
    classes, loads = system.load_classes, system.loads
    responsive = classes.price_responsive[loads.load_class]
    order = np.where(loads.shed_order >= 0, loads.shed_order, classes.shed_order[loads.load_class])
    firm = ~classes.price_responsive
    dearest_class = int(np.argmax(np.where(firm, classes.shed_order, -1)))
    protector = classes.protected_class[loads.load_class]
    protected_order = classes.shed_order[np.where(protector >= 0, protector, dearest_class)]
    sheddable = np.where(responsive, 1.0, classes.sheddable_share[loads.load_class])
    # A load whose own order is at or above its protected class's has nothing dearer to move to.
    protected_order = np.maximum(protected_order, order)

    prices = np.unique(classes.price_per_mwh[classes.price_responsive])
    orders = np.unique(np.concatenate([order[~responsive], protected_order[~responsive]]))
    if len(orders) == 0:
        orders = np.array([0])
    steps = max(len(orders) - 1, 1)
    ratio = min(PENALTY_RATIO, (PENALTY_LIMIT / prices_of.first * 0.999) ** (1.0 / steps))
    ladder = prices_of.first * dearest * ratio ** np.arange(len(orders))
    tiers = Tiers(
        np.concatenate([prices, ladder]),
        np.concatenate([np.ones(len(prices), dtype=bool), np.zeros(len(orders), dtype=bool)]),
        np.concatenate([np.full(len(prices), -1), orders]).astype(np.int32),
    )
    rank = len(prices) + np.searchsorted(orders, order)
    price_tier = np.searchsorted(prices, np.nan_to_num(classes.price_per_mwh[loads.load_class]))
    load_tier = np.where(responsive, price_tier, np.minimum(rank, len(tiers) - 1)).astype(np.int32)
    protected_tier = len(prices) + np.searchsorted(orders, protected_order)
    protected_tier = np.where(responsive, load_tier, np.minimum(protected_tier, len(tiers) - 1))
    return tiers, load_tier, protected_tier.astype(np.int32), np.asarray(sheddable, dtype=np.float64)
