"""Numbers of several cases: by case, metric and scope, and as one frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gridsim.errors import UnknownName, nearest
from gridsim.results.lookup import SYSTEM, find, with_error
from gridsim.results.metrics import Estimate, to_frame

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ("EUE", "P_any_shortfall", "LOLH", "peak_shed_mw")

Cases = Mapping[str, Sequence[Estimate]]


def case_metric(cases: Cases, name: str, scope: str, case: str | None) -> Estimate:
    """The estimate of one case, the only one if ``case`` is None; UnknownName as ``lookup.find``."""
    return find(cases[case_name(list(cases), case)], name, scope, of="study")


def case_name(cases: Sequence[str], case: str | None) -> str:
    """``case``, or the only one; UnknownName where there are several, or none of that name."""
    if case is None and len(cases) == 1:
        return cases[0]
    if case is None:
        raise UnknownName(f"{len(cases)} cases; name one with case=: {', '.join(cases[:6])}")
    if case not in cases:
        raise UnknownName(f"no case '{case}'; {nearest(case, cases)}")
    return case


def case_frame(cases: Cases) -> pd.DataFrame:
    """One row per case and estimate, the case in front."""
    import pandas as pd

    found = {case: to_frame(estimates) for case, estimates in cases.items() if estimates}
    return joined(found) if found else to_frame([]).assign(case=pd.Series(dtype=object))


def joined(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The frames one below the other, with the column ``case`` in front."""
    import pandas as pd

    frame = pd.concat([frame.assign(case=case) for case, frame in frames.items()], ignore_index=True)
    return frame[["case", *(column for column in frame.columns if column != "case")]]


def case_table(runs: Mapping[str, Any], table: str, case: str | None) -> pd.DataFrame:
    """A table of one case, or of all with the column ``case`` in front; ``runs``: with a method ``frame``, by case."""

    if case is not None:
        frame: pd.DataFrame = runs[case_name(list(runs), case)].frame(table)
        return frame
    return joined({name: run.frame(table) for name, run in runs.items()})


def case_rows(cases: Cases) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Header and rows of a table with a line per case."""
    rows = []
    for case, estimates in cases.items():
        found = {estimate.name: with_error(estimate) for estimate in estimates if estimate.scope == SYSTEM}
        rows.append((case, *(found.get(name, "-") for name in _SHOWN)))
    return ("case", *_SHOWN), rows
