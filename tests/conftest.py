import os
import shutil

import pytest
from hypothesis import HealthCheck, settings
from support import DATA, GOLDEN

from doseesc.cli import main
from doseesc.errors import ScenarioError
from doseesc.study import load

QUIET = ("disable-gpu", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=1, metavar="N", help="try N times as many random inputs")
    parser.addoption("--long", action="store_true", help="run the checks of models drawn by NUTS that take long, too")
    parser.addoption("--write-golden", action="store_true", help="write tests/golden again from what is printed now")


def pytest_runtest_setup(item):
    if item.get_closest_marker("long") and not item.config.getoption("--long"):
        pytest.skip("takes long: --long")


def pytest_configure(config):
    """Let hypothesis try the same inputs every time, so that a change and not luck is what fails a test.

    With ``--fuzz`` above 1, or with a ``--hypothesis-seed``, it tries others.  How long an example takes is no matter:
    the machine may be busy.
    """
    patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
    settings.register_profile("patient", **patient)
    settings.load_profile("patient")
    settings.register_profile("same", derandomize=True, **patient)
    if config.getoption("--fuzz") == 1 and config.getoption("--hypothesis-seed") is None:
        settings.load_profile("same")


@pytest.fixture
def golden(request):
    """Return a function that holds a text against a file of tests/golden; with --write-golden it writes the file."""

    def held(name, text):
        path = GOLDEN / name
        if request.config.getoption("--write-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), (
            "look at it, then:  pytest --write-golden " + request.node.nodeid
        )

    return held


@pytest.fixture(scope="session")
def small_scenario():
    """The text of a small right scenario file, into which tests put mistakes and additions."""
    return (DATA / "small_scenario.yaml").read_text()


@pytest.fixture
def scenario_file(tmp_path, monkeypatch):
    """Return a function that writes mine.yaml in the working folder, a new one, and returns its name."""
    monkeypatch.chdir(tmp_path)

    def write(text):
        (tmp_path / "mine.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return "mine.yaml"

    return write


@pytest.fixture
def study_with(scenario_file, small_scenario):
    """Return a function that loads the small scenario with a piece of it replaced."""

    def loaded(old, new):
        assert old in small_scenario
        return load(scenario_file(small_scenario.replace(old, new)))

    return loaded


@pytest.fixture
def complaint(scenario_file):
    """Return a function that gives the message about a wrong file's text."""

    def message(text):
        with pytest.raises(ScenarioError) as caught:
            load(scenario_file(text))
        return str(caught.value)

    return message


@pytest.fixture
def complaint_with(complaint, small_scenario):
    """Return a function that gives the message about the small scenario with a piece of it replaced."""

    def message(old, new):
        assert old in small_scenario
        return complaint(small_scenario.replace(old, new))

    return message


@pytest.fixture
def cli(capsys, tmp_path, monkeypatch):
    """Return a function that runs a command in an empty folder and gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def chromium():
    """Return a Chromium of the system, driven by Playwright; DOSEESC_CHROMIUM names another one.

    Without them the tests are skipped, or fail where DOSEESC_REQUIRE_BROWSER is set.
    """
    missing = pytest.fail if os.environ.get("DOSEESC_REQUIRE_BROWSER") else pytest.skip
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed")
    path = os.environ.get("DOSEESC_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing(f"there is no browser: none of {', '.join(BROWSERS)} is on the path, and DOSEESC_CHROMIUM names none")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", *(f"--{each}" for each in QUIET)]
        )
        yield browser
        browser.close()
