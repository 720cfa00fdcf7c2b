"""Figures of results as SVG text: functions of a result, each with the definition of what it shows."""
