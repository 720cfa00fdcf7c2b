"""The numbers of the catalogue (``shows`` of every bundled event) and of the pages, each as a function of a run.

A text is checked as a row of pieces, found in it from left to right: a ``Number`` stands in the text as its format
prints the value of the run, a ``Claim`` is words that hold in the run, a ``Given`` is words with an input of the
scenario. What is left between the pieces may not hold a number, in digits or in words.

``python -m tests.support.shows`` plays every event and writes the numbers of today into the files; a claim that does
not hold any more stops it.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gridsim.engine.run import Replicates, RunResult, run
from gridsim.io.bundled import event_files
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import AcMode
from gridsim.report.summary import summary_lines

ROOT = Path(__file__).parents[2]
RUPTURE = "bbs_pipeline_rupture"
#: In the README what the rupture prints, in a block of its own.
PRINTED = re.compile(r"(?<=```text\n)what .*?(?=```)", re.DOTALL)
NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    "|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|twice|half|halved"
    "|nobody|nothing|none|no"
)
_ANY_NUMBER = re.compile(rf"\d|\b({_WORDS})\b", re.IGNORECASE)


class Number(NamedTuple):
    """``text`` with one format field, as ``{:,.0f} MWh``, printed from ``value`` of the run."""

    text: str
    value: Callable[[RunResult], float]


class Claim(NamedTuple):
    """Words of the text that say what ``holds`` in the run."""

    text: str
    holds: Callable[[RunResult], bool]


class Given(NamedTuple):
    """Words of the text that repeat an input of the scenario or the name of an element."""

    text: str


Piece = Number | Claim | Given


# What pieces ask of a run ---------------------------------------------------------------------------------------------


@cache
def play(name: str) -> RunResult:
    """The bundled event ``name``, run once."""
    return run(*read_scenario(name))


@cache
def rupture_five_days() -> RunResult:
    """The first five days of the rupture, without electric heaters and AC check."""
    system, scenario = read_scenario(RUPTURE, variant="no_heaters")
    horizon = dataclasses.replace(scenario.horizon, hours=126)
    policy = dataclasses.replace(scenario.policy, ac=AcMode.OFF)
    return run(system, dataclasses.replace(scenario, horizon=horizon, policy=policy))


@cache
def base_case(name: str) -> Any:
    """Tables of the horizon of ``name`` without its events."""
    return Replicates(*read_scenario(name)).baseline()


def metric(name: str, scope: str = "system") -> Callable[[RunResult], float]:
    """A metric that the run must have."""

    def value(result: RunResult) -> float:
        return float(result.metric(name, scope))

    return value


def eue(scope: str) -> Callable[[RunResult], float]:
    """Unserved energy in MWh; a scope that is not named has none."""
    return lambda result: reported(result, "EUE", scope)


def reported(result: RunResult, name: str, scope: str = "system") -> float:
    """A metric, 0 where the run does not report it."""
    return sum(found.value or 0.0 for found in result.estimates if (found.name, found.scope) == (name, scope))


def nobody_short(result: RunResult) -> bool:
    """True if no load is shed anywhere, at any time."""
    return reported(result, "EUE") == 0.0 and reported(result, "peak_shed_mw") == 0.0


def only_in(zone: str) -> Callable[[RunResult], bool]:
    """True if load is shed in ``zone`` and nowhere else (to 0.05 MWh)."""
    return lambda result: eue(f"zone:{zone}")(result) > max(eue("system")(result) - 0.05, 0.05)


def mostly(scope: str) -> Callable[[RunResult], bool]:
    """True if over half of the unserved energy is that of ``scope``."""
    return lambda result: eue(scope)(result) > 0.5 * eue("system")(result) > 0.0


def section_full(result: RunResult) -> bool:
    """True if North-South is at its limit in every interval with load shed in the South."""
    zones, rows = result.tables["zones"], result.tables["interfaces"]
    short_h = zones["time_h"][(zones["name"] == "south") & (zones["unserved_mw"] > 1e-3)]
    loading = rows["loading"][(rows["name"] == "north_south") & np.isin(rows["time_h"], short_h)]
    return len(loading) > 0 and bool((loading > 0.999).all())


def times(result: RunResult, component: str, state: str) -> list[float]:
    """Hours at which ``component`` came into a state that begins with ``state``."""
    return [c.time_h for c in result.log if c.component == component and c.to_state.startswith(state)]


def between(component: str, begins: str, ends: str, other: str | None = None) -> Callable[[RunResult], float]:
    """Hours from the first time ``component`` is in ``begins`` to the next time it (or ``other``) is in ``ends``."""

    def value(result: RunResult) -> float:
        begin = times(result, component, begins)[0]
        return next(time for time in times(result, other or component, ends) if time >= begin) - begin

    return value


def logged(component: str, pattern: str) -> Callable[[RunResult], float]:
    """The number in the first log line of ``component`` that matches ``pattern``."""

    def value(result: RunResult) -> float:
        lines = (re.search(pattern, c.to_state) for c in result.log if c.component == component)
        return float(next(found for found in lines if found).group(1))

    return value


def plants_short_h(result: RunResult) -> list[float]:
    """Hours from the root event until plants are short of gas, the first one first."""
    rows = [m for m in result.estimates if m.name == "survival_time_h" and m.scope.startswith("plant:")]
    return sorted(m.value for m in rows if m.value is not None)


def station_fuel_mcm(pipeline_system: str) -> Callable[[RunResult], float]:
    """Gas that the compressor stations of a pipeline system burn over a day."""

    def value(result: RunResult) -> float:
        stations = result.system.compressor_stations
        names = stations.name[stations.system == pipeline_system].tolist()
        return gas_mcm(result.tables["compressors"], "fuel_mcm_per_d", names)

    return value


def cities_short(result: RunResult) -> int:
    """Cities in which households or heating lack gas at any time."""
    return len({c.component for c in result.log if c.to_state == "households or heating cut"})


def machine_mean_mw(plant: str) -> Callable[[RunResult], float]:
    """Mean output of a plant over the horizon."""

    def value(result: RunResult) -> float:
        rows = result.tables["generators"]
        here = rows["plant"] == plant
        return float((rows["p_mw"][here] * rows["duration_h"][here]).sum()) / result.scenario.horizon.hours

    return value


def machine_most_mw(plant: str, from_h: float, hours: float = 96.0) -> Callable[[RunResult], float]:
    """Largest output of a plant over some hours."""

    def value(result: RunResult) -> float:
        rows = result.tables["generators"]
        here = (rows["plant"] == plant) & (rows["time_h"] >= from_h) & (rows["time_h"] < from_h + hours)
        _, instant = np.unique(rows["time_h"][here], return_inverse=True)
        return float(np.bincount(instant, rows["p_mw"][here]).max())

    return value


def flow_mw(time_h: float) -> Callable[[RunResult], float]:
    """Flow over North-South from ``time_h`` on."""
    return lambda result: _north_south(result, "flow_mw", time_h)


def limit_mw(time_h: float) -> Callable[[RunResult], float]:
    """Limit of North-South southwards from ``time_h`` on."""
    return lambda result: _north_south(result, "limit_forward_mw", time_h)


def _north_south(result: RunResult, column: str, time_h: float) -> float:
    rows = result.tables["interfaces"]
    (value,) = rows[column][(rows["name"] == "north_south") & (rows["time_h"] == time_h)]
    return float(value)


def peak_with_losses_gw(result: RunResult) -> float:
    """Highest demand and losses of the country together."""
    zones = result.tables["zones"]
    own = zones["name"] != "external"
    _, instant = np.unique(zones["time_h"][own], return_inverse=True)
    return float(np.bincount(instant, (zones["demand_mw"] + zones["losses_mw"])[own]).max()) / 1000


EXPORTS = ("bd_khorgos", "bd_orenburg_raw", "bd_kgz_merke")


def gas_mcm(rows: Any, column: str, names: Sequence[str] | None = None) -> float:
    """Million cubic metres over the horizon of a column in mcm/d, at some nodes or all."""
    here = np.isin(rows["name"], names) if names else np.ones(len(rows["name"]), dtype=bool)
    return float((rows[column][here] * rows["duration_h"][here]).sum()) / 24


def less_exported_mcm(result: RunResult) -> float:
    """Gas that is not exported because of the events."""
    rows, base = result.tables["gas"], base_case(result.scenario.name)["gas"]
    return gas_mcm(base, "delivered_mcm_per_d", EXPORTS) - gas_mcm(rows, "delivered_mcm_per_d", EXPORTS)


def linepack_lower_mcm(result: RunResult) -> float:
    """Most that the linepack of all pipes is below that of the same hour without events."""
    (time_h, mcm), (base_h, base_mcm) = (
        _linepack(tables["gas"]) for tables in (result.tables, base_case(result.scenario.name))
    )
    return float((np.interp(time_h, base_h, base_mcm) - mcm).max())


def _linepack(rows: Any) -> tuple[np.ndarray, np.ndarray]:
    time_h, instant = np.unique(rows["time_h"], return_inverse=True)
    return time_h, np.bincount(instant, rows["linepack_mcm"])


def no_customer_cut(result: RunResult) -> bool:
    """True if the events cut no gas of plants, heating, households and industry at home (to 0.05 mcm)."""
    rows, base = result.tables["gas"], base_case(result.scenario.name)["gas"]
    columns = ("cut_households_mcm_per_d", "cut_heating_mcm_per_d", "cut_industry_mcm_per_d")
    more = sum(max(gas_mcm(rows, column) - gas_mcm(base, column), 0.0) for column in columns)
    return more < 0.05 and not [m for m in result.estimates if m.name == "survival_time_h"]


def first_cut_h(column: str, node: str, since_h: float) -> Callable[[RunResult], float]:
    """Hours from ``since_h`` until gas of a class is cut at ``node``."""

    def value(result: RunResult) -> float:
        rows = result.tables["gas"]
        here = (rows["name"] == node) & (rows[column] > 1e-3) & (rows["time_h"] >= since_h)
        return float(rows["time_h"][here].min()) - since_h

    return value


def most_out(result: RunResult) -> int:
    """Most lines that are out of service at one time, beside those that are out from the start."""
    rows = result.tables["lines"]
    _, instant = np.unique(rows["time_h"], return_inverse=True)
    n_out = np.bincount(instant, ~rows["in_service"].astype(bool))
    return int(n_out.max() - n_out[0])


def trips(result: RunResult) -> list[float]:
    """Times at which a line went out."""
    return [c.time_h for c in result.log if c.to_state.startswith("line_outage")]


def later_h(scope: str) -> Callable[[RunResult], float]:
    """Hours by which ``scope`` is short of gas later than in the rupture without the script."""
    return lambda result: metric("survival_time_h", scope)(result) - metric("survival_time_h", scope)(play(RUPTURE))


def swing(column: str, name: str) -> Callable[[RunResult], float]:
    """A column of the first minutes' frequency, of a zone or neighbour, over all sudden changes."""

    def value(result: RunResult) -> float:
        rows = result.tables["frequency"]
        found = rows[column][rows["name"] == name]
        return float(found.min() if column == "lowest_hz" else found.max())

    return value


