"""Finds the networks and events that come with gridsim, in a checkout and in an installed wheel alike."""

from __future__ import annotations

import warnings
from importlib import resources
from pathlib import Path

from gridsim.errors import InputError, Problem, nearest

RENAMED = {"mangystau_cascade": "maek_and_two_buses_out"}  # names of events of earlier versions
_told: set[str] = set()


def bundled_folder(kind: str) -> Path:
    """Folder of the bundled ``networks`` or ``events``."""
    package = Path(str(resources.files("gridsim")))
    installed = package / "_data" / kind
    return installed if installed.is_dir() else package.parent / kind


def is_file(path: Path) -> bool:
    """True for an existing file; False for a text too long to be the name of one, too."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """True for an existing folder; False for a text too long to be the name of one, too."""
    try:
        return path.is_dir()
    except OSError:
        return False


def network_names() -> list[str]:
    """Names of the bundled networks."""
    folder = bundled_folder("networks")
    return sorted(path.parent.name for path in folder.glob("*/network.yaml"))


def network_title(name: str) -> str:
    """The title of a network; its name where it has no title or is not at hand."""
    try:
        text = (network_folder(name) / "network.yaml").read_text(encoding="utf-8")
    except (InputError, OSError):
        return name
    told = next((line for line in text.splitlines() if line.startswith("title:")), "")
    return told.partition(":")[2].strip().strip("\"'") or name


def event_files() -> dict[str, Path]:
    """Bundled scenarios and scripted examples by name, folder by folder."""
    folder = bundled_folder("events")
    found = sorted([*folder.glob("*/*.yaml"), *folder.glob("scripted/*.py")])
    return {path.stem: path for path in found if path.parent.name != "studies"}


def network_folder(name: str, *, relative_to: Path | None = None) -> Path:
    """Folder of a network given by bundled name or by path (looked up beside the file that names it, too)."""
    candidates = [Path(name)] if relative_to is None else [relative_to / name, Path(name)]
    for candidate in candidates:
        if is_file(candidate / "network.yaml"):
            return candidate
    bundled = bundled_folder("networks") / name
    if is_file(bundled / "network.yaml"):
        return bundled
    if is_folder(candidates[0]):
        raise InputError([Problem(str(candidates[0]), 0, "", "has no network.yaml", "give a network folder")])
    raise InputError([Problem(name, 0, "", "no such network", nearest(name, network_names()))])


def variant_names(folder: Path) -> list[str]:
    """Variants of the network in ``folder``."""
    return sorted(path.stem for path in folder.glob("variants/*.yaml"))


def event_file(name: str) -> Path:
    """File of a scenario given by bundled name or by path."""
    path = Path(name)
    if is_file(path):
        return path
    files = event_files()
    if name in files:
        return files[name]
    if name in RENAMED:
        if name not in _told:
            _told.add(name)
            warnings.warn(f"event {name} is called {RENAMED[name]} now", FutureWarning, stacklevel=2)
        return files[RENAMED[name]]
    if name in study_files():
        raise InputError([Problem(name, 0, "", "is a study, not an event", f"run it with: gridsim study {name}")])
    raise InputError([Problem(name, 0, "", "no such event file", nearest(name, files))])


def study_files() -> dict[str, Path]:
    """Bundled studies by name."""
    return {path.stem: path for path in sorted(bundled_folder("events").glob("studies/*.yaml"))}


def study_file(name: str) -> Path:
    """File of a study given by bundled name or by path."""
    path = Path(name)
    if is_file(path):
        return path
    files = study_files()
    if name in files:
        return files[name]
    raise InputError([Problem(name, 0, "", "no such study file", nearest(name, files))])
