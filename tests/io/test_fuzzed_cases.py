"""Inputs that once ended in a traceback, a hang or nonsense, each as small as it could be made."""

from pathlib import Path

import pytest

from tests.verification.fuzz.fuzzing import attempt, load

CASES = sorted(file.parent for file in (Path(__file__).parents[1] / "data" / "fuzz").glob("*/subject"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_that_fuzzing_found(case) -> None:
    subject, files = load(case)
    assert attempt(subject, files, run=True)[0] == ""
