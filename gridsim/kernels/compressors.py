"""Shaft power of compressor stations at work (``solvers.gas_compressors`` has the equation and its sources)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridsim.kernels.by_reference import by_reference
from gridsim.kernels.jit import bare
from gridsim.kernels.linepack_network import GasLaw, z_and_slope

F8 = NDArray[np.float64]
I4 = NDArray[np.int32]
SECONDS_PER_DAY = 86400.0


@by_reference
class StationEnds(NamedTuple):
    """Ends of edges at which a station stands, (n_ends,) each.

    edge, inlet, outlet, station : i4;  ratio : largest
    exponent : (k - 1) / k of the isentropic exponent;  gas_constant : J/kg K;  efficiency : of the compressor
    """

    edge: I4
    inlet: I4
    outlet: I4
    station: I4
    ratio: F8
    exponent: float
    gas_constant: float
    temperature_k: float
    rho_kg_per_m3: float
    efficiency: float


@bare
def lift_of_stations(
    ends: StationEnds,
    gas_law: GasLaw,
    sign: F8,
    k: F8,
    q_laminar: F8,
    p_bar: F8,
    edge_q: F8,
    flow_out: F8,
    ratio_out: F8,
) -> None:
    """Flow through the station at each end, mcm/d, and the ratio at work.

    sign : (n_ends,) 1 or -1 where the gas schedule drives it (flow against the edge: -1), else 0
    k, q_laminar : (n_ends,) of the strings in service, at Z = 1;  p_bar (n_points,);  edge_q (n_edges,) mcm/d
    flow_out, ratio_out : (n_ends,)
    """
    for e in range(len(sign)):
        flow = max(sign[e] * edge_q[ends.edge[e]], 0.0)
        p_in, p_out = p_bar[ends.inlet[e]], p_bar[ends.outlet[e]]
        # the discharge follows from the pressure behind the station and the friction of its pipe at the mean pressure
        z, _ = z_and_slope(gas_law, 2.0 / 3.0 * (p_in + p_out - p_in * p_out / (p_in + p_out)))
        discharge = math.sqrt(p_out**2 + flow * (flow + q_laminar[e]) / (k[e] / z))
        flow_out[e], ratio_out[e] = flow, min(max(discharge / p_in, 1.0), ends.ratio[e])


@bare
def work_of_stations(
    ends: StationEnds, gas_law: GasLaw, p_bar: F8, flow: F8, rise: F8, mw_per_flow_out: F8, mw_out: F8
) -> None:
    """Shaft power per flow at each end, MW per mcm/d, and shaft power of each station, MW.

    flow : (n_ends,) mcm/d;  rise : ratio^((k - 1) / k), of the temperature;  mw_per_flow_out (n_ends,);
    mw_out (n_stations,)
    """
    for station in range(len(mw_out)):
        mw_out[station] = 0.0
    for e in range(len(flow)):
        z, _ = z_and_slope(gas_law, p_bar[ends.inlet[e]])
        head = z * ends.gas_constant * ends.temperature_k * (rise[e] - 1.0) / ends.exponent
        mw_per_flow_out[e] = head * ends.rho_kg_per_m3 / SECONDS_PER_DAY / ends.efficiency
        mw_out[ends.station[e]] += flow[e] * mw_per_flow_out[e]
