"""The screen of `gridsim screen`."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.report.screening import screening_lines
from gridsim.results.screening import screen
from tests.support.snapshots import assert_is_snapshot

NAN = math.nan
MISMATCH = "largest mismatch: zhanaozen_220 +73 MW +35 Mvar, beyneu_220 +0 MW +74 Mvar, aktau_220 -22 MW +0 Mvar"


def outage(kind: str, name: str, **change: object) -> dict[str, object]:
    row: dict[str, object] = {
        "kind": kind, "name": name, "secure": False, "worst_loading_percent": 64.7, "worst_branch": "t_gres2_500_220_1",
        "worst_section_percent": 98.2, "worst_section": "atyrau_mangystau", "vm_min_pu": 0.9652, "vm_max_pu": 1.0695,
        "islanded_mw": 0.0, "dark_mw": 0.0, "overloads": 0, "voltage_violations": 0, "solved": "single", "reason": "",
        "short_mw": 0.0, "over_mw": 0.0, "worst_over": "", "worst_over_percent": NAN, "added_mw": 0.0, "adds": True,
        "shed_mw": NAN,
    }  # fmt: skip
    return row | change


FAILED = {
    "worst_loading_percent": NAN, "worst_branch": "", "worst_section_percent": NAN, "worst_section": "",
    "vm_min_pu": NAN, "vm_max_pu": NAN, "solved": "failed", "reason": MISMATCH,
}  # fmt: skip


@pytest.fixture
def frame() -> pd.DataFrame:
    """As the frame of a real network comes: those without a power flow first, then load cut off."""
    found = pd.DataFrame(
        [
            outage("line", "l220_aktau_zhanaozen_1", **FAILED),
            outage("line", "l220_aktogay_ucharal", islanded_mw=97.9),
            outage("line", "l500_taldykorgan_alma", worst_loading_percent=118.4, overloads=1, over_mw=46.2,
                   added_mw=46.2, worst_over="l220_kapchagay_taldykorgan", worst_over_percent=118.4,
                   worst_branch="l220_kapchagay_taldykorgan"),
            outage("line", "l500_aktogay_taldykorgan", worst_section_percent=137.12, worst_section="north_south",
                   over_mw=779.5, added_mw=701.0, worst_over="north_south", worst_over_percent=137.12,
                   vm_min_pu=0.8949, voltage_violations=1, reason="reactive limits exceeded at 1 bus: a by 1044 Mvar"),
            outage("none", "intact", worst_section_percent=117.76, worst_section="tengiz_site"),
            outage("generator", "g_1", secure=True),
        ]
    )  # fmt: skip
    found.attrs |= {"n1_secure": False, "intact_secure": False}
    return found


def test_screen_at_80_columns(frame: pd.DataFrame) -> None:
    lines = screening_lines("kazakhstan at winter peak", frame, wall_s=8.25, width=80)
    assert_is_snapshot("screen.txt", "\n".join(lines))
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("width", [40, 80, 200])
def test_worst_first_and_no_nan(frame: pd.DataFrame, width: int) -> None:
    lines = screening_lines("kazakhstan at winter peak", frame, width=width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "nan" not in text.lower()
    assert (
        "of 5 outages 1 stay within limits, 3 add to that, 0 pass no more than is passed already, 1 have no power flow"
        in (" ".join(text.split()))
    )
    assert " ".join(text.split()).startswith("kazakhstan at winter peak: not within limits")
    assert " ".join(text.split()).index("nothing lost: not within") < " ".join(text.split()).index("of 5 outages")
    assert _first_names(lines, width) == ["l500_aktogay_taldykorgan", "l220_aktogay_ucharal", "l500_taldykorgan_alma"]
    lines = screening_lines("kazakhstan at winter peak", frame, width=width, by="percent")
    assert _first_names(lines, width) == ["l500_aktogay_taldykorgan", "l500_taldykorgan_alma", "l220_aktogay_ucharal"]
    assert text.index("l220_aktau_zhanaozen_1") > text.rindex("l220_aktogay_ucharal")
    assert all(name in text for name in ("l220_kapchagay_taldykorgan", "l220_aktau_zhanaozen_1"))


def test_what_is_not_shown_is_counted(frame: pd.DataFrame) -> None:
    assert "2 more: --most 3" in screening_lines("case", frame, most=1, width=80)


def test_a_secure_network_has_one_count_and_its_fullest_branch() -> None:
    system = read_network(network_folder("rts79"))
    lines = screening_lines("rts79", screen(system, ac=False), width=300)
    assert lines[0] == "rts79: N-1 not secure; of 70 outages 66 stay within limits, 4 pass one, 0 have no power flow"
    assert lines[1] == "nothing lost: within normal limits, fullest is l11_7_8 at 100 % of its normal limit"
    assert not [line for line in lines if "pu" in line.split()]  # DC has no voltages


def _first_names(lines: list[str], width: int) -> list[str]:
    """The first three outages of the table."""
    first_table = lines[lines.index("") + 2 :]
    if width == 40:  # a sentence each, for two names do not stand side by side
        first_table = [line for line in lines[lines.index("") + 2 :] if line[:1].strip()]
    return [line.split()[0] for line in first_table[:3]]


def test_of_an_intact_state_beyond_limits_only_what_outages_add_is_listed(frame: pd.DataFrame) -> None:
    frame.loc[frame["name"] == "l500_taldykorgan_alma", ["adds", "added_mw"]] = [False, 0.0]
    lines = screening_lines("case", frame, width=200)
    text = "\n".join(lines)
    assert "2 add to that, 1 pass no more than is passed already" in text
    assert "l500_taldykorgan_alma" not in text


def test_an_outage_solved_in_part_comes_first_with_its_reason(frame: pd.DataFrame) -> None:
    frame.loc[frame["name"] == "l220_aktogay_ucharal", ["solved", "reason"]] = ["partly", MISMATCH]
    lines = screening_lines("case", frame, width=200)
    assert _first_names(lines, 200)[0] == "l220_aktogay_ucharal"
    assert any(line.startswith("solved in part") for line in lines)
