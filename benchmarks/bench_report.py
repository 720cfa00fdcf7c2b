"""The report: made from the folder of a two-week run, opened and replayed by a browser at a quarter of its speed."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common import not_in_smoke, sized
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.model.scenario import Horizon
from gridsim.report.documents import report
from gridsim.study.loaded import load

SLOWDOWN = 4
_REDRAWS = """
const took = [];
for (let t = 1; t < gridsim.n; t++) {
  const began = performance.now();
  gridsim.draw(t);
  document.getElementById("map").getBoundingClientRect();
  took.push(performance.now() - began);
}
took.sort((a, b) => a - b);
return took[Math.floor(took.length / 2)];
"""


class _Page:
    """A page of the rupture of a gas pipeline over two weeks, from the folder of its run."""

    timeout = 600
    number = 1
    repeat = sized(3, 1)

    def setup(self) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        folder = Path(self.scratch.name)
        system, scenario = read_scenario("bbs_pipeline_rupture")
        horizon = Horizon(scenario.horizon.start, sized(336, 12), scenario.horizon.step_minutes)
        run(system, dataclasses.replace(scenario, horizon=horizon)).save(folder / "run")
        self.folder, self.file = folder / "run", folder / "page.html"
        report(load(self.folder), self.file)

    def teardown(self) -> None:
        self.scratch.cleanup()


class TwoWeeks(_Page):
    """Made by Python."""

    def time_report(self) -> None:
        """Target: 3 s with the start of the process, 2 s without."""
        report(load(self.folder), self.file)

    def track_page_mb(self) -> float:
        """Target: 2 MB."""
        return self.file.stat().st_size / 1e6


class InBrowser(_Page):
    """The same page in headless Chromium (gridsim[browser], chromium, chromium-driver)."""

    browser: Any = None

    def setup(self) -> None:
        not_in_smoke()
        chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
        try:
            from selenium import webdriver
            from selenium.webdriver.chrome.service import Service
        except ImportError:
            raise NotImplementedError from None
        if not (chromium and driver):
            raise NotImplementedError
        super().setup()
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        self.browser = webdriver.Chrome(options, Service(driver))
        self.browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})

    def teardown(self) -> None:
        if self.browser is not None:  # asv tears down what was left out, too
            self.browser.quit()
            super().teardown()

    def track_ms_to_interactive(self) -> float:
        """Work of the page's thread until it answers, on a machine four times as slow. Target: 1,000 ms."""
        took = []
        for _ in range(3):
            self.browser.get("about:blank")
            self.browser.get(self.file.as_uri())
            told = self.browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
            took.append(next(row["value"] for row in told if row["name"] == "TaskDuration"))
        return 1000.0 * SLOWDOWN * min(took)

    def track_redraw_ms(self) -> float:
        """Median redraw of the map with its layout, at a quarter of the speed. Target: 16 ms."""
        self.browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        self.browser.get(self.file.as_uri())
        return float(self.browser.execute_script(_REDRAWS))
