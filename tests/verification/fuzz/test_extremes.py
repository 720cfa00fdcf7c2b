"""Directed extremes: numbers of every column of a bundled network at the ends of what a float can hold."""

from __future__ import annotations

import csv
import io
import random

import pytest

import gridsim
from gridsim.io.schemas import TABLES
from tests.support.fraction import FRACTION
from tests.verification.fuzz.fuzzing import attempt
from tests.verification.fuzz.mutations import Files
from tests.verification.fuzz.subjects import BY_NAME, SIX_HOURS

N_EXTREMES = 150
VALUES = ("1e308", "-1e308", "1e30", "1e12", "1e6", "1e-308", "0", "-1", "nan", "inf")


def extremes(files: Files) -> list[tuple[str, str, str, Files]]:
    """(table, column, value, files with that value in one row), ``N_EXTREMES`` drawn so that every column has one."""
    places = []
    for table, schema in TABLES.items():
        name = f"{table}.csv"
        if name not in files:
            continue
        rows = list(csv.reader(io.StringIO(files[name].decode())))
        numeric = [c for c, column in enumerate(rows[0]) if column in schema.row.model_fields and _numeric(rows, c)]
        places += [(name, rows, c) for c in numeric]
    rng = random.Random(len(places))
    found = []
    while len(found) < N_EXTREMES:
        for name, rows, column in places:
            changed = [list(row) for row in rows]
            value = rng.choice(VALUES)
            changed[rng.randrange(1, len(rows))][column] = value
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(changed)
            found.append((name, rows[0][column], value, {**files, name: text.getvalue().encode()}))
    rng.shuffle(found)
    return found[: max(int(N_EXTREMES * FRACTION), 10)]


def _numeric(rows: list[list[str]], column: int) -> bool:
    texts = [row[column] for row in rows[1:] if row[column]]
    try:
        return bool(texts) and all(float(text) < 1e300 for text in texts)
    except ValueError:
        return False


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("network", ["rbts", "rts79", "kazakhstan"])
def test_an_extreme_is_refused_or_gives_finite_numbers(network) -> None:
    subject = BY_NAME[network]
    gridsim.run(gridsim.read_network(network), gridsim.Scenario("warm", network, SIX_HOURS))
    refused, findings = 0, []
    for table, column, value, files in extremes(subject.files()):
        wrong, accepted = attempt(subject, files, run=True)
        refused += not accepted
        if wrong:
            findings.append(f"{table} {column} {value}: {wrong}")
    assert not findings, "\n".join(findings)
    assert refused > 0
