"""
A contingency of your own
=========================

A circuit trips at the evening peak; when the section has filled, the second one follows. Ten lines of Python say so.
"""

import gridsim
from gridsim import plot


@gridsim.contingency
def second_circuit(sim: gridsim.Sim) -> gridsim.Waits:
    yield sim.at("2026-01-14 18:00")
    sim.fail("l500_agadyr_yukgres_1")
    yield sim.until(lambda s: s.section("north_south").loading > 0.95)
    sim.fail("l500_agadyr_yukgres_2")
    yield sim.hours(4)
    sim.restore("l500_agadyr_yukgres_1", "l500_agadyr_yukgres_2")


system, scenario = gridsim.read_scenario(
    {
        "network": "kazakhstan",
        "horizon": {"start": "2026-01-14 12:00", "hours": 16},
        "failures": "typical",
        "policy": {"ac": "off"},
    }
)
result = gridsim.run(system, scenario, contingencies=[second_circuit])
print(result.why("zone:south", "2026-01-14 19:00"))

# %%
# **Who was cut, and why.**
unserved = plot.unserved_by(result)

# %%
# **The worst hour**, from what is installed down to what was there, and up to what was asked.
worst = plot.worst_hour_waterfall(result)