def opened_s(section: str) -> Callable[[RunResult], float]:
    """Second at which a section opened."""

    def value(result: RunResult) -> float:
        rows = result.tables["section_swings"]
        return float(rows["opened_s"][rows["name"] == section].max())

    return value


def first_cut_mw(name: str) -> Callable[[RunResult], float]:
    """Load of a zone or neighbour that automation cut after the first sudden change."""

    def value(result: RunResult) -> float:
        rows = result.tables["frequency"]
        return float(rows["cut_mw"][rows["name"] == name][0])

    return value


def fallen_circuits(result: RunResult) -> int:
    """Lines that ice took."""
    return len({c.component for c in result.log if c.to_state.startswith("line_outage") and "ice" in c.to_state})


def pulls_out(result: RunResult) -> bool:
    """True if North-South opened in the first minutes."""
    rows = result.tables["section_swings"]
    return bool(np.isfinite(rows["opened_s"][rows["name"] == "north_south"]).any())


def of(name: str, value: Callable[[RunResult], float]) -> Callable[[RunResult], float]:
    """``value`` of another event."""
    return lambda _: value(play(name))


# The texts ------------------------------------------------------------------------------------------------------------

NOBODY = nobody_short
SHORT_H = metric("LOLH")
DEEPEST_MW = metric("peak_shed_mw")
SOUTH_MWH = eue("zone:south")
LOADING = metric("section_loading_max", "section:north_south")

