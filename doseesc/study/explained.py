"""What every design, rule, policy, section and key of the scenario file means.

The words are those of the docstrings and of the sections' fields, from which the JSON Schema is made too: there is no
other text about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from designs import policy_class, policy_names, rule_class, rule_names, type_names
from doseesc.errors import word_meant
from doseesc.other_names import squeezed
from doseesc.study.designs import SHARED
from doseesc.study.explained_keys import keys
from doseesc.study.explained_kinds import design_topic, topic_of
from doseesc.study.study import Study
from doseesc.study.topic import Topic


class UnknownTopic(ValueError):
    """Nothing has this name; the text says what may be meant."""


class Topics(Mapping[str, Topic]):
    """What can be explained, by name; each is put into words when it is asked for, as reading sources takes time.

    Parameters
    ----------
    makers : dict
        What explains each, by its name.
    """

    def __init__(self, makers: dict[str, Callable[[], Topic]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> Topic:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def topics() -> Topics:
    """Return everything that can be explained, by name.

    Examples
    --------
    >>> topics()["accrual.per_month"].summary
    'Patients a month, over all arms and sites.'
    """
    return Topics({**_kinds(), **dict(keys(Study))})


def _kinds() -> dict[str, Callable[[], Topic]]:
    """Return what explains each design, rule and policy."""
    return {
        **{name: partial(design_topic, name) for name in type_names()},
        **{name: partial(_rule, name) for name in rule_names()},
        **{name: partial(_policy, name) for name in policy_names()},
    }


def _rule(name: str) -> Topic:
    return topic_of(rule_class(name), name, "rule")


def _policy(name: str) -> Topic:
    return topic_of(policy_class(name), name, "policy")


def explain(name: str) -> list[Topic]:
    """Return what a name means: a design, rule or policy, a key by its path, or by its last part if that is enough.

    Raises
    ------
    UnknownTopic
        If nothing is called so.

    Examples
    --------
    >>> [topic.name for topic in explain("deaths")]
    ['observation.deaths']
    """
    known = topics()
    wanted, plain = squeezed(name), name.strip().rstrip(":")
    same = [each for each in known if squeezed(each) == wanted or each == plain]
    same = same or [each for each in known if each.rpartition(".")[2] == plain]
    found = [known[each] for each in same] or _parameters_called(name)
    if found:
        return found
    last = {each.rpartition(".")[2]: each for each in reversed(list(known))}
    near = word_meant(name, known) or word_meant(name.rpartition(".")[2], last)
    whole = near if near in known else last.get(near or "", near)
    meant = f"did you mean  {whole}?  " if near else ""
    raise UnknownTopic(f"{name!r} is no design, rule, section or key; {meant}doseesc explain  lists what there is")


def _parameters_called(name: str) -> list[Topic]:
    """Return the parameters of designs and rules that a name means: ``BOIN.p_safe``, or ``p_safe`` of all with it."""
    owner, _, word = name.rpartition(".")
    found = []
    for kind, made in _kinds().items():
        if owner and squeezed(kind) != squeezed(owner):
            continue
        topic = made()
        found += [
            Topic(f"{topic.name}.{each.name}", "key", each.meaning, (), (each,), topic.sources)
            for each in topic.parameters
            if each.name == word and not (each.name in SHARED and not owner)
        ]
    return found
