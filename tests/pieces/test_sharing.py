"""Work shared out: the same answers in the same order, by one text per piece, whoever works."""

import json
import os
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from designs import BOIN
from doseesc.engines import simulate
from doseesc.errors import CannotCompute
from doseesc.pieces import Cluster, ClusterError, answers, shared_out, workers_for
from doseesc.pieces.piece import Asked, WrongVersion, do


def times(factor, task):
    return factor * task


def fails(task):
    raise ValueError(f"no {task}")


def threads(task):
    from threadpoolctl import threadpool_info

    return os.environ.get("OMP_NUM_THREADS"), {each["num_threads"] for each in threadpool_info()}, os.getpid()


class Told:
    """Workers that give back in the order in which a shuffle has it, and tell what they were given."""

    def __init__(self, here=True, threads=2):
        self.here, self.threads, self.pieces = here, threads, []

    def each(self, pieces):
        self.pieces = list(pieces)
        for number in np.random.default_rng(1).permutation(len(self.pieces)):
            yield int(number), do(self.pieces[number])


def test_answers_come_in_order_and_each_piece_is_a_text():
    workers = Told()
    assert list(answers(partial(times, 3), range(20), workers)) == [3 * task for task in range(20)]
    assert all(isinstance(part, str) for piece in workers.pieces for part in piece)
    assert sorted(answers(partial(times, 3), range(20), workers, in_order=False)) == [3 * task for task in range(20)]


def test_short_tasks_go_together_and_long_ones_do_not():
    for seconds, most in ((0.01, 25), (0.3, 3), (2.0, 1)):
        workers = Told()
        found = dict(shared_out(partial(times, 2), range(100), workers, 100, seconds))
        assert found == {task: 2 * task for task in range(100)}
        sizes = [len(json.loads(piece.tasks)) for piece in workers.pieces]
        assert max(sizes) == most
        assert sizes[-1] == 1  # so that nobody waits for the last


def test_pieces_for_many_workers_last_longer():
    """A scheduler hands out some three hundred pieces in a second, which a thousand workers are not to outrun."""
    sizes = []

    class Many:
        here, threads = True, 1000

        def each(self, pieces):
            for number, piece in enumerate(pieces):
                sizes.append(len(json.loads(piece.tasks)))
                yield number, ([None] * sizes[-1], 0.1 * sizes[-1])

    assert len(list(shared_out(partial(times, 2), range(100_000), Many(), 100_000, 0.1))) == 100_000
    assert (max(sizes), sizes[-1]) == (40, 1)


def test_processes_begin_with_one_thread_and_give_the_same():
    found = list(answers(threads, range(4), 2))
    assert {each[0] for each in found} == {"1"}
    assert all(each[1] == {1} for each in found)
    assert os.getpid() not in {each[2] for each in found}
    assert next(answers(threads, range(1), 2))[2] == os.getpid()  # one task is done here
    assert list(answers(threads, [], 2)) == list(answers(threads, [], Told())) == []


def test_what_has_no_text_is_shared_among_processes_here_alone():
    """As a design that was written in a notebook."""
    offset = 7
    assert list(answers(lambda task: task + offset, range(3), 2)) == [7, 8, 9]
    with pytest.raises(TypeError, match="cannot be imported by others"):
        list(answers(lambda task: task + offset, range(3), Told(here=False)))


def test_a_cluster_says_in_its_own_words_that_there_is_no_text(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("distributed.as_completed", lambda **_: None)  # nothing comes to be waited for
    cluster = Cluster(SimpleNamespace(loop=None), "tcp://10.0.0.1:8786", {"tcp://10.0.0.2:9000": 1}, "")
    offset = 7
    for ask, tasks in ((lambda task: task + offset, [1]), (partial(times, 2), [object()])):
        with pytest.raises(ClusterError, match="this cannot be sent to a cluster: "):
            list(answers(ask, tasks, cluster))


def test_what_is_raised_is_raised_here():
    for jobs in (1, 2, Told()):
        with pytest.raises(ValueError, match="no 0"):
            list(answers(fails, [0, 0], jobs))


def test_a_piece_of_another_version_is_refused():
    piece = Asked(partial(times, 2), here=False).of([1])
    assert do(piece)[0] == [2]
    other = piece._replace(ask=json.dumps(json.loads(piece.ask) | {"doseesc": "0.0.9"}))
    with pytest.raises(WrongVersion, match=r"is of doseesc 0\.0\.9, and this is ") as caught:
        do(other)
    assert isinstance(caught.value, CannotCompute)


def test_either_processes_or_a_cluster():
    with workers_for(3, None) as found:
        assert found == 3
    with pytest.raises(ValueError, match="jobs counts processes here"), workers_for(2, "tcp://127.0.0.1:9"):
        pass
    with pytest.raises(ValueError, match="jobs"), workers_for(0, None):
        pass
    assert issubclass(ClusterError, CannotCompute)


def test_trials_in_blocks_are_the_same_trials():
    design = BOIN(target=0.25, n_doses=3, max_n=9)
    one, two = (simulate(design, [0.1, 0.25, 0.45], n_trials=40_000, seed=3, jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.selected, two.selected)
