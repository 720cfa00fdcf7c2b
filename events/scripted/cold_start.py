"""What if the cold itself brings down a large plant?

Below -15 C on average Ekibastuz GRES-2 trips, at -24 C with 16,003 MW served, and is back after 6 hours; load is shed
for 7.3 hours, up to 729 MW (4,542 MWh), most of it ferroalloy works; the grid of that moment is a pandapower net.
"""

import gridsim

scenario = {
    "network": "kazakhstan",
    "horizon": {"start": "2026-01-14 00:00", "hours": 36},
    "failures": "typical",
    "events": [{"id": "cold", "at": "+10h", "kind": "cold_wave", "target": "all", "magnitude": -12}],
    "policy": {"ac": "off"},
}


@gridsim.contingency
def brittle(sim: gridsim.Sim) -> gridsim.Waits:
    yield sim.until(lambda s: s.temperature_c() < -15)
    net = sim.to_pandapower()
    sim.log(f"{sim.temperature_c():.0f} C, {net.load.p_mw.sum():.0f} MW served at {len(net.bus)} buses")
    outage = sim.begin("plant_outage", "ekibastuz_gres2")
    yield sim.hours(6)
    sim.end(outage)
