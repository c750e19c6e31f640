import pytest
from support import ARMS

from doseesc.study import load


@pytest.fixture
def planned(scenario_file, small_scenario):
    """Return a function that loads the small scenario with arms and a section phase2."""

    def loaded(section="", arms=ARMS):
        return load(scenario_file(small_scenario + arms + (f"phase2: {section}\n" if section else "")))

    return loaded
