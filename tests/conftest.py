"""The fixtures of every test: the two-area system, and the bundled Kazakh network read once; how processes share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.model.system import GridSystem
from tests.support.cases import build_two_areas

# A fixed set of examples where a failure would stop others; new examples on every run of a developer.
hypothesis.settings.register_profile("fixed", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("fixed")


def pytest_collection_finish() -> None:
    """What is imported by now stays, so the garbage collector need not look at it after every 700 new objects.

    That took an eighth of the time of the tests. Garbage is still collected, later, and pytest does so at its end.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each process of ``pytest -n`` takes a run of neighbours, and half of what another has left when it is done.

    Dealt out in small hands, as by default, tests of a file come to all processes, and each makes the file's fixtures.
    """
    if config.getoption("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.fixture
def two_areas() -> Callable[..., GridSystem]:
    """Builder of the two-area system (``tests.support.cases.build_two_areas``)."""
    return build_two_areas


@pytest.fixture(scope="session")
def kazakhstan() -> GridSystem:
    """The bundled network."""
    return read_network(network_folder("kazakhstan"))
