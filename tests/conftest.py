import pytest
from support import DATA

from doseesc.cli import main
from doseesc.errors import ScenarioError
from doseesc.study import load


def pytest_addoption(parser):
    parser.addoption("--fuzz", type=int, default=1, metavar="N", help="try N times as many random inputs")


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
