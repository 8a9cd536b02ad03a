"""A real browser without a window, for tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BROWSER_VARIABLE = "UNCERTAIN_DENSEPOSE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = ("--disable-gpu", "--disable-background-networking", "--disable-quic")


@contextmanager
def headless_browser() -> Iterator:
    """Playwright's browser object; the test is skipped where there is no browser to start.

    It is the Chromium or Chrome that the environment variable names, that is on the path, or that
    `playwright install chromium` has fetched.
    """
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install playwright"
    )
    with playwright.sync_playwright() as driver:
        own = Path(driver.chromium.executable_path)
        named = os.environ.get(BROWSER_VARIABLE) or next(filter(None, map(shutil.which, NAMES)), "")
        if not named and not own.exists():
            pytest.skip(f"needs Chromium or Chrome on the path, or its file in {BROWSER_VARIABLE}")
        browser = driver.chromium.launch(executable_path=named or own, args=list(ARGUMENTS))
        yield browser
        browser.close()
