"""
What is a new plant worth?
==========================

The IEEE Reliability Test System (1979) with and without a new unit of 200 MW: loss of load exactly, the credit of
the unit in MW, and unserved energy by month from sampled years.
"""

import gridsim

system = gridsim.system_from_grid(gridsim.read_network("rts79"))
before = gridsim.assess(system, gridsim.Exact())
print(f"LOLH {before['LOLH'].value:.4f} h a year, EUE {before['EUE'].value:.1f} MWh a year")

# %%
# **The credit.** ELCC: how much more load the system carries at the same unserved energy. EFC: how many MW of a plant
# that never fails would do the same. Both are exact here, by convolution.
credit = gridsim.capacity_credit(system, gridsim.Addition("new", p_max_mw=200.0, forced_outage_rate=0.05, mttr_h=40.0))
print(f"ELCC {credit.elcc_mw:.2f} MW ({credit.elcc_percent:.0f} %), EFC {credit.efc_mw:.2f} MW")

# %%
# **When is it short?** Sampled years, month by month, each value with its standard error.
sampled = gridsim.assess(system, gridsim.SequentialMonteCarlo(years=20_000, seed=1), gridsim.ShortfallByMonth())
sampled.metrics.query("scope.str.startswith('month')")[["name", "scope", "value", "stderr"]]
