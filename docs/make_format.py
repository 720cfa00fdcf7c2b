"""Writes docs/format.md from the schemas: `python docs/make_format.py`. A test fails when the page is out of date."""

from __future__ import annotations

from inspect import cleandoc
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from gridsim.engine.tables import RESULT_TABLES
from gridsim.io.read_network import NetworkMeta
from gridsim.io.schemas import TABLES
from gridsim.io.schemas.column import Effect, Row, SourcedRow, effect_of
from gridsim.io.schemas.planning import PlanningDayKeys
from gridsim.io.schemas.scenario import (
    CheckKeys,
    ConditionKeys,
    DependsKeys,
    DesignEventKeys,
    EventKeys,
    HorizonKeys,
    PolicyKeys,
    RecordedOutage,
    RepairKeys,
    ScenarioKeys,
    SeriesRow,
    UnknownKeys,
    WeatherKeys,
    WeatherRow,
)
from gridsim.model.known_day import observables
from gridsim.results.scorecard import SCORECARD

PAGE = Path(__file__).parent / "format.md"

HEAD = """# Formats

Made from the schemas by `python docs/make_format.py`; do not edit by hand.

A **network folder** holds `network.yaml` and one CSV table per heading below, UTF-8, first line the column names. An
empty cell means the default. Names in a column that refers to another table must exist there. A table may be Parquet
instead (`hourly_profiles.parquet`), with the same columns and checks; a year of 84 profiles is then read in a second.
Lines and transformers are "branches"; a row is what fails as one. `note`, `source` (keys of `sources.csv`, separated by
`; `) and `confidence` (published, derived, assumed) close most tables and are not repeated here.

Every number has a **range**: wide enough for the largest machine, line or store there is and for equivalents of whole
countries, narrow enough that a slip of three powers of ten, or a value in another unit, is an error that names its
cell. A column without a range of its own has that of its unit (`gridsim/io/schemas/bounds.py`). Beyond the ranges, a
line carries at most 100,000 MVA and has at most 20,000 ohm, and the loading limit of a bank is at most 150,000 MVA.
The arrays of a `GridSystem` made or changed in Python are held to the same ranges when it is run, assessed, screened or
dispatched.

Names, titles and the like do not begin with `=`, `+`, `-` or `@`, which spreadsheets would run when they open a result,
and no text holds control characters.

A column or table marked *no effect yet* is read and checked, and no result depends on it. Where rows set one, reading
warns: `gridsim validate NAME` lists the warnings (under `warnings` with `--json`), a run says on stderr how many there
are, and in Python they are `read_network(NAME).warnings`, Problems of kind `warning`. A warning never stops anything.
A mean time to failure under an hour, or a component that is out more than half of the time, is a warning too.

`variants/VARIANT.yaml` in the folder adds, retires, changes and scales rows (`gridsim schema variant`). `--variant
VARIANT` of run, adequacy, screen, show, weather and validate reads the network so, and so does
`read_network(NAME, variant="VARIANT")` in Python; `--variant base` is the network as it stands, also where a scenario
names a variant.

A **scenario file** is YAML; unknown keys are errors. Times are local to the network: an ISO time, or `+36h` after
the start. Durations are hours, or texts like `36h`, `3d`, `90min`. YAML never names code.

A **run folder** holds `manifest.json`, `scenario.yaml`, `metrics.parquet`, `scorecard.parquet`,
`events.parquet` and tables per interval
(`TABLE/part-000000.parquet`). Every row holds from `time_h` for `duration_h`: between two events nothing changes.

"""


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## Network folder\n", _table("network.yaml", NetworkMeta)]
    parts.append(_table("network.yaml: planning_day", PlanningDayKeys))
    for name, schema in TABLES.items():
        title = f"{name}.csv" + ("" if schema.required else " (optional)")
        parts.append(_table(title, schema.row, " *No effect yet.*" if schema.effect is Effect.NONE else ""))
    parts.append("## Scenario file\n")
    for title, model in (
        ("top level", ScenarioKeys),
        ("horizon", HorizonKeys),
        ("weather", WeatherKeys),
        ("weather.design_event", DesignEventKeys),
        ("weather file (CSV)", WeatherRow),
        ("weather series (CSV or Parquet)", SeriesRow),
        ("events", EventKeys),
        ("events: repair", RepairKeys),
        ("events: depends_on", DependsKeys),
        ("events: depends_on.only_if", ConditionKeys),
        ("outages (CSV)", RecordedOutage),
        ("policy", PolicyKeys),
        ("check", CheckKeys),
        ("unknowns", UnknownKeys),
    ):
        parts.append(_table(title, model))
    parts.append(_observables())
    parts.append("Kinds of events: [kinds.md](kinds.md).\n\n")
    parts.append("## Run folder\n")
    for name, table in RESULT_TABLES.items():
        meaning = " ".join(cleandoc(table.__doc__ or "").split())
        rows = "".join(f"| `{column.name}` | {column.kind} | {column.doc} |\n" for column in table.columns)
        parts.append(f"### {name}\n\n{meaning}\n\n| column | type | meaning |\n| --- | --- | --- |\n{rows}\n")
    rows = "".join(f"| `{column.name}` | {column.kind} | {column.doc} |\n" for column in SCORECARD)
    meaning = "The six areas against the same horizon without events, a row each ([report.md](report.md))."
    parts.append(f"### scorecard\n\n{meaning}\n\n| column | type | meaning |\n| --- | --- | --- |\n{rows}\n")
    return "".join(parts).rstrip() + "\n"


