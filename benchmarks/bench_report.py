"""The report: made from the folder of a two-week run, opened and replayed by a browser."""

from __future__ import annotations

import base64
import dataclasses
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import not_in_smoke, sized
from gridsim.engine.run import run
from gridsim.io.read_scenario import read_scenario
from gridsim.io.read_study import read_study
from gridsim.model.scenario import Horizon
from gridsim.report.documents import report
from gridsim.study.loaded import load
from gridsim.study.run_study import run_study

SLOWDOWN = 4
_REDRAWS = """
for (let t = 1; t < gridsim.n; t++) {
  gridsim.draw(t);
  document.getElementById("map").getBoundingClientRect();
}
gridsim.draw(0);
return gridsim.n;
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
    """The same page in headless Chromium (gridsim[browser], chromium, chromium-driver), of as many lines as ``params``.

    Times are CPU times of the page's main thread, so that other work of the machine does not count. ``many``: more than
    700 elements on the map, lines beside lines.
    """

    params = ("as it is", "many")
    param_names = ("lines",)

    browser: Any = None

    def setup(self, lines: str = "") -> None:
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
        if lines == "many":
            with_more_lines(self.file)
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
            options.add_argument(argument)
        self.browser = webdriver.Chrome(options, Service(driver))
        self.browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})

    def teardown(self, lines: str = "") -> None:
        if self.browser is not None:  # asv tears down what was left out, too
            self.browser.quit()
            super().teardown()

    def _cpu_ms(self) -> float:
        told = self.browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return 1e3 * float(next(row["value"] for row in told if row["name"] == "TaskDuration"))

    def track_ms_to_interactive(self, lines: str) -> float:
        """CPU from the start of the load until all scripts have run, times the slowdown. Target: 1,000 ms."""
        took = []
        for _ in range(7):
            self.browser.get("about:blank")
            before = self._cpu_ms()
            self.browser.get(self.file.as_uri())
            took.append(self._cpu_ms() - before)
        return SLOWDOWN * sorted(took[2:])[2]  # the first loads begin a process

    def track_redraw_ms(self, lines: str) -> float:
        """CPU of a redraw of the map with its layout, mean over the run. Target: 16 ms at full speed."""
        self.browser.get(self.file.as_uri())
        self.browser.execute_script(_REDRAWS)
        before = self._cpu_ms()
        n = self.browser.execute_script(_REDRAWS)
        return (self._cpu_ms() - before) / n

    def track_elements(self, lines: str) -> int:
        """Elements of the map."""
        self.browser.get(self.file.as_uri())
        return int(self.browser.execute_script("return gridsim.elements.size;"))


def with_more_lines(file: Path, n: int = 400) -> None:
    """Add ``n`` lines to the map of a page, each beside a line that is there and with its loading an hour before."""
    page = file.read_text(encoding="utf-8")
    head, tail = '<script type="application/json" id="map-data">', "</script>"
    begin = page.index(head) + len(head)
    end = page.index(tail, begin)
    data = json.loads(page[begin:end])
    lines = data["lines"]
    loading = np.frombuffer(base64.b64decode(data["loading"]["base64"]), np.uint8).reshape(len(lines), -1)
    chosen = np.arange(n) % len(lines)
    for number, at in enumerate(chosen.tolist()):
        line, aside = lines[at], 0.1 * (1 + number // len(lines))
        moved = {key: [line[key][0] + aside, line[key][1] + aside] for key in ("from", "to")}
        lines.append({**line, **moved, "id": f"lines:beside_{number}"})
    whole = np.concatenate([loading, np.roll(loading[chosen], 1, axis=1)])
    data["loading"]["base64"] = base64.b64encode(whole.tobytes()).decode()
    file.write_text(page[:begin] + json.dumps(data) + page[end:], encoding="utf-8")
