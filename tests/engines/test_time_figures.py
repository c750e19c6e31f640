import numpy as np
import pytest

from designs import BOIN
from doseesc.engines import TIME_METRICS, TimeFigures, mixture, simulate_calendar
from doseesc.truth import Accrual


@pytest.fixture(scope="module")
def found():
    design = BOIN(target=0.25, n_doses=3, max_n=9)
    return simulate_calendar(design, [0.1, 0.25, 0.45], window_days=14, accrual=Accrual(per_month=3), n_trials=300)


def test_rows_are_named_and_in_order(found):
    rows = list(TimeFigures.of(found).rows())
    assert tuple(row.metric for row in rows) == TIME_METRICS
    by_name = {row.metric: row for row in rows}
    assert by_name["duration_days"].value == found.duration_days
    assert by_name["duration_days_p95"].value == found.duration_quantiles[-1]
    assert by_name["duration_days_p95"].mcse == found.mcse.duration_quantiles[-1]
    assert all(row.level is None for row in rows)


def test_the_tidy_table_of_a_simulation_has_time_too(found):
    frame = found.to_frame()
    by_name = frame[frame["level"].isna()].set_index("metric")
    assert tuple(frame["metric"])[-len(TIME_METRICS) :] == TIME_METRICS
    for row in TimeFigures.of(found).rows():
        assert (by_name.loc[row.metric, "value"], by_name.loc[row.metric, "mcse"]) == (row.value, row.mcse)
    assert not set(found.without_time().to_frame()["metric"]) & set(TIME_METRICS)


def test_characteristics_without_time_have_no_trace_of_it(found):
    alone = found.without_time()
    assert type(alone).__name__ == "OperatingCharacteristics"
    assert not hasattr(alone.mcse, "duration_days")
    np.testing.assert_array_equal(alone.selected, found.selected)


def test_mixture_counts_each_curve_equally():
    short, long = np.linspace(0, 100, 201), np.linspace(300, 400, 201)
    assert mixture([short, long], [0.25, 0.75]).tolist() == pytest.approx([50, 350])
    assert mixture([short, short], [0.05]).tolist() == pytest.approx([5])
