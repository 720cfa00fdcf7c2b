"""Pieces of kernels are linked as they are and made into machine code with the kernel that Python calls.

Numba optimises every function together with all that it calls and makes machine code of the whole, then does so again
in each caller: a function eight calls deep is compiled eight times. A piece compiled by :class:`PieceCompiler` is
translated once and left to its callers, so that optimisation happens once in each kernel that Python calls.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import AnnotateTypes


class _NoEnvironment:
    """In place of a code generator that a piece is not loaded into: there is no variable to be set in it."""

    @staticmethod
    def set_env(name: str, environment: Any) -> None:
        """Do nothing."""


class _PieceLibrary(JITCodeLibrary):
    """Code to be linked into that of callers."""

    @property
    def codegen(self) -> Any:
        """Asked only for what has been loaded."""
        return _NoEnvironment

    def get_pointer_to_function(self, name: str) -> int:
        """0: there is no machine code."""
        return 0

    def serialize_using_object_code(self) -> Any:
        """Bitcode for the cache: there is no object code."""
        return self.serialize_using_bitcode()

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        self._finalized = True


@register_pass(mutates_CFG=False, analysis_only=True)
class _ChooseLibrary(AnalysisPass):
    _name = "gridsim_piece_library"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        state.library = _PieceLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        return False


class PieceCompiler(CompilerBase):
    """Numba's compiler as it is, but for what becomes of the code."""

    def define_pipelines(self) -> list[Any]:
        """Give Numba's passes and, before the last ones, the choice of a library."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_ChooseLibrary, AnnotateTypes)
        passes.finalize()
        return [passes]
