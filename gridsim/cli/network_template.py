"""A network of five buses to begin from: every table it needs, each column of use, explained at its head."""

from __future__ import annotations

NETWORK_YAML = """\
# A network folder is this file and one CSV per table. All columns: docs/format.md; check it: gridsim validate {name}
# Names are the links: a bus in lines.csv is a name of buses.csv. Empty cells take the format's defaults.
#   buses.csv         busbars: zone and voltage
#   lines.csv         circuits; mttf_h and mttr_h (hours between failures, to repair) let them fail; empty: never
#   transformers.csv  banks between voltages
#   generators.csv    machines; p_max_mw is what is there, profile the share of it that wind and sun give
#   loads.csv         p_mw is the demand where the profile is 1 (the winter peak)
#   load_classes.csv  who is shed first (shed_order 0), and what an unserved kWh costs
#   storages.csv      batteries
#   profiles.csv      shares by month, day type and hour
schema_version: 1
name: {name}
title: Five buses to begin from
description: Two zones, a ring of 220 kV, a town behind a transformer. Every number is an example.
timezone: UTC+00:00
f_hz: 50
zones: [north, south]
reserve_mw: {{north: 40, south: 40}}    # spinning reserve that commitment covers
loss_share: 0.02                        # network losses as a share of demand
licence: your own
"""

BUSES = """\
name,title,zone,vn_kv,lat,lon,source,confidence
hydro,Hydro plant,north,220,52.0,71.0,OWN,assumed
coal,Coal plant,north,220,52.3,72.1,OWN,assumed
city,City,south,220,51.2,71.5,OWN,assumed
wind,Wind farm,south,220,51.0,70.2,OWN,assumed
town,Town,south,110,50.8,71.9,OWN,assumed
"""

LINES = """\
name,from_bus,to_bus,length_km,r_ohm_per_km,x_ohm_per_km,c_nf_per_km,max_i_ka,mttf_h,mttr_h,source,confidence
hydro_coal,hydro,coal,80,0.06,0.42,8.7,0.8,4380,10,OWN,assumed
hydro_city_1,hydro,city,110,0.06,0.42,8.7,0.8,3500,10,OWN,assumed
hydro_city_2,hydro,city,110,0.06,0.42,8.7,0.8,3500,10,OWN,assumed
coal_city,coal,city,130,0.06,0.42,8.7,0.8,3000,10,OWN,assumed
city_wind,city,wind,90,0.06,0.42,8.7,0.8,4000,10,OWN,assumed
"""

TRANSFORMERS = """\
name,hv_bus,lv_bus,sn_mva,vn_hv_kv,vn_lv_kv,vk_percent,vkr_percent,mttf_h,mttr_h,source,confidence
city_town_1,city,town,125,220,110,11,0.4,80000,500,OWN,assumed
city_town_2,city,town,125,220,110,11,0.4,80000,500,OWN,assumed
"""

GENERATORS = """\
name,bus,fuel,installed_mw,p_max_mw,p_min_mw,ramp_mw_per_min,mttf_h,mttr_h,cost_per_mwh,droop_pu,profile,source,confidence
hydro_1,hydro,hydro,100,100,10,50,3000,40,5,0.05,,OWN,assumed
hydro_2,hydro,hydro,100,100,10,50,3000,40,5,0.05,,OWN,assumed
coal_1,coal,coal,150,140,60,3,1500,60,25,0.05,,OWN,assumed
coal_2,coal,coal,150,140,60,3,1500,60,25,0.05,,OWN,assumed
gas_1,city,gas,80,80,10,8,2000,40,60,0.05,,OWN,assumed
wind_1,wind,wind,120,120,0,,,,0,,wind,OWN,assumed
"""

LOADS = """\
name,bus,p_mw,power_factor,load_class,profile,source,confidence
city_load,city,240,0.95,households,day,OWN,assumed
town_load,town,90,0.95,households,day,OWN,assumed
mine,coal,60,0.92,industry,,OWN,assumed
"""

LOAD_CLASSES = """\
name,title,shed_order,voll_usd_per_kwh,source,confidence
industry,Industry,0,3,OWN,assumed
households,Households,1,8,OWN,assumed
"""

STORAGES = """\
name,bus,p_charge_mw,p_discharge_mw,energy_mwh,efficiency_charge,efficiency_discharge,source,confidence
battery,city,20,20,80,0.93,0.93,OWN,assumed
"""

SOURCES = """\
key,title,url,licence
OWN,Example values of the template,,CC0
"""

_SEASON = (1.0, 0.97, 0.92, 0.85, 0.78, 0.74, 0.74, 0.75, 0.80, 0.87, 0.94, 0.99)
_DAY = (
    0.70, 0.67, 0.65, 0.64, 0.65, 0.70, 0.79, 0.88, 0.92, 0.93, 0.93, 0.92,
    0.91, 0.90, 0.90, 0.91, 0.94, 0.98, 1.00, 0.99, 0.96, 0.90, 0.82, 0.75,
)  # fmt: skip
_WIND = (0.42, 0.40, 0.40, 0.36, 0.33, 0.28, 0.25, 0.26, 0.30, 0.36, 0.40, 0.42)


def network_files(name: str) -> dict[str, str]:
    """Text of each file of the folder."""
    shapes = ["profile,month,hour,value"]
    for month in range(12):
        shapes += [f"day,{month + 1},{hour},{round(_SEASON[month] * _DAY[hour], 4)}" for hour in range(24)]
        shapes += [f"wind,{month + 1},{hour},{_WIND[month]}" for hour in range(24)]
    return {
        "network.yaml": NETWORK_YAML.format(name=name),
        "buses.csv": BUSES,
        "lines.csv": LINES,
        "transformers.csv": TRANSFORMERS,
        "generators.csv": GENERATORS,
        "loads.csv": LOADS,
        "load_classes.csv": LOAD_CLASSES,
        "storages.csv": STORAGES,
        "sources.csv": SOURCES,
        "profiles.csv": "\n".join(shapes) + "\n",
    }
