"""MATPOWER cases: the reader's tables, the power flow of the import, and mistakes told by line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gridsim
from gridsim.errors import InputError
from gridsim.io.grid_import.matpower import read_m, read_mat, read_matpower
from gridsim.io.grid_import.report import Fate
from gridsim.io.grid_import.sources import import_source
from tests.support.import_cases import assert_power_flow, solve

CASE = """\
function mpc = case3
%CASE3  Three buses, one of them numbered 30.
mpc.version = '2';
mpc.baseMVA = 100;   % MVA
mpc.bus = [  % bus_i type Pd Qd Gs Bs area Vm Va baseKV zone Vmax Vmin
\t1\t3\t0\t0\t0\t0\t1\t1.02\t0\t230\t1\t1.1\t0.9;
\t2\t2\t50\t10\t1\t5\t1\t1.01\t0\t230\t1\t1.1\t0.9;
\t30\t1\t90, 30, 0, 0, 1, 1, 0, 110, 1, 1.1, 0.9
];
mpc.gen = [
\t1\t0\t0\t300\t-300\t1.02\t100\t1\t250\t10;
\t2\t60\t0\t100\t-100\t1.01\t100\t1\t100\t0;
];
mpc.branch = [
\t1\t2\t0.01\t0.1\t0.02\t250\t250\t250\t0\t0\t1;
\t2\t30\t0.005\t0.08\t0\t100\t100\t100\t0.98\t3\t1;
\t1\t30\t0.005\t0.09\t0\t100\t100\t100\t1\t0\t1;
];
mpc.gencost = [
\t2\t0\t0\t3\t0.01\t20\t0;
\t2\t0\t0\t2\t30\t0;
];
mpc.bus_name = {
\t'a';
\t'b';
\t'c';
};
"""

BUSES = ("bus_1", "bus_2", "bus_30")


def write(tmp_path: Path, old: str = "", new: str = "") -> Path:
    assert old in CASE
    path = tmp_path / "case3.m"
    path.write_text(CASE.replace(old, new) if old else CASE)
    return path


def test_a_row_goes_on_after_dots(tmp_path: Path) -> None:
    whole = read_m(write(tmp_path))["bus"]
    broken = write(tmp_path, "\t2\t2\t50\t10\t1", "\t2\t2\t50 ... Pd\n\t10 ...\n\t1")
    np.testing.assert_array_equal(read_m(broken)["bus"], whole)
    broken = write(tmp_path, "\t2\t2\t50\t10\t1", "\t2\t2\tfifty ... Pd\n\t10\t1")
    with pytest.raises(InputError, match=r"case3\.m:7: mpc\.bus: 'fifty' is not a number"):
        read_m(broken)


def test_the_reader_gives_the_matrices(tmp_path: Path) -> None:
    case = read_m(write(tmp_path))
    assert case["baseMVA"] == 100.0
    assert case["bus"].shape == (3, 13)
    assert case["bus"][2, :4].tolist() == [30.0, 1.0, 90.0, 30.0]
    assert case["gencost"].tolist() == [[2, 0, 0, 3, 0.01, 20, 0], [2, 0, 0, 2, 30, 0, 0]]


def test_the_power_flow_is_the_nets_own(tmp_path: Path) -> None:
    net, assumed = read_matpower(write(tmp_path))
    assert assumed == []
    system = assert_power_flow(net)
    assert system.buses.name.tolist() == ["bus_1", "bus_2", "bus_30"]
    assert np.abs(system.transformers.shift_degree).max() == pytest.approx(3.0)
    assert system.shunts.p_mw.tolist() == [1.0]


def test_the_net_solves_the_equations_of_the_case(tmp_path: Path) -> None:
    """Injections from the case's own admittances (MATPOWER manual, 3.2) at the voltages of the import."""
    path = write(tmp_path)
    case = read_m(path)
    imported = import_source(str(path))
    solution = solve(imported)
    v = solution.vm_pu * np.exp(1j * np.radians(solution.va_degree + [imported.bus_degree[bus] for bus in BUSES]))
    y = np.diag((case["bus"][:, 4] + 1j * case["bus"][:, 5]) / 100.0)
    at = {1: 0, 2: 1, 30: 2}
    for row in case["branch"]:
        i, j = at[int(row[0])], at[int(row[1])]
        series, charging = 1.0 / complex(row[2], row[3]), 0.5j * row[4]
        tap = (row[8] or 1.0) * np.exp(1j * np.radians(row[9]))
        y[i, i] += (series + charging) / abs(tap) ** 2
        y[j, j] += series + charging
        y[i, j] -= series / np.conj(tap)
        y[j, i] -= series / tap
    drawn = -100.0 * v * np.conj(y @ v)
    assert drawn[2] == pytest.approx(90.0 + 30.0j, abs=1e-5)
    assert drawn[1].real == pytest.approx(50.0 - 60.0, abs=1e-5)
    assert np.abs(v[:2]) == pytest.approx([1.02, 1.01])


