"""The report as a person meets it in a browser: Chromium and its driver are needed, and Selenium (gridsim[browser])."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import gridsim
from gridsim.model.scenario import Horizon

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
selenium = pytest.importorskip("selenium", reason="browser tests need gridsim[browser], chromium and chromium-driver")
if not (CHROMIUM and DRIVER):
    pytest.skip("browser tests need chromium and chromium-driver", allow_module_level=True)

from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

#: Where pictures of each page are kept, if anywhere.
ARTEFACTS = os.environ.get("GRIDSIM_BROWSER_ARTEFACTS")


@pytest.fixture(scope="module")
def result():
    """A day of Kazakhstan on which both circuits of a North-South line are lost."""
    system, scenario = gridsim.read_scenario("north_south_double_circuit")
    horizon = Horizon(scenario.horizon.start, 24, scenario.horizon.step_minutes)
    return gridsim.run(system, dataclasses.replace(scenario, horizon=horizon))


@pytest.fixture(scope="module")
def file(result, tmp_path_factory):
    return result.report(tmp_path_factory.mktemp("page") / "report.html")


def opened(file: Path, width: int = 1280, height: int = 1000, *, dark: bool = False):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument(f"--window-size={width},{height}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    scheme = "dark" if dark else "light"
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )
    driver.get(file.as_uri())
    if ARTEFACTS:
        Path(ARTEFACTS).mkdir(parents=True, exist_ok=True)
        driver.save_screenshot(str(Path(ARTEFACTS) / f"report_{width}_{scheme}.png"))
    return driver


@pytest.fixture(scope="module")
def driver(file):
    browser = opened(file)
    yield browser
    browser.quit()


def position(driver) -> int:
    return driver.execute_script("return gridsim.position()")


def test_nothing_is_requested_and_nothing_fails(file):
    browser = opened(file)
    try:
        asked = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
        urls = {m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"}
        assert {url for url in urls if not url.startswith("data:")} == {file.as_uri()}
        assert browser.get_log("browser") == []
    finally:
        browser.quit()
    assert file.stat().st_size < 2_000_000


def test_numbers_in_the_dom_are_those_of_the_tables(driver, result):
    cells = driver.find_elements(By.CSS_SELECTOR, "#scorecard td[data-metric]")
    assert len(cells) == sum(
        bool(s.value) or (s.value == 0 and not s.scope.startswith("mineral:")) for s in result.scorecard
    )
    for cell in cells:
        metric, scope = cell.get_attribute("data-metric"), cell.get_attribute("data-scope")
        if metric != "renewable_share":
            value = result.metric(metric, scope).value
            shown = float(cell.text.replace(",", ""))
            assert abs(shown - value) <= max(0.5 if value > 1000 else 0.05, 6e-3 * abs(value)), (metric, scope)
    unserved = driver.execute_script(
        "gridsim.choose('oblast:Zhambyl'); const e = gridsim.elements.get('oblast:Zhambyl');"
        "return Array.from({length: gridsim.n}, (_, t) => e.series(t))"
    )
    short = result.tables["shortfall"]
    for time_h, shown in zip(np.unique(result.tables["zones"]["time_h"]), unserved, strict=True):
        chosen = (short["oblast"] == "Zhambyl") & (short["time_h"] == time_h)
        assert abs(float(short["unserved_mw"][chosen].sum()) - shown) <= 0.5


def test_power_of_nuclear_sites_in_the_dom_is_that_of_the_table(driver, result):
    titles = driver.execute_script(
        "return Array.from(document.querySelectorAll('#nuclear_supply rect title'), (title) => title.textContent)"
    )
    table, hours = result.tables["nuclear"], {}
    for title in titles:
        site, _, told = title.partition(": ")
        hours[site] = hours.get(site, 0.0) + float(told.rpartition(", ")[2].removesuffix(" h"))
    ends = {str(name): float(table["duration_h"][table["name"] == name].sum()) for name in np.unique(table["name"])}
    assert len(hours) == len(ends) > 1 and sorted(hours.values()) == pytest.approx(sorted(ends.values()))
    dark = sum("none" in title for title in titles)
    assert (dark > 0) == bool((~table["alive"]).any())


def test_the_first_screen_has_answer_scorecard_and_map(driver):
    assert driver.find_element(By.ID, "map").rect["y"] < 800  # of 1,000 pixels
    answer, scorecard = (driver.find_element(By.CSS_SELECTOR, found).rect for found in ("#answer", "#areas"))
    assert answer["x"] + answer["width"] <= scorecard["x"]


def test_labels_begin_with_a_capital(driver):
    for selector in (
        "header .soft",
        "h1",
        "h2",
        "h3",
        "dt",
        "th",
        "#areas td",
        "#scorecard td:nth-child(2)",
        ".key span",
    ):
        for element in driver.find_elements(By.CSS_SELECTOR, selector):
            text = element.get_attribute("textContent").strip()
            assert not text[:1].islower() or "_" in text.split()[0], (selector, text)


def test_slider_events_and_play_move_the_map(driver):
    slider = driver.find_element(By.ID, "time")
    driver.execute_script("gridsim.draw(0)")
    assert driver.find_element(By.ID, "clock").text == "2026-01-14 00:00"
    slider.send_keys(Keys.ARROW_RIGHT)
    assert position(driver) == 1 and slider.get_attribute("aria-valuetext") == "2026-01-14 01:00"
    driver.execute_script("gridsim.draw(15)")
    before = position(driver)
    driver.find_element(By.ID, "next").send_keys(Keys.ENTER)
    assert position(driver) > before
    while "double_circuit_outage" not in driver.find_element(By.ID, "now").text:
        before = position(driver)
        driver.find_element(By.ID, "next").send_keys(Keys.ENTER)
        assert position(driver) > before, "no event of the double circuit"
    out = driver.find_elements(By.CSS_SELECTOR, ".line.out")
    assert "lines:l500_agadyr_yukgres_1" in {line.get_attribute("data-id") for line in out}
    driver.find_element(By.ID, "previous").send_keys(Keys.ENTER)
    assert position(driver) < driver.execute_script("return gridsim.n")
    driver.execute_script("gridsim.draw(0)")
    driver.find_element(By.ID, "play").send_keys(Keys.SPACE)
    assert driver.find_element(By.ID, "play").get_attribute("aria-pressed") == "true"
    WebDriverWait(driver, 20).until(lambda browser: position(browser) > 2)
    driver.find_element(By.ID, "play").click()
    assert driver.find_element(By.ID, "play").text == "Play"


def test_an_element_is_chosen_by_keyboard_and_tells_its_series_and_why(driver, result):
    pick = driver.find_element(By.ID, "pick")
    pick.clear()
    pick.send_keys("lines:l500_agadyr_yukgres_1", Keys.ENTER)
    driver.execute_script("gridsim.draw(gridsim.n - 1)")
    assert "l500_agadyr_yukgres_1" in driver.find_element(By.ID, "element-name").text
    assert driver.find_elements(By.CSS_SELECTOR, "#chart canvas")
    links = [item.text for item in driver.find_elements(By.CSS_SELECTOR, "#element-why li")]
    expected = result.why("l500_agadyr_yukgres_1", 24.0)
    assert len(links) == len(expected) > 0
    for link, change in zip(links, expected, strict=True):
        moment = result.scenario.horizon.start + dt.timedelta(hours=change.time_h)
        assert link == f"{moment:%Y-%m-%d %H:%M} {change.component}: {change.to_state}"


def test_a_click_on_a_plant_chooses_it_and_hover_tells_its_output(driver):
    driver.execute_script("gridsim.draw(3)")
    plant = driver.find_element(By.CSS_SELECTOR, "[data-id='plant:ekibastuz_gres1']")
    driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('mouseenter'))", plant)
    assert "MW" in plant.find_element(By.TAG_NAME, "title").get_attribute("textContent")
    driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", plant)
    assert "ekibastuz_gres1" in driver.find_element(By.ID, "element-name").text


def test_everything_can_be_reached_by_keyboard_and_has_a_name(driver):
    for element in driver.find_elements(By.CSS_SELECTOR, "button, input, svg[role=img], a"):
        assert element.accessible_name, element.get_attribute("outerHTML")[:80]
    driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached = set()
    body = driver.switch_to.active_element
    for _ in range(20):
        body.send_keys(Keys.TAB)
        body = driver.switch_to.active_element
        reached.add(body.get_attribute("id"))
    assert {"map", "play", "previous", "next", "time", "pick"} <= reached


def contrast(first, second) -> float:
    def luminance(colour):
        parts = [int(float(part)) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_is_legible_in_both_schemes(file, dark):
    browser = opened(file, dark=dark)
    try:
        ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (contrast(ground, "rgb(0,0,0)") < 3) == dark
        for selector in ("h1", ".answer p", ".soft", "figcaption", ".worse", ".better", "#clock", "summary"):
            element = browser.find_element(By.CSS_SELECTOR, selector)
            assert contrast(element.value_of_css_property("color"), ground) >= 4.5, selector
    finally:
        browser.quit()


def test_a_phone_shows_it_without_sideways_scrolling(file):
    browser = opened(file, 390, 844)
    try:
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
        boxes = [element.rect for element in browser.find_elements(By.CSS_SELECTOR, ".answer p, .numbers > div, #map")]
        for first, second in itertools.pairwise(boxes):
            apart = first["y"] + first["height"] <= second["y"] + 1 or first["x"] + first["width"] <= second["x"] + 1
            assert apart, (first, second)
        for control in browser.find_elements(By.CSS_SELECTOR, "button"):
            assert control.rect["height"] >= 36
    finally:
        browser.quit()


def test_it_prints_on_four_pages(driver):
    shown = driver.find_elements(By.CSS_SELECTOR, "figure:not(.no-print)")
    assert 6 <= len(shown) < len(driver.find_elements(By.CSS_SELECTOR, "figure"))
    pdf = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])
    pages = pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page/") or pdf.count(b"/Type /Page ")
    assert pdf.startswith(b"%PDF") and pages == 4  # answer and map; figures; scorecard; scenario and origin
