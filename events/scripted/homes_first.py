"""Who is cut if households rank below industry when the South runs short?

The same rupture, with no mazut and a shedding policy that puts towns and villages before every industry: households
lose 9,715 MWh instead of 86 in bbs_rupture_no_mazut, and phosphorus loses 1,025 instead of 8,785.
"""

import gridsim

scenario = "bbs_rupture_no_mazut"


@gridsim.policy("shedding")
def industry_kept(view: gridsim.View) -> dict[str, int]:
    return {"household": 2, "rural": 2, "services": 2}


@gridsim.policy("operator")
def imports_stop_in_shortage(view: gridsim.View) -> gridsim.Orders | None:
    return gridsim.Orders(imports="none") if view.zone("south").unserved_mw > 500 else None
