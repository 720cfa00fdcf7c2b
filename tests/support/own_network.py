"""Networks that bundled events name, each with its variant, read once."""

from __future__ import annotations

from functools import cache

from gridsim.io.bundled import event_file, network_folder
from gridsim.io.read_network import read_network
from gridsim.io.read_scenario import scenario_keys
from gridsim.model.system import GridSystem


@cache
def _network(name: str, variant: str) -> GridSystem:
    return read_network(network_folder(name), variant)


def own_network(event: str) -> GridSystem:
    """The network of a bundled event in the variant that the event names."""
    keys = scenario_keys(event_file(event), execute=False)[0].data
    return _network(keys["network"], keys.get("variant", ""))
