"""Durations and times as written in scenario files."""

from __future__ import annotations

import datetime as dt
import re

from gridsim.io.schemas.bounds import BOUNDS

LONGEST_H = BOUNDS["h"][1]
_UNITS_H = {"min": 1 / 60, "m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(min|m|h|d|w)\s*$")


def parse_duration_h(value: object) -> float:
    """Hours of ``36h``, ``3d``, ``90min`` or a plain number of hours; ValueError otherwise."""
    if isinstance(value, bool) or value is None:
        raise ValueError("is not a duration")
    if isinstance(value, int | float):
        hours = float(min(value, 2.0 * LONGEST_H))
    else:
        match = _DURATION.match(str(value))
        if match is None:
            raise ValueError("is not a duration")
        hours = float(match[1]) * _UNITS_H[match[2]]
    if not 0 <= hours <= LONGEST_H:
        raise ValueError(f"is not from 0 to {LONGEST_H:g} h")
    return hours


def parse_start(value: object) -> dt.datetime:
    """Local time of an ISO text such as ``2026-01-12 00:00``; ValueError otherwise."""
    start = dt.datetime.fromisoformat(str(value))
    if start.tzinfo is not None:
        raise ValueError("times are local to the network: leave out the offset")
    return start


def parse_at_h(value: object, start: dt.datetime) -> float:
    """Hours after ``start`` of ``+36h`` or of an ISO local time; ValueError otherwise."""
    text = str(value).strip()
    if text.startswith("+"):
        return parse_duration_h(text[1:])
    return (parse_start(text) - start).total_seconds() / 3600


def utc_offset(timezone: str) -> dt.timedelta:
    """Offset of a network's ``UTC+05:00``."""
    text = timezone.strip().removeprefix("UTC") or "+00:00"
    return dt.datetime.fromisoformat(f"2000-01-01T00:00{text}").utcoffset() or dt.timedelta(0)


def network_time(value: object, timezone: str) -> dt.datetime:
    """Local time of an ISO text, moved to the network's ``timezone`` if it has an offset; ValueError otherwise."""
    time = dt.datetime.fromisoformat(str(value).strip())
    if time.tzinfo is None:
        return time
    return time.astimezone(dt.timezone(utc_offset(timezone))).replace(tzinfo=None)
