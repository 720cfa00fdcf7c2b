"""Tables of a run: every file of this folder is one, found by its name; a new table is a new file.

A file defines one class derived from ``ResultTable`` and assigns it to ``TABLE``.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from gridsim.engine.result_table import ResultTable
from gridsim.results.run_records import ColumnSpec


def _find() -> dict[str, type[ResultTable]]:
    names = sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return {name: import_module(f"{__name__}.{name}").TABLE for name in names}


#: Classes of the tables by name.
RESULT_TABLES: dict[str, type[ResultTable]] = _find()

#: Columns of the tables by name.
TABLES: dict[str, tuple[ColumnSpec, ...]] = {name: table.columns for name, table in RESULT_TABLES.items()}

#: Tables kept for every replicate of a study; others only where ``outputs`` names them.
STUDY_TABLES: tuple[str, ...] = tuple(name for name, table in RESULT_TABLES.items() if table.every_replicate)
