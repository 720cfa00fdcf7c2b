"""Writes docs/weather_year.svg: `python docs/make_weather_figure.py`.

Above: a generated year of Kazakhstan, daily. Below: three weeks of it, hourly, as drawn and with a seven-day lull of
return period 10 years put into them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gridsim.io.bundled import network_folder
from gridsim.io.read_network import read_network
from gridsim.model.scenario import DesignEvent
from gridsim.model.table import F8
from gridsim.weather.design import courses, event_weights, impose
from gridsim.weather.year import climate_years, weather_model

FIGURE = Path(__file__).parent / "weather_year.svg"
SEED, YEAR = 1, 0
LULL_START_H, LULL_DAYS = 24 * 195, 7
WIDTH, PANEL, LEFT, GAP = 900, 130, 60, 44
BLUE, RED, GREY = "#1f5f99", "#b5402a", "#9a9a9a"
MONTHS = ["Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun"]


class Panel:
    """One set of axes, as SVG elements."""

    def __init__(self, top: float, title: str, low: float, high: float, ticks: list[float]):
        self.top, self.low, self.high = top, low, high
        self.parts = [f'<text x="{LEFT}" y="{top - 8}" class="t">{title}</text>']
        for tick in ticks:
            y = self.y(tick)
            self.parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>')
            self.parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" class="k" text-anchor="end">{tick:g}</text>')

    def y(self, value: float) -> float:
        """Height of a value."""
        return self.top + PANEL * (self.high - value) / (self.high - self.low)

    def line(self, values: F8, colour: str, width: float = 1.3) -> None:
        """A course over the whole width."""
        x = np.linspace(LEFT, WIDTH - 20, len(values))
        points = " ".join(f"{a:.1f},{self.y(float(b)):.1f}" for a, b in zip(x, values, strict=True))
        self.parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>')

    def label(self, share: float, text: str) -> None:
        """A label under the axis at a share of the width."""
        x = LEFT + share * (WIDTH - 20 - LEFT)
        self.parts.append(f'<text x="{x:.1f}" y="{self.top + PANEL + 16}" class="k" text-anchor="middle">{text}</text>')

    def band(self, first: float, last: float) -> None:
        """A shaded span between two shares of the width."""
        x0, x1 = (LEFT + share * (WIDTH - 20 - LEFT) for share in (first, last))
        shade = f'<rect x="{x0:.1f}" y="{self.top}" width="{x1 - x0:.1f}" height="{PANEL}" fill="#eee7d5"/>'
        self.parts.insert(0, shade)


def main() -> None:
    """Draw the figure."""
    system = read_network(network_folder("kazakhstan"))
    model, weights = weather_model(system), event_weights(weather_model(system), ())
    z = model.field.year(SEED, YEAR)
    ratio, temperature_c = courses(model, weights, z)
    event = DesignEvent("renewable_lull", 0, LULL_DAYS, 10.0, season="winter")
    changed, imposed = impose(model, event, LULL_START_H, z, climate_years(system, ()))
    lull_ratio, lull_c = courses(model, weights, changed)
    window = slice(LULL_START_H - 7 * 24, LULL_START_H + 14 * 24)
    panels = []
    top = 40.0
    daily = Panel(top, "Temperature, load-weighted daily mean, C", -30, 32, [-20, 0, 20])
    daily.line(temperature_c.reshape(365, 24).mean(axis=1), RED)
    top += PANEL + GAP
    cf = Panel(top, "Capacity factor of wind and sun over its long-run mean, daily", 0, 2.4, [0, 1, 2])
    cf.line(ratio.reshape(365, 24).mean(axis=1), BLUE)
    for k, month in enumerate(MONTHS):
        cf.label((k + 0.5) / 12, month)
    top += PANEL + GAP + 16
    text = f"{imposed.reached['cf_ratio']:.2f} of the mean, return period {imposed.joint_return_period_years:.0f} years"
    hourly = Panel(top, f"Three weeks of January, hourly: as drawn (grey) and with a lull ({text})", 0, 2.8, [0, 1, 2])
    hourly.band(7 / 21, 14 / 21)
    hourly.line(ratio[window], GREY)
    hourly.line(lull_ratio[window], BLUE)
    top += PANEL + GAP
    cold = Panel(top, "Temperature of the same hours, C", -30, 10, [-20, -10, 0])
    cold.band(7 / 21, 14 / 21)
    cold.line(temperature_c[window], GREY)
    cold.line(lull_c[window], RED)
    for day in range(0, 21, 2):
        cold.label((day + 0.5) / 21, f"{day + 5} Jan")
    panels = [daily, cf, hourly, cold]
    height = top + PANEL + 30
    style = "text{font-family:sans-serif;fill:#333}.t{font-size:13px}.k{font-size:11px}.g{stroke:#ddd;stroke-width:1}"
    body = "\n".join(part for panel in panels for part in panel.parts)
    FIGURE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {WIDTH} {height:.0f}">\n<style>{style}</style>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
