"""Debian's chromium, driven by Playwright; the tests skip, saying so, where there is none."""

import shutil

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="session")
def chromium():
    """A browser that is there, without a screen."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no chromium: apt-get install -y chromium")
    with sync_api.sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium):
    """Open a file in a fresh window; an error of its script or a request fails the test."""
    windows, told = [], []

    def open_file(path, width=1440, scheme="light", height=900):
        window = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        windows.append(window)
        page = window.new_page()
        page.on("console", lambda message: told.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked(request.url))
        page.goto(path.as_uri())
        page.locator("html[data-ready]").wait_for(state="attached")
        return page

    def asked(address):
        if not address.startswith(("file:", "data:")):
            told.append(f"asked for {address}")

    yield open_file
    for window in windows:
        window.close()
    assert told == []
