"""The short scripted examples and the README's script run and do what their text says; the long examples run in
tests/verification.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario


@pytest.mark.parametrize(
    ("name", "logged"),
    [("second_circuit", "the second circuit trips"), ("storm_of_trips", "the wind takes"), ("cold_start", "MW served")],
)
def test_example(name, logged, kazakhstan):
    result = run(*read_scenario(name, kazakhstan))
    assert any(logged in change.to_state for change in result.log)
    assert result.scenario.scripts and result.dispatch_fallbacks == 0


def test_the_readme_script_as_it_stands(tmp_path, kazakhstan):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (block,) = [code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "@gridsim" in code]
    (tmp_path / "my_event.py").write_text(block)
    log = run(*read_scenario(tmp_path / "my_event.py", kazakhstan)).log
    circuits = [f"lines:l500_agadyr_yukgres_{number}" for number in (1, 2)]
    first, second = ([c for c in log if c.component == circuit] for circuit in circuits)
    assert [len(first), len(second)] == [2, 2]  # out and back
    assert first[0].time_h == 1.0 and second[0].time_h >= 1.0
    assert first[1].time_h == second[1].time_h == second[0].time_h + 4.0
