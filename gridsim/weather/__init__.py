"""Hourly temperature, wind, solar and load factors of a scenario's horizon."""
