"""Each option of `gridsim adequacy` with its words of help."""

from __future__ import annotations

from typing import Annotated

import typer

from gridsim.cli.adequacy_options import choice_option
from gridsim.cli.values import positive, whole

LevelOption = Annotated[str, choice_option("level", "How much of the network limits: nothing, zones, all of it.")]
MethodOption = Annotated[
    str,
    choice_option(
        "method",
        "By convolution what is exact so and by sampling the rest, nothing but exact, whole years, or "
        "independent hours. With --years, --target-cov or --max-seconds auto is sequential.",
    ),
]
SamplerOption = Annotated[
    str | None,
    choice_option(
        "sampler",
        "How years or snapshots are drawn (docs/samplers.md): as they come, by differences from a cheaper level, "
        "tilted towards shortfalls, or tilted with the hours around them. By default years crude, snapshots auto; "
        "only crude years give VaR, CVaR and months.",
    ),
]
YearsOption = Annotated[
    int | None,
    typer.Option(
        parser=whole(1, 2**32 - 1),  # each sample has a 32-bit number
        metavar="N",
        help="Sample years (snapshots with --method snapshot), or the most with a target.",
    ),
]
TargetOption = Annotated[
    float | None,
    typer.Option(
        parser=positive("stderr / estimate, for instance 0.05"),
        metavar="X",
        help="Stop at this stderr / estimate of --metric, looked at after 1, 2, 4, 8 ... blocks of years. Without "
        "this, --years and --max-seconds: 0.02 (generated weather: 0.05), at most 200,000 copper, 10,000 zonal or "
        "500 nodal years (snapshots 20,000,000, 2,000,000 or 100,000).",
    ),
]
MetricOption = Annotated[str, choice_option("metric", "What the target watches; snapshots: EUE or LOLH.")]
SecondsOption = Annotated[
    float | None,
    typer.Option(
        parser=positive("seconds", finite=False),
        metavar="S",
        help="Stop after this wall time; exit 3 if short of what was asked.",
    ),
]
ImportsOption = Annotated[
    str | None,
    choice_option(
        "imports",
        "What borders supply; by default likely where the network has a table of it, else contract. all: every "
        "policy side by side, on the same draws.",
    ),
]
GasOutagesOption = Annotated[
    bool,
    typer.Option("--gas-outages", help="Gas pipelines, sources, stations fail: plants lose gas as linepack drains."),
]
SupplyOutagesOption = Annotated[
    bool,
    typer.Option(
        "--supply-outages", help="Coal railways and cooling water fail too: plants last as long as their yards."
    ),
]
WeatherOption = Annotated[
    str | None,
    choice_option(
        "weather",
        "The same normal year, or a generated one per sample: the default where the network has a weather "
        "field (snapshots: normal).",
    ),
]
WeatherYearsOption = Annotated[
    int | None,
    typer.Option(parser=whole(1), metavar="N", help="Run through a fixed set of so many weather years instead."),
]
HourOption = Annotated[
    str | None,
    typer.Option(
        "--hour",
        metavar="N|TIME",
        help="One hour of the normal year alone, by number from 0 or by time: 01-14 18:00.",
    ),
]
AcStatesOption = Annotated[
    int | None,
    typer.Option(
        "--ac-states",
        parser=whole(2, 100_000),
        metavar="N",
        help="Solve so many random states by AC with voltage control too: share rejected, EUE that follows.",
    ),
]
ImportanceOption = Annotated[
    bool,
    typer.Option(
        "--importance",
        help="Unserved energy that each component, cause and section accounts for (--csv: this table alone).",
    ),
]
FirmOption = Annotated[
    bool,
    typer.Option("--firm", help="MW of firm capacity that would meet each missed standard (copper, zonal)."),
]
AllLevelsOption = Annotated[
    int | None,
    typer.Option(
        "--all-levels",
        parser=whole(2, 100_000),
        metavar="N",
        help="The same N sample years at copper, zonal and nodal level side by side.",
    ),
]
OffsiteOption = Annotated[
    int | None,
    typer.Option(
        "--offsite",
        parser=whole(2, 1_000_000),
        metavar="N",
        help="How often each nuclear site loses all supply from the grid, in N sample years.",
    ),
]
