"""CGMES, PSS/E, UCTE, IEEE-CDF, XIIDM and PowerFactory files: read by pypowsybl, rows made from its data frames."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.grid_import.imported import NO_OUTAGES, Imported
from gridsim.io.grid_import.loads import check_loads
from gridsim.io.grid_import.powsybl_branches import add_branches
from gridsim.io.grid_import.powsybl_draft import TABLES, PowsyblDraft
from gridsim.io.grid_import.powsybl_injections import add_injections
from gridsim.io.grid_import.report import Fate

_REFUSED = {
    "dc_lines": "detailed DC grids have no equal: give the HVDC link as one line with two stations",
    "grounds": "a grounded bus has no equal: take the ground out",
}


#: Of OpenLoadFlow: the imbalance that it leaves to one machine, in MW, and its tolerance per equation.
_EXACT = {"slackBusPMaxMismatch": "0.0001", "newtonRaphsonConvEpsPerEq": "1e-8"}


def load_network(path: Path) -> Any:
    """The network of a file or of a folder of CGMES files. Raises InputError where it cannot be read."""
    try:
        import pypowsybl
    except ImportError:
        mend = "pip install 'gridsim[formats]'"
        raise InputError([Problem(str(path), 0, "", "this format is read by pypowsybl", mend)]) from None
    try:
        if path.is_dir():
            return pypowsybl.network.load_from_binary_buffer(_archive(path))
        return pypowsybl.network.load(str(path))
    except pypowsybl.PyPowsyblError as error:
        what = f"pypowsybl does not read it: {str(error).splitlines()[0]}"
        formats = ", ".join(pypowsybl.network.get_import_formats())
        raise InputError([Problem(str(path), 0, "", what, f"give one of {formats}")]) from None


def _archive(folder: Path) -> io.BytesIO:
    """The files of a CGMES folder as one archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(folder.glob("*.xml")):
            archive.write(file, file.name)
    return buffer


def import_powsybl(network: Any, name: str = "", drop: Iterable[str] = ()) -> Imported:
    """Import a network of pypowsybl; ``drop``: tables of it, by the names of its data frames, left out on purpose.

    Raises InputError naming every element that has no equal.
    """
    dropped = frozenset(drop)
    known = [*TABLES, *_REFUSED]
    wrong = [table for table in dropped if table not in known]
    if wrong:
        raise InputError(
            [Problem("--drop", 0, table, "no table to leave out", nearest(table, known)) for table in wrong]
        )
    draft = PowsyblDraft(network, _solved(network), dropped)
    for table, mend in _REFUSED.items():
        for element, _ in draft.frame(table):
            draft.refuse(table, element, "has no equal in a network", mend)
    draft.add_buses()
    add_branches(draft)
    add_injections(draft)
    check_loads(draft)
    if draft.problems:
        raise InputError(draft.problems)
    count = f"{len(draft.tables['generators'])} machines"
    for how in ("cost 0 USD/MWh", "no ramp limits", NO_OUTAGES):
        draft.report.add(Fate.ASSUMED, "generators", count, how)
    draft.report.add(Fate.ASSUMED, "network", str(network.id), "50 Hz")
    return Imported(
        meta={
            "name": name or str(network.name or network.id),
            "zones": sorted({row["zone"] for row in draft.tables["buses"]}),
            "f_hz": 50.0,
            "description": f"imported from {network.source_format} by pypowsybl",
        },
        tables=draft.tables,
        point_mw=draft.point_mw,
        storage_mw=draft.storage_mw,
        bus_degree=draft.bus_degree,
        vm_pu={bus: vm_pu for bus, vm_pu in draft.vm_pu.items() if math.isfinite(vm_pu)},
        report=draft.report,
    )


def _solved(network: Any) -> bool:
    """True if the network has a power flow, whose results then stand in its data frames."""
    import pypowsybl
    import pypowsybl.loadflow as loadflow

    for flat in (False, True):
        start = loadflow.VoltageInitMode.UNIFORM_VALUES if flat else loadflow.VoltageInitMode.DC_VALUES
        parameters = loadflow.Parameters(voltage_init_mode=start, provider_parameters=_EXACT)
        try:
            results = loadflow.run_ac(network, parameters)
        except pypowsybl.PyPowsyblError:  # parts that its own power flow does not know
            return False
        if results and results[0].status == loadflow.ComponentStatus.CONVERGED:
            return True
    return False
