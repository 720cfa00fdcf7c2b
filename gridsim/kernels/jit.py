"""The one place with Numba options.

``cache=True`` so that a second process never compiles; ``nogil=True`` so that the sampler can run threads;
no ``fastmath``, because the same seed must give the same bytes. ``error_model="numpy"`` removes the division
checks that keep loops from vectorising: kernels guard their own divisors.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, cast

import numba
from numba import types
from numba.core import event
from numba.core.registry import CPUDispatcher
from numba.extending import lower_builtin, type_callable

from gridsim.kernels.cache import ensure_cache
from gridsim.kernels.compiling import compiling
from gridsim.kernels.linking import PieceCompiler
from gridsim.kernels.loading import KernelCache

ensure_cache()

# no entry for C: nobody calls kernels by address, and with tuples of forty arrays it takes a second of compilation each
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# always said: a function for which it is not is compiled as its first caller is
_COUNTED: dict[str, Any] = {**_OPTIONS, "_nrt": True}
_UNCOUNTED: dict[str, Any] = {**_OPTIONS, "_nrt": False}
_NO_ENTRY: dict[str, Any] = {"no_cpython_wrapper": True}

Function = TypeVar("Function", bound=Callable[..., Any])


def jit(function: Function) -> Function:
    """Compile ``function`` in nopython mode with gridsim's options; a private one has no entry for Python."""
    if function.__name__.startswith("_"):
        return _without_entry(function, _COUNTED)
    return _with_entry(function, _COUNTED)


def bare(function: Function) -> Function:
    """Like :func:`jit`, without reference counts: for kernels that make no array, return none and call none that does.

    Counting takes half the code of a kernel that is given tuples of arrays, and removing counts that cancel takes most
    of its compilation. A function that makes an array is refused when it is compiled; one that is given an array by
    another function would never free it.
    """
    return _with_entry(function, _UNCOUNTED)


def piece(function: Function) -> Function:
    """Like :func:`bare`, for a piece of other kernels that Python never calls: it has no entry for Python."""
    return _without_entry(function, _UNCOUNTED)


def _with_entry(function: Function, options: dict[str, Any]) -> Function:
    dispatcher = numba.njit(**options)(function)
    if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        name = f"{function.__qualname__}_linked"  # a file of its own in the cache
        linked = FunctionType(function.__code__, function.__globals__, name, function.__defaults__)
        linked.__qualname__, linked.__module__ = name, function.__module__
        dispatcher.__class__ = _Kernel
        dispatcher.linked = _without_entry(linked, options)
        dispatcher.enable_caching()
    return cast(Function, dispatcher)


def _without_entry(function: Function, options: dict[str, Any]) -> Function:
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    dispatcher = numba.njit(**options, **_NO_ENTRY, cache=True, pipeline_class=PieceCompiler)(function)
    dispatcher.__class__ = _Piece
    return cast(Function, dispatcher)


class _Kernel(CPUDispatcher):
    """A function that Python calls; other kernels that call it are linked with a piece of the same code."""

    linked: Any

    def enable_caching(self) -> None:
        self._cache = KernelCache(self.py_func)

    def get_call_template(self, args: Any, kws: Any) -> Any:
        return self.linked.get_call_template(args, kws)

    def get_overload(self, sig: Any) -> Any:
        return self.linked.get_overload(sig)


class _Piece(CPUDispatcher):
    """A function that refuses a call from Python, for which it has no entry."""

    def __call__(self, *_: Any, **__: Any) -> None:
        raise TypeError(f"{self.py_func.__name__} is a piece of other kernels and has no entry for Python")


def inline(function: Function) -> Function:
    """Like :func:`jit`, inlined into its caller: for helpers of a few lines in inner loops."""
    return cast(Function, numba.njit(**_OPTIONS, cache=True, inline="always")(function))


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
