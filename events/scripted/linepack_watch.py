"""Does it help to hold back gas-fired plants before the linepack is gone?

No. The pipeline to the South ruptures. When the linepack at Shymkent has halved, after 42 hours, two machines of
Zhambyl GRES are held at half of their output for two days. Plants are short of gas one to three hours later than in
bbs_pipeline_rupture, but the South loses 1,943 MWh instead of 923.
"""

import gridsim

scenario = "bbs_pipeline_rupture"
SAVED = ("zhambyl_gres_1", "zhambyl_gres_2")


@gridsim.contingency
def save_gas(sim):
    yield sim.at("+5h")
    full_mcm = sim.gas_node("cg_shymkent").linepack_mcm
    yield sim.until(lambda s: s.gas_node("cg_shymkent").linepack_mcm < full_mcm / 2)
    sim.log(f"linepack halved after {sim.now_h - 6:.0f} h of rupture")
    for name in SAVED:
        sim.derate(name, 0.5)
    yield sim.hours(48)
    sim.restore(*SAVED)
