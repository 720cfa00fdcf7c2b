"""Kernels are read from the cache without what only a compilation needs.

Before Numba looks into its cache it imports all that it can compile and fills its tables with it: linear algebra,
strings, dictionaries, random numbers; half a second in each process. A compilation asks for the same by itself, so
a kernel that is found in the cache does without.
"""

from __future__ import annotations

from typing import Any

from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys


class KernelCache(FunctionCache):
    """Numba's cache of a function, but for what is made ready before it is read."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Read the function compiled for a signature; None if there is none yet."""
        rtsys.initialize(target_context)  # memory of arrays that a kernel makes
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)
