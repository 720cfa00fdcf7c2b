"""gridsim: a grid energy-security simulator."""

__version__ = "0.1.0"
