"""The regression gate: what it lets pass, and that it sees a kernel do a tenth more work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gate import COUNTS, gains, growth

ROOT = Path(__file__).parents[2]
COMMITTED = json.loads(COUNTS.read_text(encoding="utf-8"))

#: Both make a kernel do a tenth of its work twice and return the same answer.
TENTH_OF_THE_DRAWS_TWICE = """
draw = availability.fill_exponentials
def wasteful(seed, sample, lo, hi, block, values_out):
    n = -(-len(block) // 10)
    draw(seed, sample, lo[:n], hi[:n], block[:n], values_out[:, :n])
    draw(seed, sample, lo, hi, block, values_out)
availability.fill_exponentials = wasteful
"""
EVERY_TENTH_CERTIFICATE_TWICE = """
check, calls = trial_dispatch.zero_shed_certificate, [0]
def wasteful(**named):
    calls[0] += 1
    if calls[0] % 10 == 0:
        check(**named)
    return check(**named)
trial_dispatch.zero_shed_certificate = wasteful
"""


def sampler_work(waste: str = "", case: str = "") -> dict[str, int]:
    """Counts of the uncompiled sampler kernels, with a change to one of them; of one case, if it is named."""
    program = f"""
import json
from benchmarks import gate
gate.uncompile_kernels()
from gridsim.kernels import availability, trial_dispatch
{waste}
def cases():
    return (named for named in gate.sampler_cases() if {case!r} in ("", named[0]))
print(json.dumps(gate.kernel_work((cases,))))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def of(found: dict[str, int]) -> dict[str, int]:
    """The committed values of the same counts."""
    return {name: COMMITTED[name] for name in found}


def test_growth_of_five_per_cent_passes_and_more_fails() -> None:
    assert growth({"pivots": 1000}, {"pivots": 1050}) == []
    assert growth({"pivots": 1000}, {"pivots": 1051}) == ["pivots: 1,000 -> 1,051 (+5.1%)"]
    assert growth({"fallbacks": 0}, {"fallbacks": 1}) == ["fallbacks: 0 -> 1 (was none)"]
    assert growth({"pivots": 1000}, {"pivots": 1}) == []
    assert gains({"pivots": 1000, "draws": 1000}, {"pivots": 949, "draws": 950}) == ["pivots: 1,000 -> 949"]


def test_a_count_that_only_one_side_has_fails() -> None:
    assert growth({"old": 5}, {"new": 7}) == [
        "new: 7 is not among the committed counts",
        "old: no longer counted, was 5",
    ]


def test_the_kernels_as_they_are_pass() -> None:
    found = sampler_work()
    assert growth(of(found), found) == []


@pytest.mark.parametrize(
    ("waste", "seen"),
    [
        (TENTH_OF_THE_DRAWS_TWICE, "uncompiled.copper_year.draws"),
        (EVERY_TENTH_CERTIFICATE_TWICE, "uncompiled.nodal_fortnight.flow_checks"),
    ],
)
def test_a_tenth_more_work_in_a_kernel_fails(waste: str, seen: str) -> None:
    found = sampler_work(waste, seen.split(".")[1])
    failures = growth(of(found), found)
    assert any(line.startswith(f"{seen}:") for line in failures), failures
