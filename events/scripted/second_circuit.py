"""How long is Almaty short if the operator waits for the section to fill before the second circuit trips?

With the first circuit gone at the evening peak automation cuts 447 MW and the section is full, at 1,300 MW, so the
second one follows, and the South is short until both are back, for 4 hours, by up to 1,083 MW (3,435 MWh).
"""

import gridsim

scenario = {
    "network": "kazakhstan",
    "horizon": {"start": "2026-01-14 12:00", "hours": 18},
    "failures": "typical",
    "policy": {"ac": "off"},
}


@gridsim.contingency
def cascade(sim: gridsim.Sim) -> gridsim.Waits:
    yield sim.at("2026-01-14 18:00")
    sim.fail("l500_agadyr_yukgres_1")
    yield sim.until(lambda s: s.section("north_south").loading > 0.99)
    sim.log(f"section full at {sim.section('north_south').flow_mw:.0f} MW: the second circuit trips")
    sim.fail("l500_agadyr_yukgres_2")
    yield sim.hours(4)
    sim.restore("l500_agadyr_yukgres_1", "l500_agadyr_yukgres_2")
