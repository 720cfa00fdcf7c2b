"""Pictures of reports in README and docs, taken by headless Chromium (gridsim[browser], chromium, chromium-driver).

`python docs/make_report_pictures.py FOLDER` makes the pages in FOLDER and writes `docs/report*.png`. A page that is
there already is taken as it is; delete it to have it made again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

#: Picture -> size, what it begins with, and the commands that make its page, PAGE and FOLDER put in.
PICTURES = {
    "report": (
        (1100, 1215),
        "",
        ("gridsim run north_south_double_circuit --out FOLDER --force", "gridsim report FOLDER --out PAGE"),
    ),
    "report_gas": ((1000, 760), "", ("gridsim screen kazakhstan --level gas --report PAGE",)),
    "report_heat": (
        (1180, 510),
        "#heat_by_city",
        ("gridsim run bbs_pipeline_rupture --out FOLDER --force", "gridsim report FOLDER --out PAGE"),
    ),
    "report_adequacy": ((1000, 1000), "", ("gridsim adequacy kazakhstan --years 20 --report PAGE",)),
}


def main(folder: Path) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    for name, ((width, height), anchor, commands) in PICTURES.items():
        page = (folder / f"{name}.html").resolve()
        for command in commands if not page.is_file() else ():
            words = ({"FOLDER": str(folder / name), "PAGE": str(page)}.get(word, word) for word in command.split())
            subprocess.run(list(words), check=True)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.get(page.as_uri() + anchor)
        browser.save_screenshot(str(Path(__file__).parent / f"{name}.png"))
    browser.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
