"""Gas tables as points and edges of the linepack kernel: segments, pressure zones, stations, regulators.

PipeEdges whose linepack is not shared (a transit operator's) form a pressure zone of their own; where they meet the
domestic net gas crosses only as ordered. A compressor station stands at the inlet of the outgoing pipes of its
system; k stations of one system at one node are spread along them. Every pipe has a regulator at its inlet that
holds its design pressure.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gridsim.kernels.linepack_network import (
    Z_CONSTANT,
    Z_PAPAY,
    Fluid,
    LinepackNetwork,
    make_network,
    nikuradse_friction,
    pipe_coefficients,
    weymouth_friction,
)
from gridsim.model.system import GridSystem
from gridsim.model.table import I4

_LEAST_C_MCM_PER_BAR = 1e-5
_TRUNK_SHARE = 0.8
_LATERAL_KM = 50.0


class PipeEdges(NamedTuple):
    """Geometry: per pipe its first edge and number of edges, its rupture edge; per edge its pipe."""

    first_edge: I4
    n_edges: I4
    edge_pipe: I4
    rupture_edge: I4


class GasLayout:
    """The gas network of one system as points and edges.

    ``node_point``, ``transit_point`` (n_nodes,): point of a node in the domestic net and in the transit operator's;
    ``point_node`` (n_points,): node whose linepack a point counts to; ``station_from``, ``station_to`` (n_edges,): row
    of the station at that end of an edge, -1 for none; ``edge_gas_per_bar`` (n_edges,) mcm/bar at Z = 1.
    """

    def __init__(self, system: GridSystem):
        self.system = system
        self.pipes = np.flatnonzero(system.gas_pipelines.in_service)
        self._build_points()
        self._build_edges()

    def _build_points(self) -> None:
        pipes, n_nodes = self.system.gas_pipelines, len(self.system.gas_nodes)
        shared = pipes.linepack_shared
        domestic, transit = np.zeros(n_nodes, dtype=bool), np.zeros(n_nodes, dtype=bool)
        for pipe in self.pipes:
            zone = domestic if shared[pipe] else transit
            zone[pipes.from_node[pipe]] = zone[pipes.to_node[pipe]] = True
        domestic |= ~transit
        self.split_nodes = np.flatnonzero(domestic & transit).astype(np.int32)
        self.transit_point = np.arange(n_nodes, dtype=np.int32)
        self.transit_point[self.split_nodes] = n_nodes + np.arange(len(self.split_nodes))
        self.node_point = np.arange(n_nodes, dtype=np.int32)
        self._first_inner = n_nodes + len(self.split_nodes)

    def _build_edges(self) -> None:
        settings, pipes = self.system.gas, self.system.gas_pipelines
        n_sections = len(pipes)
        fluid = Fluid(
            settings.gas_constant, settings.temperature_k, settings.rho_kg_per_m3, settings.viscosity_pa_s
        )  # fmt: skip
        diameter_m = pipes.inner_diameter_mm / 1000.0
        friction = {
            "weymouth": lambda: weymouth_friction(diameter_m),
            "nikuradse": lambda: nikuradse_friction(diameter_m, settings.roughness_mm),
            "factor": lambda: np.full(n_sections, settings.friction_factor),
        }[settings.friction]()
        cells = np.maximum(np.ceil(pipes.length_km / settings.cell_km - 1e-9), 1).astype(int)
        k, laminar, gas = pipe_coefficients(
            pipes.length_km / cells, diameter_m, pipes.parallel.astype(float), friction, fluid
        )
        first_edge, n_edges = np.zeros(n_sections, dtype=np.int32), np.zeros(n_sections, dtype=np.int32)
        edge_pipe: list[int] = []
        edge_from: list[int] = []
        edge_to: list[int] = []
        owner: list[int] = []  # of each inner point: the node whose linepack it counts to
        next_point = self._first_inner
        point_of = {True: self.node_point, False: self.transit_point}
        for pipe in self.pipes:
            ends = point_of[bool(pipes.linepack_shared[pipe])]
            n = int(cells[pipe])
            first_edge[pipe], n_edges[pipe] = len(edge_from), n
            inner = list(range(next_point, next_point + n - 1))
            next_point += n - 1
            chain = [int(ends[pipes.from_node[pipe]]), *inner, int(ends[pipes.to_node[pipe]])]
            edge_from += chain[:-1]
            edge_to += chain[1:]
            edge_pipe += [int(pipe)] * n
            owner += [
                int(pipes.from_node[pipe] if 2 * (i + 1) <= n else pipes.to_node[pipe]) for i in range(n - 1)
            ]  # fmt: skip
        of_pipe = np.array(edge_pipe, dtype=np.int32)
        self.n_points = next_point
        node_owner = np.concatenate([np.arange(len(self.system.gas_nodes)), self.split_nodes])
        self.point_node = np.concatenate([node_owner, np.array(owner, dtype=int)]).astype(np.int32)
        from_point, to_point = np.array(edge_from, dtype=np.int32), np.array(edge_to, dtype=np.int32)
        rupture = first_edge + n_edges // 2
        self.pipe_edges = PipeEdges(first_edge, n_edges, of_pipe, rupture.astype(np.int32))
        capacity = np.full(self.n_points, _LEAST_C_MCM_PER_BAR)
        np.add.at(capacity, from_point, gas[of_pipe] / 2)
        np.add.at(capacity, to_point, gas[of_pipe] / 2)
        self.edge_gas_per_bar = gas[of_pipe]
        is_first = np.arange(len(of_pipe)) == first_edge[of_pipe]
        is_last = np.arange(len(of_pipe)) == first_edge[of_pipe] + n_edges[of_pipe] - 1
        pn = pipes.pn_bar[of_pipe]
        self.station_from, self.station_to = self._stations(len(of_pipe))
        self.pipe_has_station = np.zeros(n_sections, dtype=bool)
        self.pipe_has_station[of_pipe[(self.station_from >= 0) | (self.station_to >= 0)]] = True
        ratio = np.append(self.system.compressor_stations.pressure_ratio, 1.0)  # -1: no station, a ratio of one
        discharge = settings.discharge_share * pn
        self.net: LinepackNetwork = make_network(
            capacity,
            from_point,
            to_point,
            k[of_pipe],
            laminar[of_pipe],
            two_way=pipes.bidirectional[of_pipe],
            regulator_from_bar=np.where(is_first, pn, np.inf),
            regulator_to_bar=np.where(is_last, pn, np.inf),
            ratio_from=ratio[self.station_from],
            ratio_to=ratio[self.station_to],
            set_from_bar=discharge,
            set_to_bar=discharge,
            suction_bar=settings.suction_share * pn,
            link_from=self.transit_point[self.split_nodes],
            link_to=self.node_point[self.split_nodes],
            z_law=Z_PAPAY if settings.compressibility == "papay" else Z_CONSTANT,
            z_constant=settings.z,
            p_critical_bar=settings.p_critical_bar,
            t_reduced=settings.temperature_k / settings.t_critical_k,
        )

    def _stations(self, n_edges: int) -> tuple[I4, I4]:
        """Row of the compressor station at the two ends of every edge, -1 for none."""
        stations, pipes = self.system.compressor_stations, self.system.gas_pipelines
        at_from, at_to = np.full(n_edges, -1, dtype=np.int32), np.full(n_edges, -1, dtype=np.int32)
        groups: dict[tuple[int, str], list[int]] = {}
        for row in np.flatnonzero(stations.in_service).tolist():
            groups.setdefault((int(stations.node[row]), str(stations.system[row])), []).append(row)
        for (node, name), rows in groups.items():
            here = [
                pipe for pipe in self.pipes
                if str(pipes.system[pipe]) == name and node in (pipes.from_node[pipe], pipes.to_node[pipe])
            ]  # fmt: skip
            strongest = max((pipes.pn_bar[pipe] for pipe in here), default=0.0)
            for pipe in here:
                ends_at_gate = str(self.system.gas_nodes.kind[pipes.to_node[pipe]]) == "city_gate"
                lateral = ends_at_gate and pipes.length_km[pipe] <= _LATERAL_KM
                if lateral or pipes.pn_bar[pipe] < _TRUNK_SHARE * strongest:
                    continue  # a lateral is fed through its regulator, not by the station
                first, n = int(self.pipe_edges.first_edge[pipe]), int(self.pipe_edges.n_edges[pipe])
                leaves = int(pipes.from_node[pipe]) == node
                if not leaves and not (int(pipes.to_node[pipe]) == node and pipes.bidirectional[pipe]):
                    continue
                for place, row in enumerate(rows):
                    offset = round(place * n / len(rows))
                    if offset < n:
                        (at_from if leaves else at_to)[first + offset if leaves else first + n - 1 - offset] = row
        return at_from, at_to
