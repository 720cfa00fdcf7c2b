"""Names of events that changed: the old one works, and says so once."""

from __future__ import annotations

import warnings

import pytest

from gridsim.io.bundled import RENAMED, event_file, event_files


@pytest.mark.parametrize(("old", "new"), sorted(RENAMED.items()))
def test_an_old_name_finds_the_event_and_warns_once(old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridsim.io.bundled._told", set())
    with pytest.warns(FutureWarning, match=f"{old} is called {new} now") as told:
        assert event_file(old) == event_files()[new]
        assert event_file(old) == event_files()[new]
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert event_file(new).stem == new
    assert old not in event_files()
