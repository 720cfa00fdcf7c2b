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
from gridsim.io.read_study import read_study
from gridsim.model.scenario import Horizon
from gridsim.report.documents import report
from gridsim.study.loaded import load
from gridsim.study.run_study import run_study

SLOWDOWN = 4
_LOADED = "return performance.getEntriesByType('navigation')[0].domComplete;"
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


_TOWER = """
question: How much longer may the repair of a tower take?
scenarios:
  - name: tower
    extends: north_south_double_circuit
    events:
      - {{id: tower, at: +17h, kind: double_circuit_outage, target: l500_agadyr_yukgres_1,
         repair: {{distribution: lognormal, mean_h: 12}}}}
set: {{policy.ac: off, horizon.hours: 36}}
sweep: {{events.tower.repair.mean_h: [6, 12, 24]}}
replicates: {replicates}
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


class StudyOf1200:
    """The page of a study of 1,200 replicates: a winter day with a tower down, over three mean repair times."""

    timeout = 3600
    number = 1
    repeat = sized(3, 1)

    def setup_cache(self) -> str:
        folder = Path("study_of_1200").absolute()  # asv keeps the folder it works in until all have read it
        folder.mkdir()
        (folder / "study.yaml").write_text(_TOWER.format(replicates=sized(400, 2)))
        run_study(read_study(folder / "study.yaml"), folder / "study")
        return str(folder)

    def time_report(self, folder: str) -> None:
        """Target: 10 s."""
        report(load(Path(folder) / "study"), Path(folder) / "page.html")

    def track_page_mb(self, folder: str) -> float:
        """Target: 2 MB."""
        file = report(load(Path(folder) / "study"), Path(folder) / "page.html")
        return file.stat().st_size / 1e6


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

    def teardown(self) -> None:
        if self.browser is not None:  # asv tears down what was left out, too
            self.browser.quit()
            super().teardown()

    def track_ms_to_interactive(self) -> float:
        """From the start of the load until all scripts have run, at a quarter of the speed. Target: 1,000 ms."""
        self.browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        took = []
        for _ in range(5):
            self.browser.get("about:blank")
            self.browser.get(self.file.as_uri())
            took.append(self.browser.execute_script(_LOADED))
        return float(min(took))

    def track_redraw_ms(self) -> float:
        """Median redraw of the map with its layout, at a quarter of the speed. Target: 16 ms."""
        self.browser.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        self.browser.get(self.file.as_uri())
        return float(self.browser.execute_script(_REDRAWS))
