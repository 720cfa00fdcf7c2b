"""Names that the shell completes, without a table read for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from gridsim.cli import completion

REAL = "import sys; from gridsim.cli import main\ntry: main()\nfinally: print('pandas' in sys.modules, file=sys.stderr)"


def test_names_begin_as_typed() -> None:
    assert completion.event_names("winter_p") == ["winter_peak_day"]
    assert completion.study_names("repair") == ["repair_time_sweep"]
    assert completion.variant_names("nuc") == ["nuclear_2035"] and "base" in completion.variant_names("")
    assert completion.names_to_validate("kaz") == ["kazakhstan"] and completion.imports_names("c") == ["contract"]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("gridsim run winter_p", "winter_peak_day"),
        ("gridsim study repair", "repair_time_sweep"),
        ("gridsim screen rbts --variant nuc", "nuclear_2035"),
        ("gridsim screen kaz", "kazakhstan"),
        ("gridsim list plants zhambyl_g", "zhambyl_gres"),
        ("gridsim va", "validate"),
    ],
)
def test_a_key_press_is_answered_without_pandas(typed: str, name: str) -> None:
    environment = {**os.environ, "_GRIDSIM_COMPLETE": "complete_bash", "COMP_WORDS": typed}
    environment["COMP_CWORD"] = str(len(typed.split()) - 1)
    code = f"import sys; sys.argv = ['gridsim']\n{REAL}"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [name], done.stderr
    assert done.stderr.split()[-1] == "False"
