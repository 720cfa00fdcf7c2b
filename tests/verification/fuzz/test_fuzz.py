"""Mutated inputs of every kind: only success, or an InputError with file, value and mend; accepted ones run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import gridsim
from tests.support.fraction import FRACTION
from tests.verification.fuzz.fuzzing import attempt, fuzz
from tests.verification.fuzz.subjects import SIX_HOURS, SUBJECTS

N_INPUTS = int(os.environ.get("GRIDSIM_FUZZ_INPUTS", max(int(2_000 * FRACTION), 50)))
SEED = int(os.environ.get("GRIDSIM_FUZZ_SEED", 1))
MINUTES = float(os.environ.get("GRIDSIM_FUZZ_MINUTES", "inf"))


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Kernels, so that compilation counts as no hang; those of gas too."""
    for name in ("rbts", "kazakhstan"):
        gridsim.run(gridsim.read_network(name), gridsim.Scenario("warm", name, SIX_HOURS))


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_what_is_mutated_is_right_before(subject) -> None:
    assert attempt(subject, subject.files(), run=True) == ("", True)


@pytest.mark.filterwarnings("ignore")
def test_fuzzed_inputs(tmp_path: Path) -> None:
    save_to = Path(os.environ.get("GRIDSIM_FUZZ_SAVE", tmp_path))
    report = fuzz(N_INPUTS, SEED, save_to, minutes=MINUTES)
    print(report)
    assert not report.findings, f"{report}\n" + "\n".join(report.findings)
    assert report.n_refused > 0.2 * report.n_inputs and report.n_refused < report.n_inputs
    assert report.peak_mb < 2048
