"""Options of `gridsim credit`: the words of --add, what contradicts, and the machines that are compared."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridsim.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from gridsim.model.system import GridSystem
    from gridsim.reliability import Addition

METRICS = ("EUE", "LOLH", "LOLEv", "CVaR_95")
DEFAULT_YEARS = {"normal": {"copper": 4_000, "zonal": 1_000}, "synthetic": {"copper": 200, "zonal": 200}}
_EXAMPLE = "fuel=nuclear,p_max_mw=1200,for=0.05"
_ADD = "--add"
_WORDS = ("fuel", "name", "bus", "like")
# key of a number: its least and most, whether these are allowed themselves, and an example
_NUMBERS: dict[str, tuple[float, float, bool, str]] = {
    "p_max_mw": (0.0, 1e6, False, "MW of one machine, as p_max_mw=1200"),
    "for": (0.0, 1.0, True, "a forced outage rate from 0 to below 1, as for=0.05"),
    "mttr_h": (0.0, 1e6, False, "hours of a repair, as mttr_h=50"),
    "count": (0.0, 1000.0, False, "a whole number of machines up to 1,000, as count=2"),
    "energy_mwh": (0.0, 1e9, False, "MWh of a store, as energy_mwh=400"),
    "efficiency": (0.0, 1.0, False, "what comes back of a store, as efficiency=0.85"),
    "calls": (0.0, 1e4, False, "runs of hours of demand response in a period, as calls=10"),
    "hours": (0.0, 1e4, False, "hours of demand response in a period, as hours=40"),
    "period_h": (0.0, 1e4, False, "hours of a period, as period_h=168; without it the year"),
}
_KEYS = (*_WORDS, *_NUMBERS)
_OF_THE_WEATHER = ("wind", "solar", "sun", "hydro")


@dataclass(frozen=True)
class Added:
    """One --add as it was written: words and numbers by key."""

    text: str
    words: dict[str, str]
    numbers: dict[str, float]

    def name(self, position: int) -> str:
        """Name of the machine, which also gives it its random numbers."""
        return self.words.get("name") or f"added {self.words.get('fuel', 'machine')} {position + 1}"

    def addition(self, position: int, system: GridSystem) -> Addition:
        """The machines as the network's are: what they have at the load, after losses."""
        from gridsim.reliability import Addition

        delivered = 1.0 / (1.0 + system.loss_share)
        like = self.words.get("like")
        like_mw = None
        if like in system.generators.name.tolist():
            like_mw = float(system.generators.p_max_mw[system.generators.name.tolist().index(like)]) * delivered
        energy_mwh = self.numbers.get("energy_mwh")
        return Addition(
            name=self.name(position),
            p_max_mw=self.numbers["p_max_mw"] * delivered,
            forced_outage_rate=self.numbers.get("for", 0.0),
            count=int(self.numbers.get("count", 1)),
            mttr_h=self.numbers.get("mttr_h", 50.0),
            like=like,
            like_mw=like_mw,
            bus=self.words.get("bus"),
            energy_mwh=None if energy_mwh is None else energy_mwh * delivered,
            efficiency=self.numbers.get("efficiency", 0.85),
            calls=self.numbers.get("calls", math.inf),
            hours=self.numbers.get("hours", math.inf),
            period_h=int(self.numbers.get("period_h", 0)),
        )


def read_addition(text: str) -> tuple[Added, list[Problem]]:
    """The addition and everything that is wrong with its text."""
    problems: list[Problem] = []
    words: dict[str, str] = {}
    numbers: dict[str, float] = {}

    def wrong(value: str, mend: str) -> None:
        problems.append(Problem(_ADD, 0, "", value, mend))

    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            wrong(f"'{part.strip()}' is no key=value", f"write it like {_EXAMPLE}")
        elif key in words or key in numbers:
            wrong(f"'{key}' is given twice", "keep one")
        elif key in _WORDS:
            words[key] = value
        elif key in _NUMBERS:
            number = _number(key, value)
            if number is None:
                wrong(f"{key}={value}", f"give {_NUMBERS[key][3]}")
            numbers[key] = math.nan if number is None else number
        else:
            close = difflib.get_close_matches(key, _KEYS, n=1)
            wrong(f"no key '{key}'", f"did you mean '{close[0]}'?" if close else f"use {', '.join(_KEYS)}")
    if "p_max_mw" not in numbers:
        wrong(f"'{text}' has no p_max_mw", f"add {_NUMBERS['p_max_mw'][3]}")
    if words.get("fuel") in _OF_THE_WEATHER and "like" not in words:
        wrong(f"fuel={words['fuel']} has no hours", "add like=NAME, a machine whose hours it follows")
    if "energy_mwh" in numbers and "like" in words:
        wrong("a store follows no machine", "leave out like or energy_mwh")
    if "efficiency" in numbers and "energy_mwh" not in numbers:
        wrong("an efficiency without a store", f"add {_NUMBERS['energy_mwh'][3]}, or leave efficiency out")
    return Added(text, words, numbers), problems


