"""Speed by release: a file that is not kept says why."""

from __future__ import annotations

from typing import Any

from benchmarks.history import BUSY, refusal


def checked(load_average: float, *failed: str) -> dict[str, Any]:
    checks = [{"name": name, "passed": name not in failed} for name in ("LOLH", "EUE")]
    return {"passed": not failed, "checks": checks, "machine": {"load_average": load_average}}


def test_a_quiet_machine_with_all_checks_right_is_kept() -> None:
    assert refusal(checked(BUSY)) == ""


def test_failed_checks_are_named() -> None:
    assert "LOLH" in refusal(checked(0.1, "LOLH")) and "EUE" not in refusal(checked(0.1, "LOLH"))


def test_a_busy_machine_is_told_with_its_load() -> None:
    assert "load average 6.9" in refusal(checked(6.9))
