"""The single largest disruption of a gas network of three nodes, and the N-1 formula beside it, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import gridsim
from gridsim.cli import app
from gridsim.errors import StudyError
from gridsim.reliability.gas_disruption import band_of, gas_disruptions, infrastructure, n_1_formula
from gridsim.report.gas_page import gas_lines, gas_page
from gridsim.report.html import html_of


def with_import(tables):
    """A second source at the gate, smaller than what its customers ask, and a storage that nobody needs."""
    trunk, lateral = tables["gas_pipelines"]
    trunk |= {"inner_diameter_mm": 500}
    lateral |= {"inner_diameter_mm": 400}
    tables["gas_nodes"].append({"name": "border", "kind": "border", "zone": "external"})
    tables["gas_pipelines"].append(
        {"name": "entry", "from_node": "border", "to_node": "gate", "length_km": 10, "inner_diameter_mm": 300,
         "pn_bar": 55, "capacity_mcm_per_d": 0.8, "linepack_mcm": 0.1, "usable_linepack_mcm": 0.02}
    )  # fmt: skip
    tables["gas_supply"].append(
        {"name": "abroad", "node": "border", "kind": "import", "winter_mcm_per_d": 0.5, "summer_mcm_per_d": 0.5,
         "max_mcm_per_d": 4}
    )  # fmt: skip


@pytest.fixture(scope="module")
def system():
    from tests.support.cases import build_two_areas

    return build_two_areas(with_import, gas=True)


@pytest.fixture(scope="module")
def frame(system):
    return gas_disruptions(system)


def test_the_loss_of_the_trunk_leaves_what_the_border_brings(frame):
    rows = frame.set_index("component")
    asked = frame.attrs["demand_mcm_per_d"]
    for name in ("gas_pipelines:lateral", "gas_pipelines:trunk", "gas_supply:production"):
        assert rows["unserved_mcm_per_d"][name] == pytest.approx(asked - 0.5, abs=0.02), name
        assert rows["share_percent"][name] == pytest.approx(100 * (asked - 0.5) / asked, abs=1)
        assert rows["band"][name] == band_of(rows["share_percent"][name])
    assert rows["unserved_mcm_per_d"]["gas_pipelines:entry"] == 0.0
    assert np.isnan(rows["survival_h"]["gas_supply:abroad"])
    # What stands in the pipes behind the loss is more, the farther upstream it is.
    lateral, trunk, source = (
        rows["survival_h"][f"gas_{name}"] for name in ("pipelines:lateral", "pipelines:trunk", "supply:production")
    )
    assert lateral < trunk < source
    # Behind the trunk's break 51,800 m3, at most at 75 bar 4.8 mcm (test_gas_causes.py), of which 2.5 mcm/d are drawn.
    assert trunk < 24 * 4.8 / 2.5
    assert (frame["unserved_mcm_per_d"].diff().dropna() <= 0.0).all()


def test_the_formula_counts_what_enters_and_no_pipe_within(system, frame):
    told, asked = frame.attrs, frame.attrs["demand_mcm_per_d"]
    # An entry gives no more than its pipe carries: 0.8 of the 4 mcm/d that its source could.
    assert (told["ep_m"], told["p_m"], told["s_m"], told["i_m"]) == pytest.approx((0.8, 12.0, 0.0, 12.0))
    assert told["largest"] == "gas_supply:production"
    assert told["n_1_percent"] == pytest.approx(100 * 0.8 / asked) and not told["n_1_met"]
    rows = frame.set_index("component")
    assert rows["n_1_percent"]["gas_supply:abroad"] == pytest.approx(100 * 12.0 / asked)
    assert np.isnan(rows["n_1_percent"]["gas_pipelines:trunk"])
    assert n_1_formula(infrastructure(system), 0.8)["n_1_met"]


def test_bands_are_those_of_the_stress_tests():
    assert [band_of(share) for share in (0.05, 0.2, 9.9, 10.0, 20.0, 60.0, 80.0, 100.0)] == [
        "none", "< 10 %", "< 10 %", "10-20 %", "20-60 %", "60-80 %", "80-100 %", "80-100 %",
    ]  # fmt: skip


def test_page_and_screen_say_it_and_names_stay_text(frame):
    named = frame.copy()
    named.attrs = dict(frame.attrs)
    named.loc[0, "title"] = "<b>Ствол & 'Ко'</b>"
    page = html_of(gas_page("two & areas", named))
    assert "&lt;b&gt;Ствол &amp; &#x27;Ко&#x27;&lt;/b&gt;" in page and "<b>Ствол" not in page
    assert 'id="gas_disruptions"' in page and 'id="n_1_formula"' in page
    for width in (60, 100):
        lines = gas_lines("two areas", frame, width=width)
        assert max(map(len, lines)) <= width
        assert any("N-1 formula of the EU is not met" in line for line in [" ".join(lines)])
    assert gridsim.plot.n_1_formula(frame).svg.count("<rect") == 8


def test_a_network_without_gas_has_none_to_lose(two_areas):
    with pytest.raises(StudyError, match="no gas network"):
        gridsim.gas_disruptions(two_areas())
    done = CliRunner().invoke(app, ["screen", "rbts", "--level", "gas", "--hour", "2026-01-14 18:00"])
    assert "says nothing at --level gas" in str(done.exception.problems[0])
