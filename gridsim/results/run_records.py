"""Tables of a run: their columns, types and units, and the Protocol of what they are written to.

Every row of a per-hour table holds for ``duration_h`` hours from ``time_h`` after the start: between two events
nothing changes, so energy is the sum of power times duration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from gridsim.results.metrics import Estimate

Columns = Mapping[str, Any]


class ColumnSpec(NamedTuple):
    """``kind``: i4, f8, str or bool."""

    name: str
    kind: str
    doc: str


def _table(*columns: tuple[str, str, str]) -> tuple[ColumnSpec, ...]:
    head = (
        ("replicate", "i4", "replicate"),
        ("time_h", "f8", "hours after the start"),
        ("duration_h", "f8", "hours the row holds"),
    )
    return tuple(ColumnSpec(*column) for column in (*head, *columns))


TABLES: dict[str, tuple[ColumnSpec, ...]] = {
    "zones": _table(
        ("name", "str", "zone; 'external' holds the borders"),
        ("temperature_c", "f8", "load-weighted temperature"),
        ("demand_mw", "f8", "demand at the bus"),
        ("losses_mw", "f8", "loss allowance: share x (demand - price response - unserved)"),
        ("unserved_mw", "f8", "demand not served against its will"),
        ("price_response_mw", "f8", "demand that did not buy at the price"),
        ("generation_mw", "f8", "machines, net of spill"),
        ("gas_fired_mw", "f8", "of it machines on gas"),
        ("backup_fuel_mw", "f8", "of it machines on their backup fuel"),
        ("coal_mw", "f8", "of it coal"),
        ("hydro_mw", "f8", "of it hydro"),
        ("wind_mw", "f8", "of it wind"),
        ("solar_mw", "f8", "of it sun"),
        ("other_mw", "f8", "of it everything else"),
        ("storage_mw", "f8", "stores, discharging positive"),
        ("import_mw", "f8", "bought at the zone's borders"),
        ("net_inflow_mw", "f8", "flow over branches into the zone less out of it"),
        ("gas_fired_available_mw", "f8", "what gas-fired machines could give on gas"),
        ("available_mw", "f8", "what committed machines could give within the step"),
        ("reserve_margin_mw", "f8", "available, stored and importable power of the zone's own less demand and losses"),
        ("curtailed_mw", "f8", "wind and sun not used"),
        ("spilled_mw", "f8", "forced output thrown away (heat-led, minimum load)"),
        ("co2_t_per_h", "f8", "CO2 at the stack"),
    ),
    "generators": _table(
        ("name", "str", "machine or border"),
        ("plant", "str", "plant; the border's own name"),
        ("fuel", "str", "fuel now burnt; 'import' for a border"),
        ("p_mw", "f8", "output, net of spill"),
        ("available_mw", "f8", "upper bound of the dispatch"),
        ("committed", "bool", "synchronised"),
    ),
    "lines": _table(
        ("name", "str", "line or transformer"),
        ("in_service", "bool", "in service"),
        ("p_dispatch_mw", "f8", "flow of the dispatch (DC), from-side to to-side"),
        ("limit_mw", "f8", "normal rating"),
        ("p_ac_mw", "f8", "AC flow at the from side; null without an AC solution"),
        ("loading_percent", "f8", "AC loading of the normal rating; null without an AC solution"),
    ),
    "buses": _table(
        ("name", "str", "bus"),
        ("vm_pu", "f8", "voltage; null without an AC solution or supply"),
        ("va_degree", "f8", "angle"),
    ),
    "interfaces": _table(
        ("name", "str", "section"),
        ("flow_mw", "f8", "flow in the forward direction"),
        ("limit_reverse_mw", "f8", "permissible flow, reverse (<= 0); null: none"),
        ("limit_forward_mw", "f8", "permissible flow, forward; null: none"),
        ("loading", "f8", "flow over the limit of its direction; null: no limit"),
        ("price", "f8", "worth of one more MW of limit, USD/MWh"),
    ),
    "gas": _table(
        ("name", "str", "gas node"),
        ("asked_mcm_per_d", "f8", "asked for, all classes and plants"),
        ("delivered_mcm_per_d", "f8", "delivered"),
        ("cut_households_mcm_per_d", "f8", "not delivered to households"),
        ("cut_heating_mcm_per_d", "f8", "not delivered to heating plants"),
        ("cut_industry_mcm_per_d", "f8", "not delivered to industry"),
        ("power_available_mw", "f8", "what its plants could make on gas"),
        ("power_unrestricted_mw", "f8", "what they could make if gas were no limit"),
        ("linepack_mcm", "f8", "usable linepack left at the node at the start of the row"),
        ("pressure_bar", "f8", "pressure at the end of the row; null with policy.gas: balance"),
        ("vented_mcm", "f8", "gas vented at the start of the row by a rupture of a section that begins here"),
    ),
    "compressors": _table(
        ("name", "str", "compressor station"),
        ("shaft_mw", "f8", "shaft power at the end of the row; null with policy.gas: balance"),
        ("fuel_mcm_per_d", "f8", "gas its turbines burn; part of the network's own_use demand, not beside it"),
    ),
    "fuel": _table(
        ("name", "str", "yard or backup tank: plant/fuel"),
        ("stock_days", "f8", "days at full output (backup: at backup capacity)"),
        ("burn_mw", "f8", "output on this fuel"),
    ),
    "shortfall": _table(
        ("name", "str", "bus/class"),
        ("zone", "str", "zone"),
        ("oblast", "str", "oblast"),
        ("load_class", "str", "class of the load"),
        ("unserved_mw", "f8", "not served"),
        ("price_response_mw", "f8", "did not buy at the price"),
    ),
    "balance": _table(
        ("name", "str", "zone"),
        ("gas_fired_change_mw", "f8", "machines on gas, against the same hour without events"),
        ("backup_fuel_change_mw", "f8", "machines on their backup fuel"),
        ("other_generation_change_mw", "f8", "all other machines, stores and own borders"),
        ("demand_change_mw", "f8", "demand and losses, price response taken off"),
        ("unserved_mw", "f8", "unserved now less then"),
        ("net_inflow_change_mw", "f8", "flow into the zone = demand - unserved - generation changes"),
        ("residual_mw", "f8", "what the line above does not explain (solver noise)"),
    ),
    "solves": _table(
        ("dispatch_status", "i4", "0: optimal"),
        ("dispatch_cost", "f8", "generation cost, USD/h"),
        ("loss_share", "f8", "loss allowance used"),
        ("dispatch_engine", "str", "kernel or highs"),
        ("ac_status", "str", "ok, not_converged or off"),
        ("ac_rung", "str", "how it was solved: warm, flat, dc_start, relaxed_q, dc_only"),
        ("ac_reason", "str", "why it was not"),
        ("ac_losses_mw", "f8", "AC losses; null if not converged"),
        ("vm_min_pu", "f8", "lowest voltage"),
        ("vm_max_pu", "f8", "highest voltage"),
        ("max_loading_percent", "f8", "highest AC loading"),
    ),
    "shortfall_events": _table(
        ("name", "str", "zone, or 'system'"),
        ("energy_mwh", "f8", "unserved energy of the run of shortfall"),
        ("peak_mw", "f8", "deepest shortfall"),
    ),
    "events": (
        ColumnSpec("replicate", "i4", "replicate"),
        ColumnSpec("time_h", "f8", "hours after the start"),
        ColumnSpec("event_id", "i4", "number of the change within the replicate"),
        ColumnSpec("component", "str", "what changed: table:name"),
        ColumnSpec("from_state", "str", "before"),
        ColumnSpec("to_state", "str", "after"),
        ColumnSpec("cause_id", "i4", "the change that made it; -1: a root"),
    ),
}


#: Kept for every replicate of a study; other tables only where ``outputs`` names them.
STUDY_TABLES = ("zones", "interfaces", "shortfall", "shortfall_events", "events", "replicate_metrics")

REPLICATE_METRICS = (
    ColumnSpec("replicate", "i4", "replicate"),
    ColumnSpec("name", "str", "as in docs/metrics.md"),
    ColumnSpec("scope", "str", "system, zone:NAME, class:NAME ..."),
    ColumnSpec("value", "f8", "the number of this replicate"),
    ColumnSpec("unit", "str", "unit"),
)

METRICS = (
    ColumnSpec("name", "str", "as in docs/metrics.md"),
    ColumnSpec("scope", "str", "system, zone:NAME, class:NAME ..."),
    ColumnSpec("value", "f8", "the number; null where it cannot be stated"),
    ColumnSpec("stderr", "f8", "standard error; null for one trajectory"),
    ColumnSpec("ci_low", "f8", "95 % interval"),
    ColumnSpec("ci_high", "f8", "95 % interval"),
    ColumnSpec("unit", "str", "unit"),
    ColumnSpec("n", "i4", "samples"),
)


def metric_columns(metrics: Iterable[Estimate]) -> Columns:
    """Estimates as columns of the metrics table."""
    rows = list(metrics)
    return {
        spec.name: [_number(getattr(row, spec.name)) if spec.kind == "f8" else getattr(row, spec.name) for row in rows]
        for spec in METRICS
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


class Sink(Protocol):
    """Where a run writes: called with whole columns, rows sorted by (time_h, name)."""

    def write(self, table: str, columns: Columns) -> None:
        """Append rows of ``table``; the columns are those of ``TABLES``."""
        ...
