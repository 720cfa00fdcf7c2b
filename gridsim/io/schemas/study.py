"""Keys of a study file."""

from __future__ import annotations

from typing import Any

from gridsim.io.schemas.column import Row, column


class StopKeys(Row):
    """Stop rule of a case; checked after 64, 128, 256 ... replicates."""

    metric: str = column("Name of a metric", "EUE")
    scope: str = column("Its scope, such as system or zone:south", "system")
    target_cov: float = column("Standard error over estimate to reach", gt=0, lt=1)


class StudyKeys(Row):
    """A study file: every scenario, on every variant, at every point of the sweep."""

    schema_version: int = column("Version of this format", 1, ge=1, le=1)
    name: str = column("Name; by default that of the file", "")
    question: str = column("What it asks, in one line", "")
    description: str = column("How it is answered, and what is assumed", "")
    scenarios: tuple[Any, ...] = column("Scenario files or bundled names, or the keys of a scenario with a name")
    variants: tuple[str, ...] = column("Variants of the network; 'base' is the network as it stands", ())
    set: dict[str, Any] = column("Values for every scenario: dotted path: value", {})
    sweep: dict[str, tuple[Any, ...]] = column("Values to run through: dotted path: list of values", {})
    replicates: int = column("Trajectories of each case (at most, with a stop rule)", ge=1, le=1_000_000)
    seed: int = column("Seed of everything random; common to all cases", 0, ge=0, lt=2**64)
    stop: StopKeys | None = column("When fewer replicates are enough", None)
