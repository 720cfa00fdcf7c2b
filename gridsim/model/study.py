"""Study: cases (a scenario on a network, with the changes that make it one of many) and how often each is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gridsim.model.arguments import LARGEST_REPLICATE, seed_of, whole_number
from gridsim.model.display import Card, Displayed, counted, listed
from gridsim.model.scenario import Scenario
from gridsim.model.system import GridSystem


@dataclass(frozen=True)
class StopRule:
    """Enough replicates: standard error over estimate of one metric at most ``target_cov``.

    Looked at after blocks 1, 2, 4, 8 ... only, so that where a case stops does not depend on who runs it.
    """

    metric: str
    scope: str
    target_cov: float


@dataclass(frozen=True, eq=False, repr=False)
class Case(Displayed):
    """One question of a study. ``keys``: the scenario file it amounts to; ``changes``: (path, value) of its sweep."""

    name: str
    system: GridSystem
    scenario: Scenario
    keys: dict[str, Any]
    files: tuple[str, ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()

    def _card(self) -> Card:
        changes = [f"{path} = {value}" for path, value in self.changes]
        return Card(f"Case {self.name}", [f"{self.scenario.name} on {self.system.name}", *changes])


@dataclass(frozen=True, eq=False, repr=False)
class Study(Displayed):
    """Cases that share a seed: replicate k draws the same numbers in all of them."""

    name: str
    cases: tuple[Case, ...]
    replicates: int = 1
    seed: int = 0
    description: str = ""
    stop: StopRule | None = None
    question: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "replicates", whole_number("replicates", self.replicates, 1, LARGEST_REPLICATE))
        object.__setattr__(self, "seed", seed_of(self.seed))

    def _card(self) -> Card:
        runs = f"{counted(len(self.cases), 'case')} x {counted(self.replicates, 'replicate')}, seed {self.seed}"
        stop = self.stop
        enough = f"until {stop.metric} of {stop.scope} is known to {stop.target_cov:.3g}" if stop is not None else ""
        lines = [self.question, runs, self.description.strip(), enough, listed([case.name for case in self.cases])]
        rows = [
            (case.name, case.system.name, ", ".join(f"{path} = {value}" for path, value in case.changes))
            for case in self.cases
        ]
        return Card(f"Study {self.name}", [line for line in lines if line], ("case", "network", "changes"), rows)