#: Pieces of the ``shows`` of every bundled event, in their order in the text.
SHOWS: dict[str, tuple[Piece, ...]] = {
    # grid
    "winter_peak_day": (
        Claim("Nobody is short", NOBODY),
        Number("{:.1f} GW", peak_with_losses_gw),
        Number("{:.0f} % full", LOADING),
    ),
    "almaty_substation_loss": (
        Number("{:.0f} MW", DEEPEST_MW),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MWh", SOUTH_MWH),
        Claim("automation does not act", lambda r: set(r.tables["automation_log"]["rule"].tolist()) == {"event"}),
    ),
    "maintenance_and_trip": (
        Claim("No:", only_in("south")),
        Number("cuts {:,.0f} MW", swing("cut_mw", "south")),
        Claim("holds, full", lambda r: not pulls_out(r) and flow_mw(20.0)(r) > limit_mw(20.0)(r) - 0.1),
        Number("at {:,.0f} MW", flow_mw(20.0)),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", SOUTH_MWH),
    ),
    "no_imports_at_peak": (
        Number("all {:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", eue("system")),
        Claim("most of it ferroalloy works", mostly("class:ferroalloy")),
        Number("{:.0f} % full", LOADING),
    ),
    "north_south_double_circuit": (
        Claim("No:", only_in("south")),
        Number("cuts {:,.0f} MW", swing("cut_mw", "south")),
        Number("falls to {:.2f} Hz", swing("lowest_hz", "south")),
        Claim("pulls out of step", pulls_out),
        Number("after {:.1f} s", opened_s("north_south")),
        Claim("the South is short", only_in("south")),
        Number("for all {:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", SOUTH_MWH),
    ),
    "north_south_transit_loss": (
        Number("cuts {:,.0f} MW", swing("cut_mw", "south")),
        Claim("the transit holds", lambda r: not pulls_out(r)),
        Claim("the South is short", only_in("south")),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", SOUTH_MWH),
        Number("may carry {:,.0f} MW", limit_mw(18.0)),
        Number("instead of {:,.0f}", limit_mw(17.0)),
    ),
    "automation_fails_at_transit": (
        Claim("Out-of-step protection opens", lambda r: "out of step" in r.tables["automation_log"]["rule"]),
        Number("{:.1f} s", opened_s("north_south")),
        Number("{:,.0f} MW", swing("cut_mw", "south")),
    ),
    "transit_opened_wrongly": (
        Number("{:.1f} Hz", swing("lowest_hz", "south")),
        Number("{:,.0f} MW", swing("cut_mw", "south")),
        Claim("the North keeps its load", lambda r: swing("cut_mw", "north")(r) == 0),
    ),
    "busbar_fault_at_zhambyl": (
        Claim("Nobody is short", NOBODY),
        Number("{:.2f} Hz", swing("lowest_hz", "south")),
    ),
    "uzbek_plants_trip_in_turn": (
        Claim("The South lives", lambda r: swing("dead_areas", "south")(r) == 0),
        Number("{:.1f} Hz", swing("lowest_hz", "south")),
        Number("{:,.0f} MW", swing("cut_mw", "south")),
    ),
    # fuel
    "coal_rail_blockade": (
        Number("lasts {:.0f} hours in Karaganda", metric("survival_time_h", "plant:karaganda_chp3")),
        Number("in {:.0f} plants", lambda r: len(plants_short_h(r))),
        Number("{:.0f} kt", metric("coal_undelivered_kt")),
        Number("{:.0f} GWh", metric("unserved_heat_gwh")),
        Number("{:,.0f} people", metric("people_affected")),
        Given("no normal heat"),
        Claim("no load is shed", nobody_short),
    ),
    "frozen_coal_january": (
        Number("{:.0f} kt", metric("coal_undelivered_kt")),
        Number("falls to {:.1f} days", lambda r: float(r.tables["coal"]["stock_days"].min())),
        Number("{:,.0f} MWh", metric("import_above_contract_mwh")),
        Number("{:.1f} GWh", metric("unserved_heat_gwh")),
        Claim("no load is shed", nobody_short),
    ),
    # gas
    "bbs_pipeline_rupture": (
        Number("{:,.0f} MWh", metric("EUE")),
        Claim("most of them in the North", mostly("zone:north")),
        Number("{:,.0f} MWh", metric("heater_mwh")),
        Number("after {:.1f} hours", lambda r: plants_short_h(r)[0]),
        Number("{:.0f} % full", LOADING),
        Number("{:.0f} cities", cities_short),
        Number("{:.0f} GWh", metric("unserved_heat_gwh")),
    ),
    "bbs_rupture_low_mazut": (
        Given("CHP-1"),
        Number("{:.0f} hours", between("plant:almaty_chp1", "on backup fuel", "no fuel left")),
        Number("{:,.0f} MWh", metric("EUE")),
        Number("instead of {:,.0f}", of(RUPTURE, metric("EUE"))),
        Number("{:.1f} mcm", lambda r: gas_mcm(r.tables["gas"], "cut_heating_mcm_per_d")),
        Number("{:.1f} with usual stocks", of(RUPTURE, lambda r: gas_mcm(r.tables["gas"], "cut_heating_mcm_per_d"))),
    ),
    "bbs_rupture_no_mazut": (
        Number("From {:.0f} hours", metric("time_to_first_shed_h")),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh in the South", SOUTH_MWH),
        Number("{:,.0f} in the North", eue("zone:north")),
    ),
    "bozoy_compressor_outage": (
        Claim("No plant and no city", no_customer_cut),
        Number("{:.1f} mcm", less_exported_mcm),
        Number("{:.0f} mcm", linepack_lower_mcm),
    ),
    "bozoy_storage_loss": (
        Claim("Every plant and every city", no_customer_cut),
        Number("{:.1f} mcm", less_exported_mcm),
        Number("{:.0f} mcm", linepack_lower_mcm),
    ),
    "kartaly_border_closed": (
        Claim(
            "Industry and the power plant of Kostanay lose gas together",
            lambda r: (
                metric("survival_time_h", "plant:kostanay_chp")(r)
                == first_cut_h("cut_industry_mcm_per_d", "cg_kostanay", 24.0)(r)
            ),
        ),
        Number("after {:.0f} hours", metric("survival_time_h", "plant:kostanay_chp")),
        Claim(
            "heating and homes",
            lambda r: (
                first_cut_h("cut_heating_mcm_per_d", "cg_kostanay", 24.0)(r)
                == first_cut_h("cut_households_mcm_per_d", "cg_kostanay", 24.0)(r)
            ),
        ),
        Number("after {:.0f}", metric("survival_time_h", "city:cg_kostanay")),
        Claim("no electricity is shed", NOBODY),
    ),
    "large_field_loss": (
        Claim("No plant and no city", no_customer_cut),
        Number("{:.1f} mcm", less_exported_mcm),
        Number("{:.0f} mcm", linepack_lower_mcm),
    ),
    "orenburg_plant_outage": (
        Claim("No plant and no city", no_customer_cut),
        Number("{:.1f} mcm", less_exported_mcm),
        Number("{:.0f} mcm", linepack_lower_mcm),
    ),
    "uzbek_import_stop": (
        Claim("No plant and no city", no_customer_cut),
        Number("{:.1f} mcm", less_exported_mcm),
        Number("{:.0f} mcm", linepack_lower_mcm),
    ),
    # compound
    "blind_dispatcher": (
        Number("cuts {:,.0f} MW", swing("cut_mw", "south")),
        Claim("the transit holds", lambda r: not pulls_out(r)),
        Number("{:,.0f} MW", DEEPEST_MW),
        Claim(
            "then South and North",
            lambda r: (
                set(
                    r.tables["zones"]["name"][
                        (r.tables["zones"]["unserved_mw"] > 1e-3) & (r.tables["zones"]["time_h"] > 6.9)
                    ]
                )
                == {"south", "north"}
            ),
        ),
        Number(
            "{:,.0f} MW",
            lambda r: float(r.tables["zones"]["unserved_mw"][r.tables["zones"]["time_h"] > 6.9].max()),
        ),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MWh", eue("system")),
    ),
    "maek_and_two_buses_out": (
        Claim("go dark", lambda r: swing("dead_areas", "west")(r) > 0),
        Number("cut {:,.0f} MW", swing("cut_mw", "west")),
        Claim("the West is short", only_in("west")),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", eue("zone:west")),
        Number("{:.0f} hours after", between("buses:zhanaozen_220", "normal", "normal", "facility:p2g_gpp_kazgpz")),
        Claim("no home lacks gas", lambda r: cities_short(r) == 0),
    ),
    "rupture_with_few_crews": (
        Number("{:.0f} hours", between("repair:rupture", "waiting", "crew")),
        Given("60 hours of work"),
        Number("take {:.0f}", between("repair:rupture", "repairing", "done")),
        Number("out for {:.0f}", between("gas_pipelines:bbs1_bozoy_aral", "pipeline_rupture", "normal")),
        Number("{:.0f} cities", cities_short),
        Number("{:,.0f} MWh", metric("EUE")),
    ),
    # nuclear
    "ulken_trip_at_minimum_load": (
        Number("{:.2f} Hz", metric("f_nadir_hz", "zone:south")),
        Claim("nobody is cut", nobody_short),
        Number("{:,.0f} MW", metric("largest_infeed_mw")),
        Number("{:.1f} %", metric("infeed_share_max")),
        Number("by {:,.0f} MW", lambda r: -metric("reserve_after_infeed_mw_min")(r)),
        Claim("the ties with Russia carry the first minutes", lambda r: r.metric("reserve_after_infeed_mw_min") < 0),
    ),
    "yukgres_500_loss": (
        Number("{:.0f} hours without offsite power", metric("offsite_lost_h", "site:ulken_npp")),
        Number("{:.0f} of", metric("backup_hours_left_min", "site:ulken_npp")),
        Given("72 hours"),
        Number("{:.2f} Hz", metric("f_nadir_hz", "zone:south")),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", metric("EUE")),
        Claim("most of it in the South", mostly("zone:south")),
    ),
    # storms
    "ice_on_the_transit": (
        Number("{:.0f} circuits", fallen_circuits),
        Claim("pulls out of step", pulls_out),
        Number("cuts {:,.0f} MW", swing("cut_mw", "south")),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", eue("zone:south")),
    ),
    # water
    "zhambyl_low_water": (
        Number("{:,.0f} MW", lambda r: machine_most_mw("zhambyl_gres", 24.0)(r)),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", eue("system")),
    ),
    "maek_intake_loss": (
        Claim("goes dark", lambda r: swing("dead_areas", "west")(r) > 0),
        Number("{:.0f} hours", lambda r: metric("water_short_h", "city:aktau")(r)),
        Number("{:,.0f} m3", metric("unserved_water_m3", "city:aktau")),
        Number("{:,.0f} MWh", eue("zone:west")),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
    ),
    # weather
    "cold_and_calm": (
        Number("{:.1f} C", logged("weather:cold_and_calm", r"cold_c (-?[\d.]+)")),
        Number("{:.0f} %", lambda r: 100 * logged("weather:cold_and_calm", r"cf_ratio ([\d.]+)")(r)),
        Number("{:,.0f} MWh", metric("EUE")),
        Claim("all in the North", only_in("north")),
        Number("{:.0f} % full", LOADING),
    ),
    "cold_wave_january": (
        Number("{:.1f} C", logged("weather:cold_wave", r"cold_c (-?[\d.]+)")),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", metric("EUE")),
        Claim("most of it ferroalloy works", mostly("class:ferroalloy")),
        Number("{:.0f} % full", LOADING),
        Number("{:.0f} cities", cities_short),
    ),
    "dry_year_syr_darya": (
        Claim("Nobody is short", NOBODY),
        Number("{:.0f} %", lambda r: 100 * logged("weather:dry_year", r"volume_ratio ([\d.]+)")(r)),
        Number("{:.0f} of its", machine_mean_mw("shardara_hpp")),
        Number(
            "{:.0f} MW",
            lambda r: float(r.system.generators.p_max_mw[r.system.generators.plant == "shardara_hpp"].sum()),
        ),
    ),
    "renewable_lull": (
        Claim("no power is shed", NOBODY),
        Number("{:.0f} %", lambda r: 100 * logged("weather:renewable_lull", r"cf_ratio ([\d.]+)")(r)),
        Number("{:.0f} % full", LOADING),
    ),
    # scripted
    "cold_start": (
        Given("-15 C"),
        Given("GRES-2"),
        Number("at {:.0f} C", logged("script:brittle", r"(-?\d+) C,")),
        Number("{:,.0f} MW", logged("script:brittle", r"(\d+) MW")),
        Number("{:.0f} hours", between("plants:ekibastuz_gres2", "plant_outage", "normal")),
        Number("for {:.1f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", eue("system")),
        Claim("most of it ferroalloy works", mostly("class:ferroalloy")),
    ),
    "homes_first": (
        Given("no mazut"),
        Number("{:,.0f} MWh", eue("class:household")),
        Number("instead of {:,.0f} in bbs_rupture_no_mazut", of("bbs_rupture_no_mazut", eue("class:household"))),
        Number("phosphorus loses {:,.0f}", eue("class:phosphorus")),
        Number("instead of {:,.0f}", of("bbs_rupture_no_mazut", eue("class:phosphorus"))),
    ),
    "linepack_watch": (
        Number("{:.0f} hours after", lambda r: times(r, "script:save_gas", "linepack halved")[0] - 6.0),
        Given("has halved"),
        Given("two machines"),
        Given("half of their output"),
        Given("two days"),
        Number("{:.1f} hours later", later_h("plant:zhambyl_gres")),
        Number("{:,.0f} MWh", metric("EUE")),
        Number("instead of {:,.0f}", of(RUPTURE, metric("EUE"))),
    ),
    "second_circuit": (
        Number("cuts {:,.0f} MW", first_cut_mw("south")),
        Number("at {:,.0f} MW", logged("script:cascade", r"full at (\d+) MW")),
        Number("{:.0f} hours", SHORT_H),
        Number("{:,.0f} MW", DEEPEST_MW),
        Number("{:,.0f} MWh", SOUTH_MWH),
    ),
    "storm_of_trips": (
        Claim("No load is shed", NOBODY),
        Number("{:.0f} lines", lambda r: len(trips(r))),
        Number("{:.0f} hours", lambda r: trips(r)[-1] - trips(r)[0]),
        Number("{:.0f} at once", most_out),
    ),
}

