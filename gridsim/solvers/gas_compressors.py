"""Shaft power of compressor stations, and the flow their power allows.

Adiabatic head (Osiadacz, Simulation and Analysis of Gas Networks, 1987, ch. 2; GPSA Engineering Data Book, sec. 13):
``P = m / eta * k / (k - 1) * Z(p_1) R T * ((p_2 / p_1)^((k - 1) / k) - 1)`` with the mass flow m, the isentropic
exponent k and the efficiency eta of the compressor. The ratio is the one at work: the discharge follows from flow and
pressure behind the station, so a station that only lets gas pass takes no power.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.linepack_network import MOST_REDUCED, Z_PAPAY, LinepackControls
from gridsim.model.carriers import GasSettings
from gridsim.model.table import F8, I4, sum_at
from gridsim.solvers.gas_layout import GasLayout

_SECONDS_PER_DAY = 86400.0


def fuel_mcm_per_d(gas: GasSettings, shaft_mw: F8) -> F8:
    """Gas burnt by turbines that give ``shaft_mw``."""
    return np.asarray(shaft_mw / gas.driver_efficiency / gas.lhv_mj_per_m3 * _SECONDS_PER_DAY / 1e6)


class _Ordered(NamedTuple):
    """Per entry: 1, -1 (flow against the edge) or 0 (not ordered that way), and K and laminar flow of its strings."""

    sign: F8
    k: F8
    q_laminar: F8


class Compressors:
    """The stations of one layout: an entry for every end of an edge at which one stands.

    ``able_mw`` (n_stations,): shaft power without the machines in reserve.
    """

    def __init__(self, layout: GasLayout):
        self._layout = layout
        self._edge = np.concatenate([np.flatnonzero(layout.station_from >= 0), np.flatnonzero(layout.station_to >= 0)])
        n_from = int((layout.station_from >= 0).sum())
        self._forward = np.arange(len(self._edge)) < n_from
        self._station = np.where(self._forward, layout.station_from[self._edge], layout.station_to[self._edge])
        net = layout.net
        self._inlet = np.where(self._forward, net.edge_from[self._edge], net.edge_to[self._edge])
        self._outlet = np.where(self._forward, net.edge_to[self._edge], net.edge_from[self._edge])
        stations = layout.system.compressor_stations
        self.able_mw = stations.installed_mw * (stations.units - stations.spare_units) / stations.units
        self._ratio = stations.pressure_ratio[self._station]
        self._last_schedule: tuple[tuple[NDArray[Any], NDArray[Any]], _Ordered] | None = None
        self._last: tuple[tuple[NDArray[Any], ...], F8, F8] | None = None

    def _z(self, p_bar: F8) -> F8:
        law = self._layout.net.gas_law
        if law.kind != Z_PAPAY:
            return np.full(len(p_bar), law.z_constant)
        p_reduced = np.minimum(p_bar / law.p_critical_bar, MOST_REDUCED)
        return 1.0 + p_reduced * (law.z_second * p_reduced - law.z_first)

    def _mw_per_mcm_per_d(self, p_bar: F8, ratio: F8) -> F8:
        """Shaft power per flow at suction ``p_bar`` and ``ratio``, MW per mcm/d."""
        gas = self._layout.system.gas
        exponent = (gas.isentropic_exponent - 1.0) / gas.isentropic_exponent
        head = self._z(p_bar) * gas.gas_constant * gas.temperature_k * (ratio**exponent - 1.0) / exponent
        return head * gas.rho_kg_per_m3 / _SECONDS_PER_DAY / gas.compressor_efficiency

    def _ordered(self, controls: LinepackControls) -> _Ordered:
        """Stations under the gas schedule, made once while it lasts."""
        of = controls.edge_direction, controls.edge_share
        last = self._last_schedule
        if last is None or last[0][0] is not of[0] or last[0][1] is not of[1]:
            net, edge = self._layout.net, self._edge
            direction, share = of[0][edge], of[1][edge]
            works = np.where(self._forward, direction == 1, direction == -1) & (share > 0)
            share = np.where(works, share, 1.0)
            sign = np.where(works, np.where(self._forward, 1.0, -1.0), 0.0)
            ordered = _Ordered(sign, net.edge_k[edge] * share**2, net.edge_q_laminar[edge] * share)
            self._last_schedule = last = of, ordered
        return last[1]

    def _ratio_at_work(self, controls: LinepackControls, p_bar: F8, edge_q: F8) -> tuple[F8, F8]:
        """(flow in the direction of the station, mcm/d, ratio); no flow where the station is not ordered that way."""
        ordered = self._ordered(controls)
        flow = np.maximum(ordered.sign * edge_q[self._edge], 0.0)
        p_in, p_out = p_bar[self._inlet], p_bar[self._outlet]
        z = self._z(2.0 / 3.0 * (p_in + p_out - p_in * p_out / (p_in + p_out)))
        discharge = np.sqrt(p_out**2 + flow * (flow + ordered.q_laminar) / (ordered.k / z))
        return flow, np.minimum(np.maximum(discharge / p_in, 1.0), self._ratio)

    def _at_work(self, controls: LinepackControls, p_bar: F8, edge_q: F8) -> tuple[F8, F8]:
        """(flow, mcm/d, shaft power per flow, MW per mcm/d).

        The end of a run is asked for again as the start of the next.
        """
        of = controls.edge_direction, controls.edge_share, p_bar, edge_q
        last = self._last
        if last is None or any(now is not then for now, then in zip(of, last[0], strict=True)):
            flow, ratio = self._ratio_at_work(controls, p_bar, edge_q)
            self._last = last = of, flow, self._mw_per_mcm_per_d(p_bar[self._inlet], ratio)
        return last[1], last[2]

    def power_mw(self, controls: LinepackControls, p_bar: F8, edge_q: F8) -> F8:
        """(n_stations,) shaft power at pressures ``p_bar`` (n_points,) and flows ``edge_q`` (n_edges,) mcm/d."""
        flow, per_flow = self._at_work(controls, p_bar, edge_q)
        return sum_at(self._station, flow * per_flow, len(self.able_mw))

    def limit(self, controls: LinepackControls, p_bar: F8, edge_q: F8) -> LinepackControls:
        """Controls under which no station moves more than its power allows at these pressures.

        A station on several pipes shares its power in proportion to what they take now. Explicit: the ratio is that
        at the start of the run.
        """
        flow, per_flow = self._at_work(controls, p_bar, edge_q)
        used = sum_at(self._station, flow * per_flow, len(self.able_mw))
        over = used > self.able_mw
        if not over.any():
            return controls
        cap = controls.edge_cap.copy()
        tight = over[self._station]
        edge: I4 = self._edge[tight]
        factor = (self.able_mw / np.where(over, used, 1.0))[self._station[tight]]
        cap[edge] = np.minimum(cap[edge], flow[tight] * factor)
        return controls._replace(edge_cap=cap)
