"""Versions of gridsim and of the packages that its numbers depend on."""

from __future__ import annotations

from importlib import metadata

from gridsim._version import __version__

_PACKAGES = ("pandapower", "lightsim2grid", "simpy", "numba", "numpy", "scipy", "highspy", "pandas", "pyarrow")


def package_versions() -> dict[str, str]:
    """Versions of gridsim and of what its numbers depend on."""
    return {"gridsim": __version__, **{name: metadata.version(name) for name in _PACKAGES}}