#: Numbers in the running text of pages: the run they come from and pieces in their order on the page.
PAGES: dict[str, tuple[tuple[Callable[[], RunResult], tuple[Piece, ...]], ...]] = {
    "README.md": (
        (
            lambda: play(RUPTURE),
            (
                Number("whole for {:.1f} hours", lambda r: plants_short_h(r)[0]),
                Number("takes {:.0f} hours", between("gas_pipelines:bbs1_bozoy_aral", "pipeline_rupture", "normal")),
            ),
        ),
    ),
    "docs/gas.md": (
        (
            lambda: play("winter_peak_day"),
            (
                Number("{:.1f} of the 3.4 mcm/d", lambda r: gas_mcm(r.tables["compressors"], "fuel_mcm_per_d")),
                Number("southern trunk {:.2f} of", station_fuel_mcm("BBS")),
                Number("CAC {:.2f} of", station_fuel_mcm("CAC")),
                Number("China line {:.2f} of", station_fuel_mcm("CAGP")),
            ),
        ),
        (
            rupture_five_days,
            (
                Number("(as run {:.0f} and", lambda r: plants_short_h(r)[0]),
                Number("{:.0f})", lambda r: plants_short_h(r)[3]),
                Number("as run {:,.0f} MWh", lambda r: round(eue("system")(r), -1)),
            ),
        ),
    ),
}


