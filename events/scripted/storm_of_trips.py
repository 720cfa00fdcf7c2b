"""What do three random line trips in one stormy night do to the North?

No load is shed: 3 lines trip within 6 hours, 2 at once, each after a random time and back after a random time that
never changes for a replicate.
"""

import gridsim

scenario = {
    "network": "kazakhstan",
    "horizon": {"start": "2026-01-14 12:00", "hours": 24},
    "failures": "typical",
    "policy": {"ac": "off"},
}
LINES = ["l500_cgpp_yesil", "l500_yesil_sokol", "l500_ekibastuz_semey", "l500_semey_aktogay", "l500_gres1_nura"]


@gridsim.contingency
def storm(sim: gridsim.Sim) -> gridsim.Waits:
    yield sim.at("2026-01-14 20:00")
    for _ in range(3):
        line = sim.random.choice([name for name in LINES if not sim.is_out(name)])
        sim.fail(line)
        sim.log(f"the wind takes {line}")
        yield sim.hours(sim.random.exponential(2))


@gridsim.contingency
def repairs(sim: gridsim.Sim) -> gridsim.Waits:
    while True:
        yield sim.until(lambda s: any(s.is_out(name) for name in LINES))
        yield sim.hours(sim.random.lognormal(4, 0.5))
        for name in LINES:
            if sim.is_out(name):
                sim.restore(name)
