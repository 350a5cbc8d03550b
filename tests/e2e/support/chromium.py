"""A real browser, without a screen: Debian's Chromium, driven by its own driver."""
import base64
import os

import pytest

from . import npm
from .countermark import REPOSITORY

BROWSER, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
SHOTS = os.path.join(REPOSITORY, "build", "reports", "console")
WIDE, PHONE = (1280, 900), (390, 844)
# It would otherwise look up names of its maker.
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run", "--disable-default-apps", "--disable-gpu", "--no-sandbox",
         "--disable-dev-shm-usage", "--disable-extensions", "--dns-prefetch-disable",
         "--disable-features=OptimizationHints,MediaRouter,Translate",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")


def start(folder, language="en-US", size=WIDE, dark=False):
    """A driver with an empty profile in `folder`."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="python3-selenium is not installed")
    if not os.path.exists(BROWSER) or not os.path.exists(DRIVER):
        pytest.skip("chromium and chromium-driver are not installed")
    from selenium.webdriver.chrome.service import Service
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for word in (*QUIET, "--headless=new", f"--user-data-dir={folder}/profile-{language}-{size[0]}-{dark}",
                 f"--window-size={size[0]},{size[1]}", f"--lang={language}"):
        options.add_argument(word)
    options.add_experimental_option("prefs", {
        "intl.accept_languages": language, "download.default_directory": folder})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
        "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    return driver


def shoot(driver, name):
    """The whole page, however long, as build/reports/console/NAME.png."""
    os.makedirs(SHOTS, exist_ok=True)
    width, height = driver.execute_script(
        "return [innerWidth, document.documentElement.scrollHeight]")
    image = driver.execute_cdp_cmd("Page.captureScreenshot", {
        "captureBeyondViewport": True, "format": "png",
        "clip": {"x": 0, "y": 0, "width": width, "height": min(height, 4000),
                 "scale": 1}})
    with open(os.path.join(SHOTS, f"{name}.png"), "wb") as out:
        out.write(base64.b64decode(image["data"]))


def axe_source():
    """axe-core, from npm; skips the test where it cannot be had."""
    with open(os.path.join(npm.package("axe-core"), "axe.min.js"), encoding="utf-8") as file:
        return file.read()
