"""Things made one ahead come in their order, each made once, and what goes wrong is told where they are used."""

import threading

import pytest

from doseesc.pieces import one_ahead


@pytest.mark.parametrize("size", [0, 1, 2, 7])
def test_each_thing_comes_with_what_is_made_of_it(size):
    made = []

    def make(thing):
        made.append(thing)
        return thing * thing

    assert list(one_ahead(make, range(size))) == [(thing, thing * thing) for thing in range(size)]
    assert made == list(range(size))


def test_none_is_a_thing_like_any_other():
    assert list(one_ahead(str, [1, None, 2, None])) == [(1, "1"), (None, "None"), (2, "2"), (None, "None")]


def test_the_next_one_is_made_while_one_is_used():
    begun = [threading.Event() for _ in range(4)]

    def make(thing):
        begun[thing].set()
        return thing

    for thing, _ in one_ahead(make, range(4)):
        if thing < 3:
            assert begun[thing + 1].wait(timeout=10)
        assert not any(event.is_set() for event in begun[thing + 2 :])


def test_a_single_thing_is_made_here():
    [(_, thread)] = one_ahead(lambda _: threading.current_thread(), ["alone"])
    assert thread is threading.current_thread()


def test_errors_come_to_who_uses_what_is_made():
    things = one_ahead(lambda divisor: 6 // divisor, [3, 2, 0, 1])
    assert [next(things), next(things)] == [(3, 2), (2, 3)]
    with pytest.raises(ZeroDivisionError):
        next(things)