def _number(key: str, value: str) -> float | None:
    least, most, with_least, _ = _NUMBERS[key]
    try:
        number = float(value)
    except ValueError:
        return None
    within = least <= number <= most and (with_least or number > least) and not (key == "for" and number == most)
    return number if within and (key not in ("count", "period_h") or number == int(number)) else None


def contradictions(options: dict[str, Any]) -> Iterator[Problem]:
    """Problems of every --add, and of options that cannot be had together."""
    ways = [flag for flag in ("add", "plant", "variant") if options[flag]]
    if not options["add"] and not options["plant"] and options["variant"] in (None, "base"):
        yield Problem(_ADD, 0, "", "nothing to value", f'add --add "{_EXAMPLE}", --plant NAME or --variant NAME')
    if "add" in ways and "plant" in ways:
        yield Problem("--plant", 0, "", "contradicts --add", "keep one")
    names: list[str] = []
    for position, text in enumerate(options["add"] or ()):
        added, problems = read_addition(text)
        yield from problems
        if added.name(position) in names:
            yield Problem(_ADD, 0, "", f"two are named '{added.name(position)}'", "give another name=")
        names.append(added.name(position))
        if options["level"] == "zonal" and "bus" not in added.words:
            yield Problem(_ADD, 0, "", f"'{text}' has no bus, which level zonal needs", "add bus=NAME")


def additions_of(texts: Sequence[str], system: GridSystem) -> list[Addition]:
    """The additions of the command line; InputError with every bus and machine that the network does not have."""
    problems: list[Problem] = []
    made: list[Addition] = []
    machines, buses = system.generators.name.tolist(), system.buses.name.tolist()
    for position, text in enumerate(texts):
        added, _ = read_addition(text)
        for key, known in (("bus", buses), ("like", machines)):
            if key in added.words and added.words[key] not in known:
                name = added.words[key]
                problems.append(Problem(_ADD, 0, "", f"no {key} '{name}' in {system.name}", nearest(name, known)))
        made.append(added.addition(position, system))
        if made[-1].name in {*machines, *system.storages.name.tolist(), *system.borders.name.tolist()}:
            problems.append(Problem(_ADD, 0, "", f"{system.name} has a '{made[-1].name}'", "give another name="))
    if problems:
        raise InputError(problems)
    return made


def machines_of(name: str, system: GridSystem) -> frozenset[str]:
    """Names of a plant's machines in service, of one machine, border or store; InputError with the nearest name."""
    generators = system.generators
    of_plant = generators.name[(generators.plant == name) & generators.in_service].tolist()
    others = [
        one for table in (generators, system.borders, system.storages) for one in table.name[table.in_service].tolist()
    ]
    if of_plant:
        return frozenset(of_plant)
    if name in others:
        return frozenset([name])
    known = [plant for plant in system.plants if plant] + others
    raise InputError([Problem("--plant", 0, "", f"no '{name}' in service in {system.name}", nearest(name, known))])


def line_of(name: str | None, system: GridSystem) -> str | None:
    """The name, if it is that of a line or transformer and of nothing else that --plant names."""
    if name is None or name not in system.branch_name.tolist():
        return None
    others = (*system.generators.plant.tolist(), *system.generators.name.tolist(), *system.borders.name.tolist())
    return None if name in (*others, *system.storages.name.tolist()) else name


def levels_of(
    asked: str | None, system: GridSystem, additions: Sequence[Addition], line: str | None = None
) -> tuple[str, ...]:
    """The level as asked; by default copper, and zonal where there are zones and every addition has its bus."""
    if line is not None:
        if asked == "copper":
            told = f"'{line}' is a line, which is worth nothing where nothing limits"
            raise InputError([Problem("--level", 0, "", told, "use --level zonal")])
        return ("zonal",)
    if asked is not None:
        return (asked,)
    placed = all(addition.bus is not None for addition in additions)
    return ("copper", "zonal") if len(system.zones) > 1 and placed else ("copper",)


def nameplate_of(system: GridSystem, names: frozenset[str]) -> dict[str, float]:
    """MW of the named machines at the load, after losses: of wind and sun more than they ever have at once."""
    delivered = 1.0 / (1.0 + system.loss_share)
    generators = system.generators
    of_all = zip(generators.name.tolist(), generators.p_max_mw.tolist(), strict=True)
    return {name: p_mw * delivered for name, p_mw in of_all if name in names}