# Text against pieces --------------------------------------------------------------------------------------------------


def find_pieces(pieces: Sequence[Piece], text: str) -> list[re.Match[str]]:
    """Where the pieces stand in ``text``, from left to right; the number of a ``Number`` is group 1."""
    found: list[re.Match[str]] = []
    for piece in pieces:
        before, *after = re.split(r"\{[^}]*\}", piece.text)
        pattern = _words(before) + (f"({NUMBER})" + _words(after[0]) if after else "")
        match = re.compile(pattern).search(text, found[-1].end() if found else 0)
        assert match, f"{piece.text!r} does not stand in its place in: {text}"
        found.append(match)
    return found


def undeclared(pieces: Sequence[Piece], text: str) -> list[str]:
    """Numbers of ``text``, in digits or words, that no piece covers."""
    for match in find_pieces(pieces, text):
        start, end = match.span()
        text = text[:start] + "_" * (end - start) + text[end:]
    return [match.group() for match in _ANY_NUMBER.finditer(text)]


def renewed(pieces: Sequence[Piece], text: str, result: RunResult) -> str:
    """``text`` with the numbers of ``result``; AssertionError for a claim that does not hold."""
    for piece, match in reversed(list(zip(pieces, find_pieces(pieces, text), strict=True))):
        if isinstance(piece, Claim):
            assert piece.holds(result), f"{piece.text!r} does not hold in {result.scenario.name}"
        elif isinstance(piece, Number):
            (form,) = re.findall(r"\{[^}]*\}", piece.text)
            text = text[: match.start(1)] + form.format(piece.value(result)) + text[match.end(1) :]
    return text


