"""Names that the shell completes; no table is read but by the csv module, so that a key press is answered at once."""

from __future__ import annotations

import csv
from collections.abc import Iterable


def event_names(incomplete: str) -> list[str]:
    """Bundled events and scripted examples."""
    from gridsim.io.bundled import event_files

    return _of(event_files(), incomplete)


def study_names(incomplete: str) -> list[str]:
    """Bundled studies."""
    from gridsim.io.bundled import study_files

    return _of(study_files(), incomplete)


def network_names(incomplete: str) -> list[str]:
    """Bundled networks."""
    from gridsim.io import bundled

    return _of(bundled.network_names(), incomplete)


def element_names(incomplete: str) -> list[str]:
    """Plants, then lines, of the bundled Kazakh network: the first column that names them, and nothing else is read."""
    from gridsim.io.bundled import bundled_folder

    folder = bundled_folder("networks") / "kazakhstan"
    found: dict[str, None] = {}
    for table, column in (("generators", "plant"), ("lines", "name")):
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            found |= dict.fromkeys(row[column] for row in csv.DictReader(file) if row[column])
    return _of(found, incomplete)


def variant_names(incomplete: str) -> list[str]:
    """Variants of all bundled networks, and ``base``."""
    from gridsim.io import bundled

    folder = bundled.bundled_folder("networks")
    names = {variant for network in bundled.network_names() for variant in bundled.variant_names(folder / network)}
    return _of(["base", *sorted(names)], incomplete)


def names_to_validate(incomplete: str) -> list[str]:
    """Bundled networks, events and studies."""
    from gridsim.io.bundled import network_names

    return [*_of(network_names(), incomplete), *event_names(incomplete), *study_names(incomplete)]


def imports_names(incomplete: str) -> list[str]:
    """Values of --imports."""
    return _of(("none", "contract", "limit"), incomplete)


def _of(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
