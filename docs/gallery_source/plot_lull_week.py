"""
A week without wind and sun
===========================

Seven windless, dark, cold January days: what replaces wind and sun, and how full is the section to the South?
"""

import gridsim
from gridsim import plot

system, scenario = gridsim.read_scenario("renewable_lull")
scenario = scenario.with_(**{"policy.ac": "off"})  # no check of voltages: faster
result = gridsim.run(system, scenario)
result.frame("zones").groupby("name")[["demand_mw", "unserved_mw"]].max()

# %%
# **Supply by source.** Coal and gas carry the week, water fills the evenings, and some load does not buy at the prices
# of the peaks. Nothing is shed.
supply = plot.supply_stack(result)

# %%
# **Sections.** The flow over the limit of each set of lines that the operator watches.
sections = plot.section_loading(result)

# %%
# **The numbers.** Definitions stand in the metrics page.
eue, loading = result.metric("EUE"), result.metric("section_loading_max", "section:north_south")
print(f"{eue:.0f} MWh unserved; North-South {loading:.0f} % full at most")
