"""`gridsim credit`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.adequacy_options import ForecastOption, WorkersOption, choice_option, imports_of, threads, weather_told
from gridsim.cli.app import EXIT_PARTIAL, JsonOption, app
from gridsim.cli.credit_options import (
    DEFAULT_YEARS,
    METRICS,
    additions_of,
    contradictions,
    levels_of,
    line_of,
    machines_of,
    nameplate_of,
)
from gridsim.cli.printing import as_dicts, print_json, tell_warnings
from gridsim.cli.settings import SeedOption
from gridsim.cli.table_form import CsvOption, MarkdownOption, table_form
from gridsim.cli.values import choice, whole
from gridsim.cli.variant import NetworkArgument, VariantOption, read_system, validate_command, variant_name

if TYPE_CHECKING:
    from gridsim.model.system import GridSystem
    from gridsim.reliability import LoadForecast
    from gridsim.reliability.credit_rows import Comparison, CreditRow, Years

CURVE = (0.25, 0.5, 0.75, 1.0)
PARTS = 12
LARGE_MW = 200.0  # a machine worth comparing with twelve


@app.command(together=contradictions)
def credit(
    network: NetworkArgument,
    add: Annotated[
        list[str] | None,
        typer.Option(
            "--add",
            metavar="KEY=VALUE,...",
            help='Machines to add: "fuel=nuclear,p_max_mw=1200,for=0.05"; further keys count, mttr_h, name, '
            "bus, like (a machine whose hours it follows: wind, sun), energy_mwh and efficiency (a store), calls, "
            "hours and period_h (demand response). May be repeated: all together have one credit.",
        ),
    ] = None,
    plant: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Value a plant, machine, store, border or (level zonal) line that the network has."
        ),
    ] = None,
    variant: VariantOption = None,
    by: Annotated[
        str | None,
        typer.Option(
            parser=choice(("elcc", "efc")),
            metavar="[elcc|efc]",
            help="ELCC, load that may be added with it, or EFC, perfect capacity that does the same; by default both.",
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            parser=choice(METRICS), metavar=f"[{'|'.join(METRICS)}]", help="The metric that stays what it was."
        ),
    ] = "EUE",
    level: Annotated[
        str | None,
        typer.Option(
            parser=choice(("copper", "zonal")),
            metavar="[copper|zonal]",
            help="How much of the network limits; by default both where there are zones and it is known where the "
            "addition stands.",
        ),
    ] = None,
    imports: Annotated[
        str | None,
        choice_option(
            "imports", "What borders supply; by default likely where the network has a table of it, else contract."
        ),
    ] = None,
    weather: Annotated[
        str, choice_option("weather", "The same normal year, or a generated one per sample, which takes far longer.")
    ] = "normal",
    forecast: ForecastOption = None,
    years: Annotated[
        int | None,
        typer.Option(
            parser=whole(2, 2**32 - 1),
            metavar="N",
            help="Sample years on each side of a comparison, the same draws on both. Without it exact at copper level "
            "where that is possible, else snapshots drawn where the addition matters as far as these tell (EUE, LOLH), "
            "else 4,000 years copper, 1,000 zonal (generated weather: 200).",
        ),
    ] = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="The credit of a quarter, half and three quarters of it, too.")
    ] = False,
    workers: WorkersOption = None,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
    csv: CsvOption = False,
    md: MarkdownOption = False,
) -> None:
    """Value of an addition, plant or variant in MW: its capacity credit as ELCC and EFC, with an interval."""
    from gridsim.reliability.credit_rows import KINDS

    started = time.perf_counter()
    form = table_form(as_json=as_json, csv=csv, md=md)
    with_variant = not add and not plant
    grid = read_system(network, "base" if with_variant else variant)
    imports = imports_of(grid, imports)
    tell_warnings(grid.warnings, validate_command(network, None if with_variant else variant))
    additions = additions_of(add or (), grid)
    comparison = _comparison(network, grid, additions, plant, variant, _Assumed(imports, weather, seed, forecast))
    levels = levels_of(level, grid, additions, line_of(plant, grid))
    kinds = KINDS if by is None else (by,)
    search = _Search(kinds, metric, years, weather, seed, threads(workers))
    found = _credits(comparison, levels, CURVE if curve else (1.0,), search)
    if form == "json":
        head = {
            "network": network,
            "variant": variant_name(variant) or "",
            "add": list(add or ()),
            "plant": plant,
            "imports": imports,
            "weather": weather,
            **({} if forecast is None else {"load_forecast": asdict(forecast)}),
        }
        extra = {**head, **found.as_json(), "warnings": as_dicts(grid.warnings)}
        wall_s = round(time.perf_counter() - started, 3)
        print_json("credit", wall_s, (), seed=seed, status=found.status, extra=extra)
    else:
        what = ", ".join(add) if add else plant or f"variant {variant}"
        _print(f"{network}: {what}", imports, found, form, weather_told(grid, weather, None))
    if found.status != "ok":
        if form in ("csv", "md"):
            print(f"{found.status}: a credit is missing; --json says more", file=sys.stderr)
        raise typer.Exit(EXIT_PARTIAL)


@dataclass(frozen=True)
class _Assumed:
    """Assumptions that both sides of the comparison share."""

    imports: str
    weather: str
    seed: int
    load_forecast: LoadForecast | None

    def years(self, grid: GridSystem) -> Years:
        """The network as it is sampled."""
        from gridsim.reliability import WeatherYears, system_from_grid

        if self.weather == "synthetic":
            return WeatherYears(grid, self.imports, self.seed, load_forecast=self.load_forecast)
        return replace(system_from_grid(grid, self.imports), load_forecast=self.load_forecast)


@dataclass(frozen=True)
class _Search:
    """Kinds, metric and effort of every credit of a call."""

    kinds: Sequence[str]
    metric: str
    years: int | None
    weather: str
    seed: int
    workers: int

    def rows(self, comparison: Comparison, level: str) -> list[CreditRow]:
        """Credits of one comparison at one level."""
        from gridsim.reliability import SequentialMonteCarlo
        from gridsim.reliability.credit_rows import credit_rows

        n = self.years or DEFAULT_YEARS[self.weather][level]
        method = SequentialMonteCarlo(years=n, seed=self.seed, level=level, workers=self.workers)
        return list(credit_rows(comparison, self.kinds, self.metric, method, exact=self.years is None))


@dataclass(frozen=True)
class _Credits:
    """Credits by level and size, and those of a large machine cut in parts, with the sentence about them."""

    rows: list[CreditRow]
    parts: list[CreditRow]
    sentence: str

    @property
    def status(self) -> str:
        return next((row.status for row in self.rows if row.status != "ok"), "ok")

    def as_json(self) -> dict[str, Any]:
        """Keys of the JSON."""
        return {
            "credits": [{**vars(row), "percent": row.percent} for row in self.rows],
            "in_parts": [{**vars(row), "percent": row.percent} for row in self.parts],
            "note": self.sentence,
        }


def _credits(comparison: Comparison, levels: Sequence[str], sizes: Sequence[float], search: _Search) -> _Credits:
    """The credits of a call."""
    from gridsim.report.credit import parts_sentence

    rows = [row for at in levels for size in sizes for row in search.rows(comparison.sized(size), at)]
    parts: list[CreditRow] = []
    if comparison.largest_failing_mw() >= LARGE_MW:
        parts = search.rows(comparison.in_parts(PARTS), levels[0])
    wholes = [row for row in rows if row.level == levels[0] and row.nameplate_mw == comparison.nameplate_mw]
    return _Credits(rows, parts, parts_sentence(wholes, parts, PARTS))


def _print(title: str, imports: str, found: _Credits, form: str, weather: str) -> None:
    from gridsim.report.credit import credit_lines, credit_table

    if form == "csv":
        print(credit_table(found.rows, exact_digits=True).csv(), end="")
    elif form == "md":
        print(credit_table(found.rows).markdown(), end="")
    else:
        print("\n".join(credit_lines(title, imports, found.rows, found.sentence, weather)))


def _comparison(
    network: str,
    grid: GridSystem,
    additions: list[Any],
    plant: str | None,
    variant: str | None,
    assumed: _Assumed,
) -> Comparison:
    from gridsim.errors import InputError, Problem
    from gridsim.reliability import AdequacySystem
    from gridsim.reliability.additions import (
        line_nameplate_mw,
        nameplate_mw,
        with_additions,
        without_line,
        without_machines,
    )
    from gridsim.reliability.credit_rows import Comparison

    base = assumed.years(grid)
    normal = base if isinstance(base, AdequacySystem) else base.first
    if additions:
        names = frozenset(name for addition in additions for name in addition.names)
        whole = {name: addition.p_max_mw for addition in additions for name in addition.names}
        at_bus = nameplate_mw(with_additions(normal, additions), names, whole)
        return Comparison(base, base, names, at_bus, change_with=lambda system: with_additions(system, additions))
    line = line_of(plant, grid)
    if line is not None:
        at_bus = line_nameplate_mw(normal, line)
        return Comparison(
            base, base, frozenset([line]), at_bus, change_without=lambda system: without_line(system, line)
        )
    if plant is not None:
        names = machines_of(plant, grid)
        at_bus = nameplate_mw(normal, names, nameplate_of(grid, names))
        if not at_bus.any():
            told = f"'{plant}' has 0 MW with imports {assumed.imports}"
            raise InputError([Problem("--plant", 0, "", told, "choose another, or other --imports")])
        return Comparison(base, base, names, at_bus, change_without=lambda system: without_machines(system, names))
    other = read_system(network, variant)
    changed = assumed.years(other)
    there = changed if isinstance(changed, AdequacySystem) else changed.first
    stores = {store.name for store in normal.stores}
    added = {*there.unit_name} - {*normal.unit_name} | {store.name for store in there.stores} - stores
    if not added:
        told, mend = f"'{variant}' adds no machine, border or store", "use --plant or --add"
        raise InputError([Problem("--variant", 0, "", told, mend)])
    names = frozenset(added)
    return Comparison(base, changed, names, nameplate_mw(there, names, nameplate_of(other, names)))
