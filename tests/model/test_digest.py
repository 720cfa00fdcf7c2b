"""One digest for one content: whatever changes a number changes it, whatever only looks different does not."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import struct
import subprocess
import sys

import numpy as np
import pytest

from gridsim.errors import Problem
from gridsim.io.read_network import read_network, system_from_tables
from gridsim.model.digest import digest
from tests.support.cases import META, TWO_AREAS
from tests.support.imports import ROOT


def test_the_digest_of_a_system_is_the_same_in_another_process() -> None:
    program = "from gridsim.io.read_network import read_network; print(read_network('rbts').content_hash)"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == read_network("rbts").content_hash


def test_numbers_and_text_have_one_digest_however_they_are_stored() -> None:
    numbers = np.array([1.0, np.nan, 0.0])
    assert digest(numbers) == digest(np.array([1.0, -np.nan, -0.0])) == digest(numbers.astype(">f8"))
    assert digest(np.array([1, 2], dtype=np.int32)) == digest(np.array([1, 2], dtype=">i8"))
    assert digest(np.array(["a", "b"], dtype="U1")) == digest(np.array(["a", "b"], dtype="U9"))
    # Little-endian on every machine: studies of other machines are resumed by it.
    spelt_out = b"array 6:f (3,)bytes 24:" + struct.pack("<3d", 1.0, math.nan, 0.0)
    assert digest(numbers) == hashlib.sha256(spelt_out).hexdigest()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, np.nextafter(2.0, 3.0)])),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.array([1, 0]), np.array([True, False])),
        (np.array([1]), np.array([1.0])),
        (np.array(["ab", "c"]), np.array(["a", "bc"])),
        (("ab", "c"), ("a", "bc")),
        ((1, 2), (1, (2,))),
        (None, ""),
        (1, True),
        ({"a": 1}, {"b": 1}),
    ],
)
def test_different_values_have_different_digests(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_every_table_and_setting_counts_but_not_the_warnings() -> None:
    system = system_from_tables(META, TWO_AREAS)
    seen = {system.content_hash}
    for field in dataclasses.fields(system):
        value = getattr(system, field.name)
        if field.name == "warnings":
            continue
        if isinstance(value, str):
            changed = value + "x"
        elif isinstance(value, bool):
            changed = not value
        elif isinstance(value, float | int):
            changed = value + 1
        elif isinstance(value, tuple):
            changed = (*value[:-1], value[-1] + (1.0 if isinstance(value[-1], float) else "x"))
        else:
            continue
        seen.add(dataclasses.replace(system, **{field.name: changed}).content_hash)
    assert len(seen) == 15
    warned = dataclasses.replace(system, warnings=(Problem("f", 1, "c", "v", "m", "warning"),))
    assert warned.content_hash == system.content_hash


def test_a_changed_copy_has_a_hash_of_its_own() -> None:
    system = system_from_tables(META, TWO_AREAS)
    before = system.content_hash
    assert len(before) == 64 and system_from_tables(META, TWO_AREAS).content_hash == before
    generators = system.generators
    p_max_mw = generators.p_max_mw.copy()
    p_max_mw[0] *= 0.5
    weaker = system.replace(generators=dataclasses.replace(generators, p_max_mw=p_max_mw))
    assert weaker.content_hash != before and system.content_hash == before
    back = weaker.replace(generators=generators)
    assert back.content_hash == before
