"""The one place with Numba options.

``cache=True`` so that a second process never compiles; ``nogil=True`` so that the sampler can run threads;
no ``fastmath``, because the same seed must give the same bytes. ``error_model="numpy"`` removes the division
checks that keep loops from vectorising: kernels guard their own divisors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.core import event
from numba.extending import lower_builtin, type_callable

from gridsim.kernels.cache import ensure_cache
from gridsim.kernels.compiling import compiling

ensure_cache()

Function = TypeVar("Function", bound=Callable[..., Any])


def jit(function: Function) -> Function:
    """Compile ``function`` in nopython mode with gridsim's options."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inline(function: Function) -> Function:
    """Like :func:`jit`, inlined into its caller: for helpers of a few lines in inner loops."""
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function))


class _CompileListener(event.Listener):
    """Counts gridsim's functions that are compiled, not those that are read from the cache."""

    def on_start(self, event: Any) -> None:
        if _is_ours(event):
            compiling.begins()

    def on_end(self, event: Any) -> None:
        if _is_ours(event):
            compiling.compiled()


def _is_ours(event: Any) -> bool:
    return str(event.data["dispatcher"].py_func.__module__).startswith("gridsim.")


event.register("numba:compile", _CompileListener())


def out_of_line() -> None:
    """Mark the calling function, at its top, as one that is not copied into its callers.

    For large functions that are called once an hour or less: LLVM copies them all the same, which takes seconds of
    compilation for nothing. Uncompiled it does nothing.
    """


@type_callable(out_of_line)
def _type_of_mark(context: Any) -> Callable[[], Any]:
    return lambda: types.void


@lower_builtin(out_of_line)
def _lower_mark(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    builder.function.attributes.add("noinline")
    return context.get_dummy_value()
