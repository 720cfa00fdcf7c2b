"""The one place with Numba options.

``cache=True`` so that a second process never compiles; ``nogil=True`` so that the sampler can run threads;
no ``fastmath``, because the same seed must give the same bytes. ``error_model="numpy"`` removes the division
checks that keep loops from vectorising: kernels guard their own divisors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from gridsim.kernels.cache import ensure_cache

ensure_cache()

Function = TypeVar("Function", bound=Callable[..., Any])


def jit(function: Function) -> Function:
    """Compile ``function`` in nopython mode with gridsim's options."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inline(function: Function) -> Function:
    """Like :func:`jit`, inlined into its caller: for helpers of a few lines in inner loops."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))
