"""lightsim2grid without what only grid2op needs of it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any


def lightsim_algorithms() -> Any:
    """The module ``lightsim2grid.algorithm``.

    The package tries to import its backend for grid2op first, which imports pandas before it finds that grid2op is not
    there. Where it is not, the try is spared.
    """
    backend = "lightsim2grid.lightSimBackend"
    spared = "lightsim2grid" not in sys.modules and find_spec("grid2op") is None
    if spared:
        sys.modules[backend] = None  # type: ignore[assignment]
    try:
        from lightsim2grid import algorithm
    finally:
        if spared:
            del sys.modules[backend]
    return algorithm
