"""Transition probabilities by the hour from frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridsim.reliability.frame_reader import TRANSITIONS, FrameReader
from gridsim.reliability.frame_times import Clock, aligned

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-12


def read_chains(reader: FrameReader, failure: pd.DataFrame | None, repair: pd.DataFrame | None, clock: Clock) -> None:
    """Keep the probabilities, hours x component each, for the components that ``reader`` makes afterwards."""
    import pandas as pd

    reader.step_h = clock.step_h
    tables = dict(zip(TRANSITIONS, (failure, repair), strict=True))
    if failure is None and repair is None:
        return
    for table, other in zip(TRANSITIONS, reversed(TRANSITIONS), strict=True):
        if tables[table] is None:
            reader.add(table, 0, "", f"missing beside {other}", "give both, hours x component")
            return
    found = {}
    for table, frame in tables.items():
        assert frame is not None
        frame = aligned(reader, table, frame, clock)
        if frame is None or reader.repeated(table, frame, "keep one"):
            return
        found[table] = frame.rename(columns=str).apply(pd.to_numeric, errors="coerce").astype(np.float64)
    fails, returns = found.values()
    for name in sorted({*fails.columns} ^ {*returns.columns}):
        missing = TRANSITIONS[1] if name in fails.columns else TRANSITIONS[0]
        reader.add(missing, 1, name, "missing", "give both probabilities of a component")
    for name in fails.columns.intersection(returns.columns):
        pair = fails[name].to_numpy(), returns[name].to_numpy()
        if _are_probabilities(reader, name, *pair):
            reader.chains[name] = pair


def _are_probabilities(reader: FrameReader, name: str, fails: np.ndarray, returns: np.ndarray) -> bool:
    n_problems = len(reader.problems)
    for table, values in zip(TRANSITIONS, (fails, returns), strict=True):
        for row in np.flatnonzero(~((values >= 0.0) & (values <= 1.0)))[:1].tolist():
            reader.add(table, row + 2, name, f"{values[row]:g} is not from 0 to 1", "give a probability in a step")
    if len(reader.problems) > n_problems:
        return False
    for row in np.flatnonzero(fails + returns > 1.0 + ROUNDING)[:1].tolist():
        what = f"{fails[row]:g} and repair_probability {returns[row]:g} sum to more than 1"
        reader.add(TRANSITIONS[0], row + 2, name, what, "no chain in continuous time changes that fast: lower them")
    if fails.any() and not returns.any():
        reader.add(TRANSITIONS[1], 1, name, "never above 0", "a component that fails needs it")
    return len(reader.problems) == n_problems
