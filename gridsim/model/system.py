"""GridSystem: one immutable system, the input of simulator and sampler alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gridsim.errors import Problem, StudyError
from gridsim.model import carriers, planning, power, weather
from gridsim.model.digest import digest
from gridsim.model.display import Card, Displayed, counted, listed
from gridsim.model.table import F8, I4, Table, sum_at

EXTERNAL = "external"
MONTHS = 12
DAY_TYPES = ("workday", "saturday", "sunday")
SMALLEST_X_PU = 1e-8  # of a transformer, on its own rating


@dataclass(frozen=True, eq=False)
class Profiles:
    """Shapes by month, day type and hour: ``value`` (n_profiles, 12, 3, 24) f8, ``name`` (n_profiles,)."""

    name: NDArray[np.str_]
    value: F8

    def __post_init__(self) -> None:
        assert self.value.shape == (len(self.name), MONTHS, len(DAY_TYPES), 24), self.value.shape
        self.value.setflags(write=False)

    @staticmethod
    def empty() -> Profiles:
        return Profiles(np.array([], dtype=np.str_), np.zeros((0, MONTHS, len(DAY_TYPES), 24)))


@dataclass(frozen=True, eq=False)
class HourlyProfiles:
    """Shapes over a whole sample year from 1 January: ``value`` (n_shapes, n_hours) f8.

    Where years are sampled, and in runs of ``GridSystem.hourly_year``, a shape replaces the profile at position
    ``profile`` (n_shapes,). A sample year that is no calendar year starts on a Monday.
    """

    profile: I4
    value: F8

    def __post_init__(self) -> None:
        assert len(self.value) == len(self.profile), self.value.shape
        self.value.setflags(write=False)

    @staticmethod
    def empty() -> HourlyProfiles:
        return HourlyProfiles(np.zeros(0, dtype=np.int32), np.zeros((0, 0)))


@dataclass(frozen=True, eq=False)
class HeatCurves:
    """Piecewise-linear curves: ``points[c]`` is (n, 3): temperature_c ascending, p_min_share, p_max_share."""

    name: NDArray[np.str_]
    points: tuple[F8, ...]

    def shares(self, curve: int, temperature_c: F8 | float) -> tuple[F8, F8]:
        """Forced and remaining share of p_max at an outdoor temperature; constant beyond the ends."""
        t, p_min, p_max = self.points[curve].T
        return np.interp(temperature_c, t, p_min), np.interp(temperature_c, t, p_max)

    @staticmethod
    def empty() -> HeatCurves:
        return HeatCurves(np.array([], dtype=np.str_), ())


@dataclass(frozen=True, eq=False)
class Climate:
    """Monthly means per weather site, each (n_sites, 12), degrees Celsius; NaN where a site has no climate."""

    t_mean_c: F8
    t_min_c: F8
    t_max_c: F8

    @staticmethod
    def empty() -> Climate:
        return Climate(np.zeros((0, MONTHS)), np.zeros((0, MONTHS)), np.zeros((0, MONTHS)))


def transformer_x_pu(transformers: power.Transformers, vn_kv: F8) -> F8:
    """(n_transformers,) reactance of the DC power flow on 1 MVA, at the tap of the base state.

    vn_kv : (n_buses,) kV. A branch of ratio t carries (angle difference) / (x t) (MATPOWER manual, section 3.7). With x
    on the low side's base the voltage bases leave x (v_hv / vn_hv) (v_lv / vn_lv), v the rated voltages at the tap. It
    is x of the pi circuit made from pandapower's T circuit (wye-delta: z (1 + z y / 4)), so that the magnetising branch
    counts as it does there: about 1e-4 of x.
    """
    t = transformers
    sign = np.where(t.vk_percent < 0, -1.0, 1.0)
    z = (t.vkr_percent + 1j * sign * np.sqrt(np.maximum(t.vk_percent**2 - t.vkr_percent**2, 0.0))) / 100
    g = t.pfe_kw / 1000 / t.sn_mva
    # Rounded data may give iron losses above the no-load current, as if it had no reactive part.
    b = np.sqrt(np.maximum((t.i0_percent / 100) ** 2 - g**2, 0.0))
    x_rated = (z * (1 + z * (g - 1j * b) / 4)).imag
    # A transformer of resistance alone has no place in a DC power flow: the floor keeps its susceptance finite.
    x_pu = sign * np.maximum(sign * x_rated, SMALLEST_X_PU) / (t.sn_mva * t.parallel)
    step = 1 + t.tap_step_percent / 100 * (t.tap_pos - t.tap_neutral)
    v_hv = t.vn_hv_kv * np.where(t.tap_side == "hv", step, 1.0)
    v_lv = t.vn_lv_kv * np.where(t.tap_side == "lv", step, 1.0)
    return np.asarray(x_pu * (v_hv / vn_kv[t.hv_bus]) * (v_lv / vn_kv[t.lv_bus]), dtype=np.float64)


@dataclass(frozen=True, eq=False, repr=False)
class GridSystem(Displayed):
    """Everything that is known about a system before anything happens to it; nothing is ever written into it.

    ``loss_share``: network losses as a share of demand at the bus, the start of the dispatch's loss allowance.
    ``load_damping_pu``: change of load per change of frequency, both per unit.
    ``reserve_mw``: (n_zones,) spinning reserve that the daily commitment covers on top of each zone's peak;
    ``reserve_stated`` False: the network says nothing, and the largest machine is covered instead (N-1).
    ``warnings``: columns and tables of the input that have no effect, and values hardly meant.
    ``confidence``: table -> confidence -> share of its MW, km or rows, as the input says of itself.
    """

    name: str
    buses: power.Buses
    generators: power.Generators
    loads: power.Loads
    load_classes: power.LoadClasses
    zones: tuple[str, ...]
    reserve_mw: tuple[float, ...]
    reserve_stated: bool = True
    title: str = ""
    description: str = ""
    country: str = ""
    timezone: str = "UTC"
    f_hz: float = 50.0
    loss_share: float = 0.0
    load_damping_pu: float = 1.5
    base_year: int = 0
    hourly_year: int = 0
    gas: carriers.GasSettings = field(default_factory=carriers.GasSettings)
    planning_day: planning.PlanningDaySettings = field(default_factory=planning.PlanningDaySettings)
    licence: str = ""
    warnings: tuple[Problem, ...] = ()
    confidence: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lines: power.Lines = field(default_factory=power.Lines.empty)
    transformers: power.Transformers = field(default_factory=power.Transformers.empty)
    shunts: power.Shunts = field(default_factory=power.Shunts.empty)
    maintenance_classes: power.MaintenanceClasses = field(default_factory=power.MaintenanceClasses.empty)
    cost_blocks: power.CostBlocks = field(default_factory=power.CostBlocks.empty)
    storages: power.Storages = field(default_factory=power.Storages.empty)
    interfaces: power.Interfaces = field(default_factory=power.Interfaces.empty)
    interface_members: power.InterfaceMembers = field(default_factory=power.InterfaceMembers.empty)
    interface_limits: power.InterfaceLimits = field(default_factory=power.InterfaceLimits.empty)
    borders: power.Borders = field(default_factory=power.Borders.empty)
    border_support: power.BorderSupport = field(default_factory=power.BorderSupport.empty)
    profiles: Profiles = field(default_factory=Profiles.empty)
    hourly_profiles: HourlyProfiles = field(default_factory=HourlyProfiles.empty)
    heat_curves: HeatCurves = field(default_factory=HeatCurves.empty)
    outage_curves: weather.TemperatureCurves = field(default_factory=weather.TemperatureCurves.empty)
    rating_curves: weather.TemperatureCurves = field(default_factory=weather.TemperatureCurves.empty)
    weather_sites: power.WeatherSites = field(default_factory=power.WeatherSites.empty)
    climate: Climate = field(default_factory=Climate.empty)
    weather_field: weather.WeatherField = field(default_factory=weather.WeatherField.empty)
    weather_variability: weather.WeatherVariability = field(default_factory=weather.WeatherVariability.empty)
    renewable_sites: weather.RenewableSites = field(default_factory=weather.RenewableSites.empty)
    clearness: weather.Clearness = field(default_factory=weather.Clearness.empty)
    clear_sky: weather.ClearSky = field(default_factory=weather.ClearSky.empty)
    load_response: weather.LoadResponse = field(default_factory=weather.LoadResponse.empty)
    rivers: weather.Rivers = field(default_factory=weather.Rivers.empty)
    weather_targets: weather.WeatherTargets = field(default_factory=weather.WeatherTargets.empty)
    typical: planning.Typical = field(default_factory=planning.Typical.empty)
    renewables_at_peak: planning.RenewablesAtPeak = field(default_factory=planning.RenewablesAtPeak.empty)
    automation: power.Automation = field(default_factory=power.Automation.empty)
    neighbour_systems: power.NeighbourSystems = field(default_factory=power.NeighbourSystems.empty)
    stability_limits: power.StabilityLimits = field(default_factory=power.StabilityLimits.empty)
    gas_nodes: carriers.GasNodes = field(default_factory=carriers.GasNodes.empty)
    gas_pipelines: carriers.GasPipelines = field(default_factory=carriers.GasPipelines.empty)
    gas_supply: carriers.GasSupply = field(default_factory=carriers.GasSupply.empty)
    gas_demand: carriers.GasDemand = field(default_factory=carriers.GasDemand.empty)
    gas_storage: carriers.GasStorage = field(default_factory=carriers.GasStorage.empty)
    gas_to_power: carriers.GasToPower = field(default_factory=carriers.GasToPower.empty)
    compressor_stations: carriers.CompressorStations = field(default_factory=carriers.CompressorStations.empty)
    power_to_gas: carriers.PowerToGas = field(default_factory=carriers.PowerToGas.empty)
    fuel_stocks: carriers.FuelStocks = field(default_factory=carriers.FuelStocks.empty)
    coal_routes: carriers.CoalRoutes = field(default_factory=carriers.CoalRoutes.empty)
    heat: carriers.Heat = field(default_factory=carriers.Heat.empty)
    auxiliaries: carriers.Auxiliaries = field(default_factory=carriers.Auxiliaries.empty)
    repair_crews: carriers.RepairCrews = field(default_factory=carriers.RepairCrews.empty)
    reservoirs: carriers.Reservoirs = field(default_factory=carriers.Reservoirs.empty)
    reservoir_releases: carriers.ReservoirReleases = field(default_factory=carriers.ReservoirReleases.empty)
    duty: power.Duties = field(default_factory=power.Duties.empty)
    minerals: carriers.Minerals = field(default_factory=carriers.Minerals.empty)
    mineral_processes: carriers.MineralProcesses = field(default_factory=carriers.MineralProcesses.empty)
    nuclear: carriers.NuclearSites = field(default_factory=carriers.NuclearSites.empty)
    offsite_losses: carriers.OffsiteLosses = field(default_factory=carriers.OffsiteLosses.empty)
    emission_factors: carriers.EmissionFactors = field(default_factory=carriers.EmissionFactors.empty)
    methane_sources: carriers.MethaneSources = field(default_factory=carriers.MethaneSources.empty)
    storm_tracks: carriers.StormTracks = field(default_factory=carriers.StormTracks.empty)
    cooling: carriers.Cooling = field(default_factory=carriers.Cooling.empty)
    water_supply: carriers.WaterSupply = field(default_factory=carriers.WaterSupply.empty)
    unit_costs: carriers.UnitCosts = field(default_factory=carriers.UnitCosts.empty)
    inventory_targets: carriers.InventoryTargets = field(default_factory=carriers.InventoryTargets.empty)
    sources: carriers.Sources = field(default_factory=carriers.Sources.empty)

    def __post_init__(self) -> None:
        n_buses = len(self.buses)
        for positions, what in (
            (self.generators.bus, "generators.bus"),
            (self.loads.bus, "loads.bus"),
            (self.lines.from_bus, "lines.from_bus"),
            (self.lines.to_bus, "lines.to_bus"),
            (self.transformers.hv_bus, "transformers.hv_bus"),
            (self.transformers.lv_bus, "transformers.lv_bus"),
            (self.shunts.bus, "shunts.bus"),
            (self.storages.bus, "storages.bus"),
            (self.borders.bus, "borders.bus"),
        ):
            if not ((positions >= 0) & (positions < n_buses)).all():
                raise StudyError(f"{what} points outside the {n_buses} buses; give positions from 0 to {n_buses - 1}")
        if not (self.buses.zone < len(self.zones)).all():
            raise StudyError(f"buses.zone points outside the {len(self.zones)} zones; give positions, -1 for abroad")
        if len(self.reserve_mw) != len(self.zones):
            raise StudyError(f"reserve_mw: {len(self.reserve_mw)} values; give one per zone, {len(self.zones)}")

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of everything in the system: one that was changed, by a variant or in memory, has another."""
        # a system without blocks of costs keeps the hash that it had before there were any
        unused = () if len(self.cost_blocks) else ("cost_blocks",)
        return digest(self, leave_out=("warnings", "confidence", *unused))

    def _card(self) -> Card:
        tables = [(name, getattr(self, name)) for name in (field.name for field in dataclasses.fields(self))]
        sizes = [(name, len(table)) for name, table in tables if isinstance(table, Table) and len(table)]
        lines = [
            self.title or self.country,
            f"zones: {listed(self.zones)}",
            f"{counted(len(self.buses), 'bus', 'buses')}, {counted(len(self.lines), 'line')}, "
            f"{counted(len(self.transformers), 'transformer')}, {counted(len(self.interfaces), 'section')}",
            f"{counted(len(self.generators), 'machine')} of {float(self.generators.p_max_mw.sum()):,.0f} MW, "
            f"{counted(len(self.loads), 'load')} of {float(self.loads.p_mw.sum()):,.0f} MW in the base state",
            f"{counted(len(self.gas_nodes), 'gas node')}, {counted(len(self.gas_pipelines), 'gas pipeline')}",
            counted(len(self.warnings), "warning") if self.warnings else "",
        ]
        rows = [(name, f"{rows:,}") for name, rows in sorted(sizes, key=lambda size: -size[1])]
        return Card(f"GridSystem {self.name}", [line for line in lines if line], ("table", "rows"), rows)

    # Branches are lines first, then transformers: the order of every array over branches.

    @property
    def n_branches(self) -> int:
        return len(self.lines) + len(self.transformers)

    @cached_property
    def branch_name(self) -> NDArray[np.str_]:
        """(n_branches,) names, lines first."""
        return np.concatenate([self.lines.name, self.transformers.name]).astype(np.str_)

    @cached_property
    def branch_from(self) -> I4:
        return np.concatenate([self.lines.from_bus, self.transformers.hv_bus]).astype(np.int32)

    @cached_property
    def branch_to(self) -> I4:
        return np.concatenate([self.lines.to_bus, self.transformers.lv_bus]).astype(np.int32)

    @cached_property
    def branch_in_service(self) -> NDArray[np.bool_]:
        return np.concatenate([self.lines.in_service, self.transformers.in_service]).astype(np.bool_)

    @cached_property
    def branch_x_pu(self) -> F8:
        """(n_branches,) series reactance of the DC power flow, all parallel circuits together, on 1 MVA.

        Lines on the voltage of their from-bus; transformers times their off-nominal ratio, as pandapower's ``rundcpp``.
        """
        vn_kv = self.buses.vn_kv[self.lines.from_bus]
        x_line = self.lines.x_ohm_per_km * self.lines.length_km / self.lines.parallel / vn_kv**2
        return np.concatenate([x_line, transformer_x_pu(self.transformers, self.buses.vn_kv)])

    @cached_property
    def branch_turn_mw(self) -> F8:
        """(n_branches,) MW that a transformer's shift takes off its flow in the DC power flow: shift over x."""
        shift_rad = np.concatenate([np.zeros(len(self.lines)), np.radians(self.transformers.shift_degree)])
        return np.asarray(shift_rad / self.branch_x_pu)

    @cached_property
    def shunt_loss_mw(self) -> F8:
        """(n_buses,) MW that shunts in service lose at nominal voltage; below 0 where equivalents give power."""
        return sum_at(self.shunts.bus, np.where(self.shunts.in_service, self.shunts.p_mw, 0.0), len(self.buses))

    @cached_property
    def branch_normal_mw(self) -> F8:
        """(n_branches,) normal rating at unit power factor and nominal voltage, MW; inf: unlimited."""
        t = self.transformers
        return self._branch_mw(self.lines.max_i_ka, t.sn_mva * t.parallel * t.max_loading_percent / 100)

    @cached_property
    def branch_emergency_mw(self) -> F8:
        """(n_branches,) rating for some minutes, MW."""
        t = self.transformers
        return self._branch_mw(
            self.lines.max_i_emergency_ka, t.sn_mva * t.parallel * t.max_loading_emergency_percent / 100
        )

    @cached_property
    def rating_rows(self) -> tuple[I4, I4]:
        """(rows (n_rows, 3), row (n_branches,)): distinct (curve, site, site) of lines whose rating follows the air
        temperature at both ends, and the row of each branch, -1 where the rating is constant.
        """
        lines, site = self.lines, self.buses.weather_site
        first, second = site[lines.from_bus], site[lines.to_bus]
        keys = np.stack([lines.rating_curve, np.minimum(first, second), np.maximum(first, second)], axis=1)
        keys[keys[:, 1] < 0, 1] = keys[keys[:, 1] < 0, 2]  # one end has a site: it holds for the line
        follows = (keys >= 0).all(axis=1)
        rows, of_line = np.unique(keys[follows], axis=0, return_inverse=True)
        row = np.full(self.n_branches, -1, dtype=np.int32)
        row[np.flatnonzero(follows)] = of_line.reshape(-1)
        return rows.astype(np.int32), row

    def rating_factors(self, temperature_c: F8) -> F8:
        """Factor on the ratings of each of ``rating_rows``: (n_rows, ...) at air temperatures (n_sites, ...).

        The warmer end of a line counts.
        """
        rows, _ = self.rating_rows
        warmer = np.maximum(temperature_c[rows[:, 1]], temperature_c[rows[:, 2]])
        factor = np.ones_like(warmer)
        for curve in range(len(self.rating_curves.name)):
            of_curve = rows[:, 0] == curve
            factor[of_curve] = self.rating_curves.at(curve, warmer[of_curve])
        return np.where(np.isnan(factor), 1.0, factor)  # a site without climate

    def branch_rating_factor(self, temperature_c: F8) -> F8:
        """(n_branches,) factor on normal and emergency ratings at air temperatures (n_sites,); 1 without a curve."""
        _, row = self.rating_rows
        return np.append(self.rating_factors(temperature_c), 1.0)[row]

    def _branch_mw(self, line_ka: F8, trafo_mw: F8) -> F8:
        line_mw = np.sqrt(3.0) * self.buses.vn_kv[self.lines.from_bus] * line_ka * self.lines.parallel
        return np.concatenate([np.where(np.isnan(line_mw), np.inf, line_mw), trafo_mw])

    @cached_property
    def bus_zone_name(self) -> NDArray[np.str_]:
        """(n_buses,) zone name, 'external' abroad."""
        names = np.array([*self.zones, EXTERNAL])
        return names[self.buses.zone]

    @cached_property
    def plants(self) -> tuple[str, ...]:
        """Plant names, sorted."""
        return tuple(sorted(set(self.generators.plant.tolist())))

    def generators_of(self, plant: str) -> I4:
        """Positions of the machines of a plant."""
        return np.flatnonzero(self.generators.plant == plant).astype(np.int32)

    def replace(self, **changes: object) -> GridSystem:
        """A copy with some tables replaced."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]
