"""Tells of the compilation of kernels: once that it begins, then now and then how far it is.

Goes to the logger ``gridsim.kernels`` at INFO. Needs no Numba, so that it can be told before Numba is imported.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

NOTICE = "compiling kernels once, about a minute (kept for later runs)"
_LINE_EVERY_S = 10.0

logger = logging.getLogger("gridsim.kernels")


class Compiling:
    """Kernels compiled by this process (``count``), and what was told of them."""

    def __init__(self) -> None:
        self.count = 0
        self._began: float | None = None
        self._told = 0.0

    def begins(self) -> None:
        """Tell once that kernels are about to be compiled."""
        if self._began is None:
            self._began = self._told = time.monotonic()
            logger.info(NOTICE)

    def compiled(self, kernels: int = 1) -> None:
        """Count a kernel, or several that other processes compiled."""
        self.count += kernels
        now = time.monotonic()
        if self._began is not None and now - self._told >= _LINE_EVERY_S:
            self._told = now
            logger.info("compiling kernels: %d done in %.0f s", self.count, now - self._began)


compiling = Compiling()


def cache_is_empty() -> bool:
    """Whether no kernel was ever compiled here; False where that cannot be seen without Numba."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return not any(Path(given).glob("*/*.nbi"))
    kernels = Path(__file__).parent
    return os.access(kernels, os.W_OK) and not any(kernels.glob("__pycache__/*.nbi"))
