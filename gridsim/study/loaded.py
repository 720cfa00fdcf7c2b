"""Run and study folders as results: the verbs of a RunResult, on what another process wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from gridsim.engine.event_log import Change
from gridsim.engine.explain import Chain, Timeline, hours_of, hours_of_most_unserved, logged
from gridsim.errors import InputError, Problem
from gridsim.hooks import call
from gridsim.io import read_run
from gridsim.io.manifest import MANIFEST, STUDY_FILE
from gridsim.model.display import Card, Displayed, counted, listed
from gridsim.results.cases import case_frame, case_metric, case_name, case_rows, case_table
from gridsim.results.course import OPERATIONS, TRACES
from gridsim.results.lookup import find, leading, require_table
from gridsim.results.metrics import Estimate, from_row, to_frame
from gridsim.results.run_records import Columns
from gridsim.study.aggregate import case_estimates

if TYPE_CHECKING:
    import pandas as pd

SHORTFALL = "shortfall"
_NUMBERS = ("value", "stderr", "ci_low", "ci_high")


@dataclass(frozen=True, repr=False)
class Run(Displayed, read_run.Run):
    """A run folder, of one trajectory, of a study's case or of an assessment; tables are read when asked for."""

    @property
    def cases(self) -> tuple[Run, ...]:
        """The run itself: what goes through the cases of a study goes through a run."""
        return (self,)

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """Every number; of a case that is not finished, over the blocks that are."""
        import pandas as pd

        if "metrics" not in self.tables:
            return tuple(case_estimates(self)) if self.n_replicates else ()
        rows = super().frame("metrics").to_dict("records")
        return tuple(
            from_row({**row, **{name: None if pd.isna(row[name]) else float(row[name]) for name in _NUMBERS}})
            for row in rows
        )

    @property
    def metrics(self) -> pd.DataFrame:
        """name, scope, value, stderr, ci_low, ci_high, unit, n of every number."""
        return to_frame(self.estimates)

    def metric(self, name: str, scope: str = "system") -> Estimate:
        """One number, by metric and scope; ``south`` finds ``zone:south``.

        UnknownName, which is a KeyError, with the nearest name or the reason if there is no such number.
        """
        kind = str(self.manifest.get("kind", "study" if "blocks" in self.manifest else "run"))
        return find(self.estimates, name, scope, of=kind, remarks=self.manifest.get("remarks", ()))

    def frame(self, table: str, columns: Sequence[str] | None = None, replicate: int | None = None) -> pd.DataFrame:
        """A table, or some of its columns or one replicate of it, as a pandas DataFrame.

        UnknownName with the nearest name if there is no such table.
        """
        import pandas as pd

        kept = "; a study keeps others if its scenario's outputs name them" if "blocks" in self.manifest else ""
        require_table(table, self.tables, kept)
        return pd.DataFrame(super().frame(table, columns, replicate))

    def log(self, replicate: int | None = None) -> tuple[Change, ...]:
        """Changes of one replicate with their causes, by default of the first that is there."""
        rows = self.frame("events")
        if len(rows):
            rows = rows[rows["replicate"] == (rows["replicate"].iloc[0] if replicate is None else replicate)]
        columns = (rows[name].tolist() for name in Change._fields)
        return tuple(Change(*row) for row in zip(*columns, strict=True))

    @cached_property
    def scenario(self) -> dict[str, Any]:
        """The resolved scenario as the folder keeps it."""
        return dict(yaml.safe_load((self.path / "scenario.yaml").read_text(encoding="utf-8")))

    @cached_property
    def start(self) -> dt.datetime:
        """Start of the horizon, local time."""
        return dt.datetime.fromisoformat(str(self.scenario["horizon"]["start"]))

    def why(self, component: str, time: float | str | dt.datetime, replicate: int | None = None) -> Chain:
        """The last logged change of a component, zone or section at or before ``time`` and its causes, root last.

        Of a bus or oblast short of power: its zone's. Empty if nothing had happened by then; UnknownName for a name
        that is not there.
        """
        log = self.log(replicate)
        chain = logged(log, component, hours_of(time, self.start), self._of_replicate(SHORTFALL, replicate))
        found = {name: self._of_replicate(name, replicate) for name in (OPERATIONS, TRACES)}
        kept = {name: columns for name, columns in found.items() if columns is not None}
        return chain.with_course(kept) if OPERATIONS in kept else chain

    def hours_of_most_unserved(self, place: str, replicate: int | None = None) -> float | None:
        """Hours after the start at which a bus or oblast went without most; None where it never did."""
        rows = self._of_replicate(SHORTFALL, replicate)
        return None if rows is None else hours_of_most_unserved(rows, place)

    def _of_replicate(self, table: str, replicate: int | None) -> Columns | None:
        """Rows of a table of one replicate, by default of the first that is there; None where the folder keeps none."""
        if table not in self.tables:
            return None
        rows = self.frame(table)
        if len(rows):
            rows = rows[rows["replicate"] == (rows["replicate"].iloc[0] if replicate is None else replicate)]
        return {str(name): rows[name].to_numpy() for name in rows}

    def local_time(self, time_h: float) -> dt.datetime:
        """Local time of hours after the start."""
        return self.start + dt.timedelta(hours=time_h)

    def timeline(self, component: str = "", replicate: int | None = None) -> Timeline:
        """All changes in order, or those of components whose name holds ``component``; prints one a line."""
        log = self.log(replicate)
        return Timeline([change for change in log if component in change.component], log, self.start)

    def summary(self) -> str:
        """Name, state and the numbers that the screen of a run shows."""
        return str(call("listing", self._card().text(), leading(self.estimates)))

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML file, which opens offline; its path."""
        return Path(call("report", self, Path(path)))

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Copy the folder; the path of the copy. InputError if the place is taken, unless ``force`` replaces it."""
        return Path(call("save", self, Path(path), force=force))

    def _card(self) -> Card:
        lines = [
            f"{self.manifest.get('network', '')}, {self.manifest.get('status', 'without a status')}, "
            f"{counted(self.n_replicates, 'replicate')}, "
            f"seed {self.manifest.get('seed', 0)}",
            f"in {self.path}",
            f"tables: {listed(self.tables, 20)}",
        ]
        name = self.manifest.get("scenario", self.path.name)
        return Card(f"Run {name}", lines, ("metric", "scope", "value", "unit"), leading(self.estimates))


