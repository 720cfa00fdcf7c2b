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

from gridsim.kernels.by_reference import hold
from gridsim.kernels.compressors import SECONDS_PER_DAY, StationEnds, lift_of_stations, work_of_stations
from gridsim.kernels.linepack_network import LinepackControls
from gridsim.model.carriers import GasSettings
from gridsim.model.table import F8, I4
from gridsim.solvers.gas_layout import GasLayout


def fuel_mcm_per_d(gas: GasSettings, shaft_mw: F8) -> F8:
    """Gas burnt by turbines that give ``shaft_mw``."""
    return np.asarray(shaft_mw / gas.driver_efficiency / gas.lhv_mj_per_m3 * SECONDS_PER_DAY / 1e6)


class _Ordered(NamedTuple):
    """Per entry: 1, -1 (flow against the edge) or 0 (not ordered that way), and K and laminar flow of its strings."""

    sign: F8
    k: F8
    q_laminar: F8


class _Work(NamedTuple):
    """Flow through the station at each end, mcm/d, shaft power per flow, MW per mcm/d, and MW of each station."""

    flow: F8
    mw_per_flow: F8
    mw: F8


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
        inlet = np.where(self._forward, net.edge_from[self._edge], net.edge_to[self._edge])
        outlet = np.where(self._forward, net.edge_to[self._edge], net.edge_from[self._edge])
        stations = layout.system.compressor_stations
        self.able_mw = stations.installed_mw * (stations.units - stations.spare_units) / stations.units
        gas = layout.system.gas
        exponent = (gas.isentropic_exponent - 1.0) / gas.isentropic_exponent
        self._exponent = exponent
        self._gas_law = hold(net.gas_law)
        ends = StationEnds(
            edge=self._edge.astype(np.int32),
            inlet=inlet.astype(np.int32),
            outlet=outlet.astype(np.int32),
            station=self._station.astype(np.int32),
            ratio=stations.pressure_ratio[self._station],
            exponent=exponent,
            gas_constant=gas.gas_constant,
            temperature_k=gas.temperature_k,
            rho_kg_per_m3=gas.rho_kg_per_m3,
            efficiency=gas.compressor_efficiency,
        )
        self._ends = hold(ends)
        self._last_schedule: tuple[tuple[NDArray[Any], NDArray[Any]], _Ordered] | None = None
        self._last: tuple[tuple[NDArray[Any], ...], _Work] | None = None

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

    def _at_work(self, controls: LinepackControls, p_bar: F8, edge_q: F8) -> _Work:
        """Work at these pressures and flows; the end of a run is asked for again as the start of the next."""
        of = controls.edge_direction, controls.edge_share, p_bar, edge_q
        last = self._last
        if last is None or any(now is not then for now, then in zip(of, last[0], strict=True)):
            ordered, n_ends = self._ordered(controls), len(self._edge)
            work, ratio = _Work(np.empty(n_ends), np.empty(n_ends), np.empty(len(self.able_mw))), np.empty(n_ends)
            lift_of_stations(
                ends=self._ends,
                gas_law=self._gas_law,
                sign=ordered.sign,
                k=ordered.k,
                q_laminar=ordered.q_laminar,
                p_bar=p_bar,
                edge_q=edge_q,
                flow_out=work.flow,
                ratio_out=ratio,
            )
            work_of_stations(
                ends=self._ends,
                gas_law=self._gas_law,
                p_bar=p_bar,
                flow=work.flow,
                rise=ratio**self._exponent,
                mw_per_flow_out=work.mw_per_flow,
                mw_out=work.mw,
            )
            self._last = last = of, work
        return last[1]

    def power_mw(self, controls: LinepackControls, p_bar: F8, edge_q: F8) -> F8:
        """(n_stations,) shaft power at pressures ``p_bar`` (n_points,) and flows ``edge_q`` (n_edges,) mcm/d."""
        return self._at_work(controls, p_bar, edge_q).mw

    def limit(self, controls: LinepackControls, p_bar: F8, edge_q: F8) -> LinepackControls:
        """Controls under which no station moves more than its power allows at these pressures.

        A station on several pipes shares its power in proportion to what they take now. Explicit: the ratio is that
        at the start of the run.
        """
        flow, _, used = self._at_work(controls, p_bar, edge_q)
        over = used > self.able_mw
        if not over.any():
            return controls
        cap = controls.edge_cap.copy()
        tight = over[self._station]
        edge: I4 = self._edge[tight]
        factor = (self.able_mw / np.where(over, used, 1.0))[self._station[tight]]
        cap[edge] = np.minimum(cap[edge], flow[tight] * factor)
        return controls._replace(edge_cap=cap)
