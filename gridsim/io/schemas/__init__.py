"""The table of attributes of a network folder: every table, column, unit, range, default and meaning.

``TABLES`` maps a CSV file's name (without ``.csv``) to its row model; the format page of the docs is generated from it.
"""

from __future__ import annotations

from typing import NamedTuple

from gridsim.io.schemas import carriers, planning, power, weather
from gridsim.io.schemas.column import Effect, Row


class TableSchema(NamedTuple):
    """``key``: the column whose values are unique and referred to; empty when rows are members of a named group.

    ``effect``: of the whole table; where it is not MODEL, the effects of single columns do not count.
    """

    row: type[Row]
    required: bool
    key: str
    effect: Effect = Effect.MODEL


TABLES: dict[str, TableSchema] = {
    "buses": TableSchema(power.BusRow, True, "name"),
    "lines": TableSchema(power.LineRow, False, "name"),
    "transformers": TableSchema(power.TransformerRow, False, "name"),
    "shunts": TableSchema(power.ShuntRow, False, "name"),
    "generators": TableSchema(power.GeneratorRow, True, "name"),
    "cost_blocks": TableSchema(power.CostBlockRow, False, ""),
    "maintenance_classes": TableSchema(power.MaintenanceClassRow, False, "name"),
    "storages": TableSchema(power.StorageRow, False, "name"),
    "loads": TableSchema(power.LoadRow, True, "name"),
    "load_classes": TableSchema(power.LoadClassRow, True, "name"),
    "interfaces": TableSchema(power.InterfaceRow, False, ""),
    "interface_limits": TableSchema(power.InterfaceLimitRow, False, ""),
    "borders": TableSchema(power.BorderRow, False, "name"),
    "border_support": TableSchema(power.BorderSupportRow, False, "border"),
    "profiles": TableSchema(power.ProfileRow, False, ""),
    "hourly_profiles": TableSchema(power.HourlyProfileRow, False, ""),
    "heat_curves": TableSchema(power.HeatCurveRow, False, ""),
    "outage_curves": TableSchema(power.OutageCurveRow, False, ""),
    "rating_curves": TableSchema(power.RatingCurveRow, False, ""),
    "weather_sites": TableSchema(power.WeatherSiteRow, False, "name"),
    "climate": TableSchema(power.ClimateRow, False, ""),
    "weather_field": TableSchema(weather.WeatherFieldRow, False, "variable"),
    "weather_variability": TableSchema(weather.WeatherVariabilityRow, False, ""),
    "renewable_sites": TableSchema(weather.RenewableSiteRow, False, "name"),
    "clearness": TableSchema(weather.ClearnessRow, False, ""),
    "clear_sky": TableSchema(weather.ClearSkyRow, False, ""),
    "load_response": TableSchema(weather.LoadResponseRow, False, "zone"),
    "rivers": TableSchema(weather.RiverRow, False, "name"),
    "weather_targets": TableSchema(weather.WeatherTargetRow, False, ""),
    "typical": TableSchema(planning.TypicalRow, False, ""),
    "renewables_at_peak": TableSchema(planning.RenewablesAtPeakRow, False, ""),
    "automation": TableSchema(power.AutomationRow, False, "name"),
    "neighbour_systems": TableSchema(power.NeighbourSystemRow, False, "border"),
    "stability_limits": TableSchema(power.StabilityLimitRow, False, "interface"),
    "gas_nodes": TableSchema(carriers.GasNodeRow, False, "name"),
    "gas_pipelines": TableSchema(carriers.GasPipelineRow, False, "name"),
    "gas_supply": TableSchema(carriers.GasSupplyRow, False, "name"),
    "gas_demand": TableSchema(carriers.GasDemandRow, False, "name"),
    "gas_storage": TableSchema(carriers.GasStorageRow, False, "name"),
    "gas_to_power": TableSchema(carriers.GasToPowerRow, False, "plant"),
    "compressor_stations": TableSchema(carriers.CompressorStationRow, False, "name"),
    "power_to_gas": TableSchema(carriers.PowerToGasRow, False, "name"),
    "fuel_stocks": TableSchema(carriers.FuelStockRow, False, "name"),
    "coal_routes": TableSchema(carriers.CoalRouteRow, False, "name"),
    "heat": TableSchema(carriers.HeatRow, False, "name"),
    "auxiliaries": TableSchema(carriers.AuxiliaryRow, False, "plant"),
    "repair_crews": TableSchema(carriers.RepairCrewRow, False, "name"),
    "reservoirs": TableSchema(carriers.ReservoirRow, False, "name"),
    "reservoir_releases": TableSchema(carriers.ReservoirReleaseRow, False, ""),
    "duty": TableSchema(power.DutyRow, False, "name"),
    "minerals": TableSchema(carriers.MineralRow, False, "name"),
    "mineral_processes": TableSchema(carriers.MineralProcessRow, False, "name"),
    "nuclear": TableSchema(carriers.NuclearRow, False, "name"),
    "offsite_losses": TableSchema(carriers.OffsiteLossRow, False, "name"),
    "emission_factors": TableSchema(carriers.EmissionFactorRow, False, "name"),
    "methane_sources": TableSchema(carriers.MethaneSourceRow, False, "name"),
    "storm_tracks": TableSchema(carriers.StormTrackRow, False, "name"),
    "cooling": TableSchema(carriers.CoolingRow, False, "name"),
    "water_supply": TableSchema(carriers.WaterSupplyRow, False, "name"),
    "unit_costs": TableSchema(carriers.UnitCostRow, False, "name"),
    "inventory_targets": TableSchema(carriers.InventoryTargetRow, False, "name"),
    "sources": TableSchema(carriers.SourceRow, False, "key", Effect.LABEL),
}
