"""Live paths: ways from a bus to running machines that share no branch, and so how many single losses it survives."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.model.system import GridSystem
from gridsim.model.table import I4


class OffsiteState(NamedTuple):
    """Supply of each site: ``circuits`` in service at its bus, ``paths`` live ones that share no branch, both at most
    the circuits of the site itself.
    """

    circuits: I4
    paths: I4


class LivePaths:
    """Counts live paths of buses; ``most`` (n_sites,) caps the count at each bus, ``own`` (n_sites,) names its plant.

    A source is a bus with a synchronised machine other than wind and sun, or with a neighbour in service. Machines of
    the site itself are none: they are what offsite power is for. By Menger's theorem the number of paths without a
    common branch is the least number of branches whose loss leaves the bus dead.
    """

    def __init__(self, system: GridSystem, bus: I4, most: I4, own: NDArray[np.str_]):
        self._system, self._bus, self._most = system, bus, most
        generators = system.generators
        self._of_plant = [generators.plant == plant for plant in own.tolist()]
        self._firm = ~generators.variable
        self._neighbours = system.borders.bus[system.borders.in_service]
        self._branches: list[list[tuple[int, int]]] = [[] for _ in range(len(system.buses))]
        ends = zip(system.branch_from.tolist(), system.branch_to.tolist(), strict=True)
        for branch, (here, there) in enumerate(ends):
            self._branches[here].append((branch, there))
            self._branches[there].append((branch, here))
        self._known: dict[bytes, OffsiteState] = {}

    def at(self, running: NDArray[np.bool_], out_branch: I4) -> OffsiteState:
        """Supply of every site with ``running`` (n_gens,) machines and the branches ``out_branch`` out."""
        live = running & self._firm
        key = np.packbits(live).tobytes() + out_branch.tobytes()
        if key not in self._known:
            self._known[key] = self._count(live, out_branch)
        return self._known[key]

    def _count(self, live: NDArray[np.bool_], out_branch: I4) -> OffsiteState:
        out = set(out_branch.tolist())
        circuits, paths = np.zeros(len(self._bus), dtype=np.int32), np.zeros(len(self._bus), dtype=np.int32)
        for site, (bus, most) in enumerate(zip(self._bus.tolist(), self._most.tolist(), strict=True)):
            sources = set(self._system.generators.bus[live & ~self._of_plant[site]].tolist())
            sources |= set(self._neighbours.tolist())
            circuits[site] = min(sum(branch not in out for branch, _ in self._branches[bus]), most)
            paths[site] = self._disjoint(bus, sources, out, most)
        return OffsiteState(circuits, paths)

    def _disjoint(self, bus: int, sources: set[int], out: set[int], most: int) -> int:
        """Largest number, up to ``most``, of paths from ``bus`` to sources; one at the bus itself counts."""
        flow: dict[int, int] = {}  # branch -> the bus it is used from
        found = int(bus in sources)
        while found < most and self._augment(bus, sources - {bus}, out, flow):
            found += 1
        return found

    def _augment(self, bus: int, sources: set[int], out: set[int], flow: dict[int, int]) -> bool:
        """One more path in the residual graph: a branch may be used once, or given back by going against it."""
        came: dict[int, tuple[int, int]] = {bus: (-1, -1)}
        queue = deque([bus])
        while queue:
            here = queue.popleft()
            if here in sources:
                while here != bus:
                    branch, before = came[here]
                    if branch in flow:
                        del flow[branch]
                    else:
                        flow[branch] = before
                    here = before
                return True
            for branch, there in self._branches[here]:
                if branch not in out and there not in came and flow.get(branch) != here:
                    came[there] = branch, here
                    queue.append(there)
        return False