def test_costs_and_limits_come_with_the_machines(tmp_path: Path) -> None:
    system = gridsim.read_grid(write(tmp_path))
    generators = system.generators
    assert generators.name.tolist() == ["gen_1", "gen_2"]
    assert generators.p_max_mw.tolist() == [250.0, 100.0]
    assert generators.cost_per_mwh.tolist() == pytest.approx([20.0 + 0.01 * (250 + 10), 30.0])
    path = write(tmp_path, "\t2\t0\t0\t2\t30\t0;", "\t1\t0\t0\t2\t0\t0\t100\t1200;")
    assert gridsim.read_grid(path).generators.cost_per_mwh[1] == pytest.approx(12.0)


def test_statements_are_not_run_but_those_of_distribution_cases_are_known(tmp_path: Path) -> None:
    ohms = "mpc.branch(:, [BR_R BR_X]) = mpc.branch(:, [BR_R BR_X]) / (Vbase^2 / Sbase);\n"
    kilowatts = "mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;\n"
    path = write(tmp_path)
    plain = read_m(path)
    path.write_text(CASE + ohms + kilowatts)
    case = read_m(path)
    np.testing.assert_allclose(case["branch"][:, 3], plain["branch"][:, 3] / (230.0**2 / 100.0))
    np.testing.assert_allclose(case["bus"][:, 2], plain["bus"][:, 2] / 1e3)
    path.write_text(CASE + "mpc.bus(2, 3) = 40;\n")
    with pytest.raises(InputError, match=r"case3.m:28: 'mpc.bus\(2,3\)=40' is a statement, and none is run; save"):
        read_m(path)


def test_a_mat_file_is_the_same_case(tmp_path: Path) -> None:
    from scipy.io import savemat

    case = read_m(write(tmp_path))
    path = tmp_path / "case3.mat"
    savemat(path, {"mpc": {key: case[key] for key in ("version", "baseMVA", "bus", "gen", "branch", "gencost")}})
    again = read_mat(path)
    for key in ("bus", "gen", "branch", "gencost"):
        np.testing.assert_array_equal(again[key], case[key])
    from_m, from_mat = gridsim.read_grid(tmp_path / "case3.m"), gridsim.read_grid(path)
    np.testing.assert_array_equal(from_m.lines.x_ohm_per_km, from_mat.lines.x_ohm_per_km)


def test_buses_without_a_voltage_get_one_and_the_account_says_so(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(CASE.replace("\t230\t", "\t0\t").replace(" 110,", " 0,"))
    imported = import_source(str(path))
    assert set(imported.system.buses.vn_kv.tolist()) == {110.0}
    assert imported.report.elements(Fate.ASSUMED, "source") == [str(path)]


@pytest.mark.parametrize(
    ("old", "new", "row", "column", "value"),
    [
        ("mpc.baseMVA = 100;", "mpc.baseMVA = base;", 4, "baseMVA", "'base' is not a number"),
        ("\t1\t2\t0.01", "\t1\t2\tr12", 15, "mpc.branch", "'r12' is not a number"),
        ("\t1\t2\t0.01", "\t1\t0.01", 16, "mpc.branch", "11 numbers under 10 columns"),
        ("\t1\t2\t0.01", "\t1\t7\t0.01", 0, "mpc.branch", "row 1: no bus 7"),
        ("mpc.gen =", "mpc.machines =", 0, "mpc.gen", "missing"),
        ("\t2\t60\t0", "\t8\t60\t0", 0, "mpc.gen", "row 2: no bus 8"),
    ],
)
def test_mistakes_are_told_by_line(tmp_path: Path, old: str, new: str, row: int, column: str, value: str) -> None:
    path = write(tmp_path, old, new)
    with pytest.raises(InputError) as error:
        read_matpower(path)
    first = error.value.problems[0]
    assert (first.file, first.row, first.column, first.value) == (str(path), row, column, value)
    assert first.mend


def test_a_mat_file_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "case.mat"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="not a MATLAB file"):
        read_matpower(path)


def test_a_cost_of_the_third_degree_is_told_and_stands_as_pieces(tmp_path: Path) -> None:
    """1e-4 P^3 + 20 P between 10 and 250 MW, 20 chords of 12 MW: the first rises by 1e-4 (22^3 - 10^3) / 12 + 20."""
    path = write(tmp_path, "\t2\t0\t0\t3\t0.01\t20\t0;", "\t2\t0\t0\t4\t0.0001\t0\t20\t0;")
    net, assumed = read_matpower(path)
    assert assumed == [
        "costs of the third degree or more of 1 machines: 20 pieces of equal width between least and largest output, "
        "each at its chord's slope"
    ]
    pieces = net.pwl_cost.points.iloc[0]
    assert len(pieces) == 20
    assert pieces[0] == pytest.approx([10.0, 22.0, 1e-4 * (22.0**3 - 10.0**3) / 12.0 + 20.0])
    assert pieces[-1][1] == pytest.approx(250.0)
