"""Parsers of values of options: whole and positive numbers, choices, times; each tells what it refuses and the mend."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import typer

from gridsim.errors import nearest

_SPELLED = 2**31  # from here on 2^n - 1 reads better than its digits


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A parser of whole numbers from ``least`` to ``most``."""
    bounds = f"{least} or more" if most is None else f"from {least} to {_spelled(most)}"

    def whole_number(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise typer.BadParameter(f"'{text}' is not a whole number; give one, {bounds}") from None
        if number < least or (most is not None and number > most):
            raise typer.BadParameter(f"{number} is out of range; give a whole number, {bounds}")
        return number

    return whole_number


def positive(example: str, *, finite: bool = True) -> Callable[[str], float]:
    """A parser of numbers above zero. ``example``: ends the mend, as in ``give seconds``."""

    def positive_number(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise typer.BadParameter(f"'{text}' is not a number; give {example}") from None
        if not number > 0.0 or (finite and math.isinf(number)):
            raise typer.BadParameter(f"{number:g} is not {'finite' if number > 0.0 else '> 0'}; give {example}")
        return number

    return positive_number


def choice(choices: Sequence[str], of_another_name: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """A parser of one of ``choices``. ``of_another_name``: mends of words that elsewhere name one of them."""

    def one_of(text: str) -> str:
        if text in choices:
            return text
        same = [one for one in choices if one.lower() == text.lower()]
        mend = (of_another_name or {}).get(text.upper()) or nearest(same[0] if same else text, choices)
        raise typer.BadParameter(f"no '{text}'; {mend}")

    return one_of


def load_forecast(text: str) -> object:
    """The error of a load forecast: a standard deviation, or steps like -0.05:0.25,0:0.5,0.05:0.25."""
    from gridsim.errors import InputError
    from gridsim.reliability import LoadForecast

    try:
        if ":" not in text:
            return LoadForecast(stdev=float(text))
        pairs = [part.split(":") for part in text.split(",")]
        return LoadForecast(tuple(float(e) for e, _ in pairs), tuple(float(p) for _, p in pairs))
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no error; give 0.04, or steps like -0.05:0.2,0:0.6,0.05:0.2") from None
    except InputError as refused:
        problem = refused.problems[0]
        raise typer.BadParameter(f"{problem.column} {problem.value}; {problem.mend}") from None


def local_time(text: str) -> str:
    """A local time in words that ``parse_start`` reads."""
    from gridsim.io.durations import parse_start

    try:
        parse_start(text)
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is no local time ({error}); give one like 2026-01-14 18:00") from None
    return text


def _spelled(number: int) -> str:
    exponent = (number + 1).bit_length() - 1
    return f"2^{exponent} - 1" if number + 1 >= _SPELLED and number + 1 == 2**exponent else str(number)
