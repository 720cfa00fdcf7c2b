"""The command on a page makes the same again: what was set, files of one's own, replicates of one scenario."""

from __future__ import annotations

import itertools
import shlex

from gridsim.io.changes import changes_from_options
from gridsim.report.made_by import run_command, setting, study_command


def test_a_run_is_made_again_with_its_settings_and_scripts() -> None:
    values = {"events.trip.duration": "24h", "policy.gas_order": ["a b", "c"], "weather": None, "horizon.hours": 6}
    words = shlex.split(run_command("my day.yaml", 3, 2, [setting(*item) for item in values.items()], ["x.py"]))
    assert words[:5] == ["gridsim", "run", "my day.yaml", "--script", "x.py"]
    assert words[-4:] == ["--seed", "3", "--replicate", "2"]
    settings = [after for word, after in itertools.pairwise(words) if word == "--set"]
    assert {change.path: change.value for change in changes_from_options(settings)} == values


def test_a_study_of_ones_own_is_a_file_beside_the_reader() -> None:
    of_case = {"replicates": 20, "seed": 1, "changes": {"policy.ac": "off"}}
    assert study_command("repair_time_sweep", of_case, alone=False) == (
        "gridsim study repair_time_sweep --replicates 20 --seed 1"
    )
    assert study_command("mine", of_case, alone=False) == "gridsim study mine.yaml --replicates 20 --seed 1"
    assert study_command("winter_peak_day", of_case, alone=True) == (
        "gridsim run winter_peak_day --set policy.ac=off --replicates 20 --seed 1"
    )