def _observables() -> str:
    """Quantities of ``check:``."""
    rows = "".join(
        f"| `{one.quantity}` | {one.unit} | {'system, ' if one.summed else ''}{one.places.replace('_', ' ')} "
        f"| {str(one.stage).replace('_', ' ')} | {one.doc} |\n"
        for one in observables().values()
    )
    head = "| quantity | unit | place | stage | meaning |\n| --- | --- | --- | --- | --- |\n"
    text = "Quantities of `check`; those of a stage that is not modelled yet are skipped with a word.\n\n"
    return f"{text}{head}{rows}\n"


def _table(title: str, model: type[Row], remark: str = "") -> str:
    skip = set(SourcedRow.model_fields) if issubclass(model, SourcedRow) else set()
    lines = [f"### {title}\n\n{(model.__doc__ or '').strip()}{remark}\n\n"]
    lines.append("| column | type | unit | range | default | meaning |\n")
    lines.append("| --- | --- | --- | --- | --- | --- |\n")
    for name, field in model.model_fields.items():
        if name in skip:
            continue
        extra: Any = field.json_schema_extra or {}
        reference = f", in `{extra['ref']}`" if "ref" in extra else ""
        default = "required" if field.is_required() else _default(field.get_default())
        doc = f"{field.description}; *no effect yet*" if effect_of(field) is Effect.NONE else field.description
        lines.append(
            f"| `{name}` | {_type(field.annotation)}{reference} | {extra.get('unit', '-')} | {_range(field)} "
            f"| {default} | {doc} |\n"
        )
    return "".join(lines) + "\n"


def _default(value: object) -> str:
    if value in ("", None, (), {}):
        return "empty"
    return "see below" if isinstance(value, Row) else f"`{value}`"


def _type(annotation: Any) -> str:
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if get_origin(annotation) is Literal:
        return ", ".join(str(argument) for argument in arguments)
    if arguments and get_origin(annotation) not in (tuple, dict):
        return _type(arguments[0])
    names = {str: "text", float: "number", int: "whole number", bool: "true or false", Any: "text or number"}
    return names.get(annotation, "list" if get_origin(annotation) is tuple else "mapping")


def _range(field: Any) -> str:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    found = [
        f"{sign} {getattr(item, key):g}" for item in field.metadata for key, sign in signs.items() if hasattr(item, key)
    ]
    return ", ".join(found)


if __name__ == "__main__":
    main()