@dataclass(frozen=True, eq=False, repr=False)
class LoadedStudy(Displayed):
    """A study's folder: its cases as runs, in order, by position or name."""

    path: Path
    cases: tuple[Run, ...]

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.cases)

    def __getitem__(self, case: int | str) -> Run:
        if isinstance(case, int):
            return self.cases[case]
        by_name = {run.name: run for run in self.cases}
        return by_name[case_name(list(by_name), case)]

    @cached_property
    def estimates(self) -> dict[str, list[Estimate]]:
        """Every number, by case."""
        return {run.name: list(run.estimates) for run in self.cases}

    @property
    def metrics(self) -> pd.DataFrame:
        """case, name, scope, value, stderr, ci_low, ci_high, unit, n of every number."""
        return case_frame(self.estimates)

    def metric(self, name: str, scope: str = "system", case: str | None = None) -> Estimate:
        """One number of a case, which need not be named where there is one; ``south`` finds ``zone:south``."""
        return case_metric(self.estimates, name, scope, case)

    def frame(self, table: str, case: str | None = None) -> pd.DataFrame:
        """A table of one case, or of all with the column ``case`` in front, as a pandas DataFrame."""
        return case_table({run.name: run for run in self.cases}, table, case)

    def summary(self) -> str:
        """The table of cases."""
        card = self._card()
        return str(call("listing", card.text(), card.rows, card.header))

    def report(self, path: str | Path) -> Path:
        """Write one self-contained HTML file, which opens offline; its path."""
        return Path(call("report", self, Path(path)))

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Copy the folder; the path of the copy. InputError if the place is taken, unless ``force`` replaces it."""
        return Path(call("save", self, Path(path), force=force))

    def _card(self) -> Card:
        states = sorted({run.status for run in self.cases})
        lines = [f"{counted(len(self.cases), 'case')}, {', '.join(states)}", f"in {self.path}"]
        return Card(f"LoadedStudy {self.path.name}", lines, *case_rows(self.estimates))


def load_run(path: str | Path) -> Run:
    """A run folder by its path, nothing read but the manifest. A study of one case counts as that case.

    Raises InputError if there is none.
    """
    run = read_run.load_run(path)
    return Run(run.path, run.manifest)


def load_study(path: str | Path) -> list[Run]:
    """The cases of a study's folder. Raises InputError if it is none."""
    return [Run(run.path, run.manifest) for run in read_run.load_study(path)]


def load(path: str | Path) -> Run | LoadedStudy:
    """Any folder that gridsim wrote: a Run, or a LoadedStudy for a study of several cases.

    Raises InputError if it is neither.
    """
    folder = Path(path)
    if (folder / STUDY_FILE).is_file():
        cases = load_study(folder)
        return cases[0] if len(cases) == 1 else LoadedStudy(folder, tuple(cases))
    if (folder / MANIFEST).is_file():
        return load_run(folder)
    what = "is not the folder of a run or a study" if folder.is_dir() else "no such folder"
    raise InputError([Problem(str(folder), 0, "", what, "give the --out of a run or study, or what save() wrote")])
