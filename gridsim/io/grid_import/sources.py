"""Files and names that an import reads: pandapower JSON, MATPOWER cases, the cases that come with pandapower."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gridsim.errors import InputError, Problem, nearest
from gridsim.io.bundled import is_file

if TYPE_CHECKING:
    from gridsim.io.grid_import.imported import Imported
    from gridsim.model.system import GridSystem

#: Cases that come with pandapower, by the names of their functions.
BUILT_IN = (
    "GBnetwork", "GBreducednetwork", "case118", "case11_iwamoto", "case1354pegase", "case14", "case145", "case1888rte",
    "case24_ieee_rts", "case2848rte", "case2869pegase", "case30", "case300", "case3120sp", "case33bw", "case39",
    "case4gs", "case5", "case57", "case6470rte", "case6495rte", "case6515rte", "case6ww", "case89pegase", "case9",
    "case9241pegase", "case_ieee30", "case_illinois200", "create_cigre_network_hv", "create_cigre_network_lv",
    "create_cigre_network_mv", "example_multivoltage", "example_simple", "iceland", "ieee_european_lv_asymmetric",
    "lv_schutterwald", "mv_oberrhein", "simple_four_bus_system",
)  # fmt: skip
ENDINGS = (".json", ".m", ".mat")
#: Endings of what pypowsybl reads: XIIDM, UCTE, PSS/E, PowerFactory, IEEE-CDF, and CGMES as an archive or one file.
POWSYBL_ENDINGS = (
    ".xiidm", ".iidm", ".jiidm", ".biidm", ".uct", ".raw", ".rawx", ".dgs", ".cdf", ".txt", ".zip", ".xml",
)  # fmt: skip


class Source(NamedTuple):
    """A net with its origin. ``licence``: as far as it is known; ``assumed``: by the reader."""

    net: Any
    name: str
    title: str
    licence: str
    assumed: tuple[str, ...]


def open_source(source: str) -> Source:
    """Read a file, or make a built-in case."""
    path = Path(source)
    if is_file(path):
        if path.suffix not in ENDINGS:
            mend = f"give a file that ends with {', '.join([*ENDINGS, *POWSYBL_ENDINGS])}"
            raise InputError([Problem(source, 0, "", f"ending '{path.suffix}' is not known", mend)])
        if path.suffix == ".json":
            from gridsim.io.grid_import.pandapower_json import read_pandapower_json

            net, assumed = read_pandapower_json(path), list[str]()
        else:
            from gridsim.io.grid_import.matpower import read_matpower

            net, assumed = read_matpower(path)
        return Source(net, path.stem, f"{path.name}, given by the user", "as the user's file has it", tuple(assumed))
    if source in BUILT_IN:
        return Source(
            built_in(source), source, f"{source} of pandapower.networks", "see pandapower's documentation", ()
        )
    if path.suffix in ENDINGS or len(path.parts) > 1:
        raise InputError([Problem(source, 0, "", "no such file", "give a file, or a case by its name")])
    raise InputError([Problem(source, 0, "", "is no file and no built-in case", nearest(source, BUILT_IN))])


def built_in(name: str) -> Any:
    """A case of pandapower's own."""
    import warnings

    import pandapower.networks

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(pandapower.networks, name)()


def import_source(source: str, *, name: str = "", drop: Iterable[str] = ()) -> Imported:
    """Import a file or a built-in case; ``drop``: pandapower tables that are left out on purpose."""
    from gridsim.io.grid_import.imported import import_net
    from gridsim.io.grid_import.report import Fate

    path = Path(source)
    if (is_file(path) and path.suffix in POWSYBL_ENDINGS) or (path.is_dir() and any(path.glob("*.xml"))):
        from gridsim.io.grid_import.powsybl import import_powsybl, load_network

        imported = import_powsybl(load_network(path), name or path.stem, drop)
        imported.report.source = f"{path.name}, given by the user"
        imported.meta["licence"] = "as the user's file has it"
        return imported
    found = open_source(source)
    imported = import_net(found.net, name or found.name, drop)
    imported.report.source = found.title
    for text in found.assumed:
        imported.report.add(Fate.ASSUMED, "source", source, text)
    imported.meta["licence"] = found.licence
    imported.meta["description"] = f"imported from {found.title}"
    return imported


def read_grid(path: str | Path, *, drop: Iterable[str] = ()) -> GridSystem:
    """Read the grid of another program: pandapower JSON, MATPOWER ``.m`` or ``.mat``, or a built-in case by name.

    With the extra ``gridsim[formats]`` also CGMES, PSS/E, UCTE, IEEE-CDF, XIIDM and PowerFactory. No code of a file
    ever runs. ``drop``: tables of the source that are left out on purpose. Raises InputError naming every element that
    has no equal.
    """
    return import_source(str(path), drop=drop).system


def from_pandapower(net: Any, name: str = "", *, drop: Iterable[str] = ()) -> GridSystem:
    """Give the GridSystem of a pandapower net, whose power flow is the net's own.

    ``drop``: tables of the net that are left out on purpose. Raises InputError naming every element that has no equal.
    """
    from gridsim.io.grid_import.imported import import_net

    return import_net(net, name, drop).system