def printed(result: RunResult) -> str:
    """The table and the lines below it that a run prints at 80 columns."""
    lines = summary_lines(result, 80)
    return "\n".join(lines[next(row for row, line in enumerate(lines) if line.startswith("what ")) :]) + "\n"


def _words(text: str) -> str:
    """A pattern for ``text`` in which a space may be a line break."""
    return r"\s+".join(re.escape(word) for word in text.split(" "))


def write_texts(names: Sequence[str]) -> None:
    """Write the numbers of today into the files of events and, last, into the pages."""
    files = event_files()
    for name in names:
        text = files[name].read_text(encoding="utf-8")
        start, end = _region(files[name], text)
        new = renewed(SHOWS[name], text[start:end], play(name))
        files[name].write_text(text[:start] + new + text[end:], encoding="utf-8")
        print(f"{name}: {' '.join(new.split())}")
    for page, parts in PAGES.items():
        text = (ROOT / page).read_text(encoding="utf-8")
        for played, pieces in parts:
            text = renewed(pieces, text, played())
        if page == "README.md":
            text = PRINTED.sub(lambda _: printed(play(RUPTURE)), text)
        (ROOT / page).write_text(text, encoding="utf-8")


def _region(path: Path, text: str) -> tuple[int, int]:
    """Where ``shows`` stands in the text of an event's file."""
    pattern = r'"""[^\n]*\n((?s:.*?))"""' if path.suffix == ".py" else r"(?m:^shows: (.*)$)"
    found = re.search(pattern, text)
    assert found, f"{path} has no shows"
    return found.span(1)


if __name__ == "__main__":
    write_texts(sys.argv[1:] or sorted(SHOWS))
