"""A heading of 140,000 letters is told as quickly as a short one."""

import difflib

import pytest

from gridsim.errors import nearest


def test_the_nearest_of_a_long_text_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It took 0.05 s, and a hundred rows name such a heading a hundred times."""
    compared = []
    monkeypatch.setattr(difflib, "get_close_matches", lambda *texts, **options: compared.append(texts) or [])
    assert nearest("x" * 140_000, ["hour", "profile", "value"]) == "use one of hour, profile, value"
    assert not compared
    nearest("valeu", ["hour", "profile", "value"])
    assert len(compared) == 1


def test_a_slip_still_finds_its_name() -> None:
    assert nearest("valeu", ["hour", "profile", "value"]) == "did you mean 'value'?"
