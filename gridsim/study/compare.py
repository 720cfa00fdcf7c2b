"""Differences between runs, replicate by replicate on the same random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridsim.errors import StudyError
from gridsim.io.read_run import Run
from gridsim.results.metrics import Estimate
from gridsim.results.replicates import Paired, paired_values

if TYPE_CHECKING:
    import pandas as pd


def compare(first: Run, other: Run) -> list[Estimate]:
    """other - first of every metric both have, with the standard error of the mean paired difference.

    Replicates are paired by number, so both runs need one seed; replicates that failed in either, or that one of them
    has not run, are left out. A run of one trajectory gives differences without errors. StudyError for two seeds, or
    nothing in common.
    """
    return [pair.difference for pair in compare_values(first, other)]


def compare_values(first: Run, other: Run) -> list[Paired]:
    """The differences of :func:`compare` with the means of both runs; a scope without a name is left out."""
    if first.manifest["seed"] != other.manifest["seed"]:
        raise StudyError(
            f"{first.path} has seed {first.manifest['seed']}, {other.path} seed {other.manifest['seed']}; "
            "runs are compared on the same random numbers: run both with one --seed"
        )
    common = set(_replicates(first)) & set(_replicates(other))
    if not common:
        raise StudyError(f"{first.path} and {other.path} have no replicate in common; let both run further")
    found = paired_values(_metrics(first), _metrics(other), common)
    return [pair for pair in found if not pair.difference.scope.endswith(":")]


def _replicates(run: Run) -> list[int]:
    if "blocks" not in run.manifest:
        return [int(run.manifest.get("replicate", 0))]
    failed = {failure["replicate"] for block in run.blocks for failure in block["failed"]}
    return [
        replicate
        for block in run.blocks
        for replicate in range(block["first"], block["first"] + block["count"])
        if replicate not in failed
    ]


def _metrics(run: Run) -> pd.DataFrame:
    import pandas as pd

    if "blocks" in run.manifest:
        return pd.DataFrame(run.frame("replicate_metrics"))
    frame = run.frame("metrics")[["name", "scope", "value", "unit"]]
    return pd.DataFrame(frame.assign(replicate=_replicates(run)[0]))
