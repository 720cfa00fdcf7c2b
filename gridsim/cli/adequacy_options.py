"""Options of `gridsim adequacy`: their choices, the sampling of a call that names none, and every mistake at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from gridsim.errors import StudyError, nearest

CHOICES = {
    "level": ("copper", "zonal", "nodal"),
    "method": ("auto", "exact", "sequential", "snapshot"),
    "metric": ("EUE", "LOLH", "LOLD", "LOLEv"),
    "imports": ("none", "contract", "limit"),
    "weather": ("normal", "synthetic"),
}
DEFAULT_COV = 0.02
DEFAULT_CAPS = {
    "sequential": {"copper": 200_000, "zonal": 10_000, "nodal": 500},
    "snapshot": {"copper": 20_000_000, "zonal": 2_000_000, "nodal": 100_000},
}
_SNAPSHOT_METRICS = ("EUE", "LOLH")
_OF_ANOTHER_NAME = {
    "LOLE": "LOLE in hours a year is LOLH, in days a year LOLD",
    "LOLF": "LOLF is LOLEv",
    "EENS": "EENS is EUE",
    "LOEE": "LOEE is EUE",
}


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
            f"until {metric} is known to {100 * DEFAULT_COV:g} %, at most {self.n:,} {unit} "
            "(--target-cov and --years say otherwise)"
        )


def sampling_of(
    level: str, method: str, years: int | None, target_cov: float | None, max_seconds: float | None
) -> Sampling:
    """Sampling as the command line asks; by default a target, with a cap by level and method and no clock."""
    if years is None and target_cov is None and max_seconds is None:
        of = "snapshot" if method == "snapshot" else "sequential"
        return Sampling(DEFAULT_CAPS[of][level], DEFAULT_COV, None, by_default=True)
    return Sampling(years, target_cov, max_seconds, by_default=False)


def choice_of(option: str) -> str:
    """The choices of an option as its help shows them."""
    return f"[{'|'.join(CHOICES[option])}]"


def check_options(options: dict[str, Any]) -> None:
    """Raise StudyError with a line for every option that cannot be, by its flag.

    ``options``: by name with underscores, all of the command's that have bounds or choices.
    """
    wrong = [
        f"--{name}: no '{options[name]}'; {_mend(options[name], choices)}"
        for name, choices in CHOICES.items()
        if options[name] not in choices
    ]
    if options["method"] == "snapshot" and options["metric"] in CHOICES["metric"][len(_SNAPSHOT_METRICS) :]:
        wrong.append(f"--metric: snapshots have no {options['metric']}; use EUE or LOLH, or --method sequential")
    if options["weather"] == "normal" and options["weather_years"] is not None:
        wrong.append("--weather-years: normal weather is one year; add --weather synthetic")
    if options["method"] == "exact":
        wrong += [
            f"--{name.replace('_', '-')}: exact draws no samples; leave it out, or --method sequential"
            for name in ("years", "target_cov", "max_seconds")
            if options[name] is not None
        ]
        if options["weather"] == "synthetic":
            wrong.append("--weather: exact is for one weather; leave it out, or --method sequential")
    years, cov, seconds = options["years"], options["target_cov"], options["max_seconds"]
    if years is not None and not 1 <= years < 2**32:
        wrong.append(f"--years: {years} is not between 1 and 2^32 - 1; each sample has a 32-bit number")
    if cov is not None and not (math.isfinite(cov) and cov > 0.0):
        wrong.append(f"--target-cov: {cov:g} is not > 0; give stderr / estimate, for instance 0.05")
    if seconds is not None and not seconds > 0.0:
        wrong.append(f"--max-seconds: {seconds:g} is not > 0; give seconds")
    if not 0 <= options["seed"] < 2**64:
        wrong.append(f"--seed: {options['seed']} is not a 64-bit number; give 0 to 2^64 - 1")
    if options["workers"] is not None and options["workers"] < 1:
        wrong.append(f"--workers: {options['workers']} is not >= 1; give the number of threads")
    if options["weather_years"] is not None and options["weather_years"] < 1:
        wrong.append(f"--weather-years: {options['weather_years']} is not >= 1; give the number of weather years")
    if sum(options[name] for name in ("as_json", "as_csv", "as_md")) > 1:
        wrong.append("--json, --csv, --md: one output at a time; give one of them")
    if wrong:
        raise StudyError("\n".join(wrong))


def _mend(value: str, choices: tuple[str, ...]) -> str:
    if value.upper() in _OF_ANOTHER_NAME:
        return _OF_ANOTHER_NAME[value.upper()]
    same = [choice for choice in choices if choice.lower() == value.lower()]
    return f"did you mean '{same[0]}'?" if same else nearest(value, choices)
