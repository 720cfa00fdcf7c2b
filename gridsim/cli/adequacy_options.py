"""Options of `gridsim adequacy`: their choices, what contradicts, and the sampling of a call that names none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsim.cli.values import choice, load_forecast, whole
from gridsim.errors import Problem

if TYPE_CHECKING:
    from gridsim.model.system import GridSystem

CHOICES = {
    "level": ("copper", "zonal", "nodal"),
    "method": ("auto", "exact", "sequential", "snapshot"),
    "sampler": ("auto", "crude", "multilevel", "cross_entropy", "quasi_sequential"),
    "metric": ("EUE", "LOLH", "LOLD", "LOLEv"),
    "imports": ("none", "contract", "limit", "likely", "all"),
    "weather": ("normal", "synthetic"),
}
DEFAULT_COV = {"normal": 0.02, "synthetic": 0.05}  # a generated year takes a tenth of a second
DEFAULT_CAPS = {
    "sequential": {"copper": 200_000, "zonal": 10_000, "nodal": 500},
    "snapshot": {"copper": 20_000_000, "zonal": 2_000_000, "nodal": 100_000},
}
_SAMPLERS_OF = {
    "auto": ("auto",),
    "exact": (),
    "sequential": ("auto", "crude", "multilevel", "quasi_sequential"),
    "snapshot": ("auto", "crude", "cross_entropy", "multilevel"),
}
_SNAPSHOT_METRICS = ("EUE", "LOLH")
_OF_ANOTHER_NAME = {
    "LOLE": "LOLE in hours a year is LOLH, in days a year LOLD",
    "LOLF": "LOLF is LOLEv",
    "EENS": "EENS is EUE",
    "LOEE": "LOEE is EUE",
}

WorkersOption = Annotated[
    int | None,
    typer.Option(parser=whole(1), metavar="N", help="Threads, by default one per core; results do not depend on them."),
]

ForecastOption = Annotated[
    Any,
    typer.Option(
        "--load-forecast",
        parser=load_forecast,
        metavar="X|E:P,...",
        help="Error of the load in each sample, as a share of it: a standard deviation, 0.04, or steps with their "
        "probabilities, -0.05:0.2,0:0.6,0.05:0.2.",
    ),
]


@dataclass(frozen=True)
class Sampling:
    """Amount of sampling. ``by_default``: the command line named no number, target or time."""

    n: int | None
    target_cov: float | None
    max_seconds: float | None
    by_default: bool

    def told(self, metric: str, method: str) -> str:
        """The default in words, said before a run that may take minutes."""
        unit = "snapshots" if method == "snapshot" else "years"
        return (
            f"until {metric} is known to {100 * (self.target_cov or 0.0):g} %, at most {self.n:,} {unit} "
            "(--target-cov and --years say otherwise)"
        )


def sampling_of(
    level: str,
    method: str,
    years: int | None,
    target_cov: float | None,
    max_seconds: float | None,
    weather: str = "normal",
) -> Sampling:
    """Sampling as the command line asks; by default a target, with a cap by level and method and no clock."""
    if years is None and target_cov is None and max_seconds is None:
        of = "snapshot" if method == "snapshot" else "sequential"
        return Sampling(DEFAULT_CAPS[of][level], DEFAULT_COV[weather], None, by_default=True)
    return Sampling(years, target_cov, max_seconds, by_default=False)


def weather_of(system: GridSystem, asked: str | None, method: str, weather_years: int | None) -> str:
    """The weather as asked; by default generated where the network has a weather field and samples are years."""
    from gridsim.weather.field import has_field

    if asked is not None:
        return asked
    generated = weather_years is not None or (has_field(system) and method in ("auto", "sequential"))
    return "synthetic" if generated else "normal"


def weather_told(system: GridSystem, weather: str, weather_years: int | None) -> str:
    """The weather of the samples in a line; empty for a network that has no other than the normal year."""
    from gridsim.weather.field import has_field

    if weather == "synthetic":
        years = "a year of its own per sample" if weather_years is None else f"a fixed set of {weather_years} years"
        return f"generated weather, {years} (--weather normal: the same normal year in all)"
    if has_field(system):
        return "normal weather in every sample, which understates the risk (generated years: --weather synthetic)"
    return ""


def sampler_of(asked: str | None, method: str, effort: Sampling) -> str:
    """The sampler as asked; by default years and whatever has a number, target or time of its own are crude."""
    if asked is not None:
        return asked
    return "auto" if method == "snapshot" and effort.by_default else "crude"


def imports_of(system: GridSystem, asked: str | None) -> str:
    """The import policy as asked; by default what neighbours are likely to give where the network says it."""
    if asked is not None:
        return asked
    return "likely" if len(system.border_support) else "contract"


def threads(workers: int | None) -> int:
    """Threads as asked, by default one per core."""
    return workers or os.cpu_count() or 1


def choice_option(option: str, help_: str) -> Any:
    """The option of one of CHOICES."""
    choices = CHOICES[option]
    return typer.Option(parser=choice(choices, _OF_ANOTHER_NAME), metavar=f"[{'|'.join(choices)}]", help=help_)


def contradictions(options: dict[str, Any]) -> Iterator[Problem]:
    """Problems of options, by name, that cannot be had together."""
    method, metric = options["method"], options["metric"]
    asked = any(options[name] is not None for name in ("years", "target_cov", "max_seconds"))
    drawn = "sequential" if method == "auto" and asked else method
    if options["sampler"] is not None and options["sampler"] not in _SAMPLERS_OF[drawn]:
        pairs = "; ".join(f"{name} with {', '.join(of) or 'none'}" for name, of in _SAMPLERS_OF.items())
        yield Problem(
            "--sampler", 0, "", f"{drawn} does not go with {options['sampler']}", f"pairs of --method: {pairs}"
        )
    if method == "snapshot" and metric not in _SNAPSHOT_METRICS:
        yield Problem("--metric", 0, "", f"snapshots have no {metric}", "use EUE or LOLH, or --method sequential")
    if options["weather"] == "normal" and options["weather_years"] is not None:
        yield Problem("--weather-years", 0, "", "normal weather is one year", "add --weather synthetic")
    if options["hour"] is not None and (options["weather"] == "synthetic" or options["weather_years"] is not None):
        yield Problem("--hour", 0, "", "is an hour of the normal year", "leave --weather and --weather-years out")
    if options["ac_states"] is not None and (options["hour"] is not None or options["imports"] == "all"):
        yield Problem("--ac-states", 0, "", "is of the year and one import policy", "leave --hour and imports all out")
    for name in ("importance", "firm"):
        if options[name] and options["level"] == "nodal":
            yield Problem(f"--{name}", 0, "", "is for level copper and zonal", "add --level zonal")
    for name in ("importance", "firm", "all_levels"):
        flag = f"--{name.replace('_', '-')}"
        if options[name] and method == "snapshot":
            yield Problem(flag, 0, "", "takes whole years", "leave --method out")
        if options[name] and options["imports"] == "all":
            yield Problem(flag, 0, "", "is of one import policy", "name one with --imports")
        if name != "importance" and options[name] and options["hour"] is not None:
            yield Problem(flag, 0, "", "is of whole years", "leave --hour out")
    if method == "exact":
        for name in ("years", "target_cov", "max_seconds"):
            if options[name] is not None:
                flag, mend = f"--{name.replace('_', '-')}", "leave it out, or --method sequential"
                yield Problem(flag, 0, "", "exact draws no samples", mend)
        if options["weather"] == "synthetic":
            yield Problem("--weather", 0, "", "exact is for one weather", "leave it out, or --method sequential")
