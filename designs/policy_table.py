"""A policy as data: what to propose at each tally, and the stakes, rules and trial for which that is best."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from math import isfinite
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.checks import (
    MOST_DOSES,
    MOST_IN_COHORT,
    MOST_PATIENTS,
    require_flag,
    require_probability,
    require_whole,
    shown,
)
from designs.rule_names import UnknownName, rule_class
from designs.rules.base import Rule
from designs.stakes import Stakes
from designs.tally import MEMORY, Tally
from designs.tally_keys import TallyKeys

_FORMAT = 2
_TRIAL = ("n_doses", "max_n", "cohort_size", "start_level")


@dataclass(frozen=True, eq=False)
class Policy:
    """What to propose at each tally that can be reached, and for what that is best.

    Parameters
    ----------
    target : float
    n_doses, max_n, cohort_size, start_level : int
        The trial.
    rules : tuple of Rule
        The constraints.
    stakes : Stakes
        Weighted truths and what is gained and paid under each.
    prior, utility : str
        What these are, in words.
    value : float
        The expected utility.
    by_level : bool
        Whether proposals depend on the level in use.
    memory : tuple of str
        What else they depend on.
    keys : array of int64, shape (S,)
        Numbers of the tallies, increasing.
    proposals : array of int8, shape (S,)
        The level proposed at each; 0 = stop.

    Raises
    ------
    ValueError
        If these do not fit together; the message begins with what does not.
    """

    target: float
    n_doses: int
    max_n: int
    cohort_size: int
    start_level: int
    rules: tuple[Rule, ...]
    stakes: Stakes
    prior: str
    utility: str
    value: float
    by_level: bool
    memory: tuple[str, ...]
    keys: IntArray
    proposals: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        require_whole("n_doses", self.n_doses, 1, MOST_DOSES)
        require_whole("max_n", self.max_n, 1, MOST_PATIENTS)
        require_whole("cohort_size", self.cohort_size, 1, MOST_IN_COHORT)
        require_flag("by_level", self.by_level)
        if not (isinstance(self.prior, str) and isinstance(self.utility, str)):
            raise ValueError("prior and utility must be said in words")
        if not isfinite(self.value):
            raise ValueError(f"value must be finite, not {shown(self.value)}")
        if self.stakes.n_doses != self.n_doses:
            raise ValueError(f"n_doses must be {self.stakes.n_doses}, as the truths have it, not {self.n_doses}")
        unknown = [name for name in self.memory if name not in MEMORY]
        if unknown:
            raise ValueError(f"memory has no field {shown(unknown[0])}")
        if len(set(self.memory)) < len(self.memory):
            raise ValueError("memory must name each field once")
        keys, proposals = self.keys, self.proposals
        if keys.ndim != 1 or keys.dtype != np.int64 or (np.diff(keys) <= 0).any() or (keys < 0).any():
            raise ValueError("keys must be increasing whole numbers")
        if proposals.shape != keys.shape or proposals.dtype != np.int8:
            raise ValueError("proposals must be one for each key")
        if ((proposals < 0) | (proposals > self.n_doses)).any():
            raise ValueError(f"proposals must be levels from 0 to {self.n_doses}")
        assert self.numbering.n_doses == self.n_doses  # raises ValueError where tallies cannot be numbered

    @cached_property
    def numbering(self) -> TallyKeys:
        """How tallies are numbered."""
        return TallyKeys(self.n_doses, self.max_n, self.by_level, self.memory)

    @cached_property
    def digest(self) -> str:
        """Hash of prior, utility, constraints and trial: equal where the question is the same."""
        hashed = hashlib.sha256(json.dumps(self._question, sort_keys=True).encode())
        stakes = self.stakes
        for array in (stakes.truths, stakes.weight, stakes.gain, stakes.prices, np.array(stakes.dlt_price)):
            hashed.update(np.ascontiguousarray(array).tobytes())
        return hashed.hexdigest()

    def look_up(self, tally: Tally) -> npt.NDArray[np.int8]:
        """Return the proposals (S,) at tallies; -1 where the policy has none."""
        found = np.full(tally.size, -1, dtype=np.int8)
        inside = np.flatnonzero((tally.n <= self.max_n).all(axis=1))
        if len(self.keys) == 0 or len(inside) == 0:
            return found
        memory = {name: np.minimum(tally.recall(name)[inside], self.max_n) for name in self.memory}
        keys = self.numbering.of(Tally._trusted(tally.n[inside], tally.dlt[inside], tally.level[inside], memory))
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[place] == keys
        found[inside[known]] = self.proposals[place[known]]
        return found

    @property
    def _question(self) -> dict[str, Any]:
        trial = {name: int(getattr(self, name)) for name in _TRIAL}
        return trial | {"target": float(self.target), "rules": [rule_data(rule) for rule in self.rules]}

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the policy as plain arrays, of which the first, "facts", is a text.

        Raises
        ------
        ValueError
            If a rule has no name in files.
        """
        facts = self._question | {
            "format": _FORMAT,
            "prior": self.prior,
            "utility": self.utility,
            "value": float(self.value),
            "by_level": bool(self.by_level),
            "memory": list(self.memory),
            "dlt_price": float(self.stakes.dlt_price),
            "sha256": self.digest,
        }
        arrays: dict[str, npt.NDArray[Any]] = {
            "truths": self.stakes.truths,
            "weight": self.stakes.weight,
            "gain": self.stakes.gain,
            "patient_price": self.stakes.prices,
            "steps": np.diff(self.keys, prepend=np.int64(0)),  # smaller numbers, which fold up better
            "proposals": self.proposals,
        }
        text = json.dumps(facts | {"content": _content_hash(facts, arrays)}, sort_keys=True)
        return {"facts": np.frombuffer(text.encode(), dtype=np.uint8), **arrays}


def policy_from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Policy:
    """Return the policy of :meth:`Policy.to_arrays`.

    Raises
    ------
    ValueError
        If it is none; the message continues its name.
    """
    try:
        facts = json.loads(arrays["facts"].tobytes())
        if facts["format"] != _FORMAT:
            raise ValueError(f"it is of format {shown(facts['format'])}, not {_FORMAT}")
        if arrays["steps"].dtype != np.int64 or arrays["steps"].ndim != 1:
            raise ValueError("steps must be whole numbers in a row")
        stakes = Stakes(
            **{name: arrays[name] for name in ("truths", "weight", "gain", "patient_price")},
            dlt_price=facts["dlt_price"],
        )
        policy = Policy(
            **{name: facts[name] for name in (*_TRIAL, "target", "value", "prior", "utility", "by_level")},
            rules=tuple(rule_from_data(each) for each in facts["rules"]),
            stakes=stakes,
            memory=tuple(facts["memory"]),
            keys=np.cumsum(arrays["steps"], dtype=np.int64),
            proposals=arrays["proposals"],
        )
        if policy.digest != facts["sha256"]:
            raise ValueError("its hash is not that of its prior, utility and constraints")
        if facts.pop("content") != _content_hash(facts, arrays):
            raise ValueError("its hash is not that of what it holds")
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError(f"is no policy, or damaged: {error}") from error
    return policy


def _content_hash(facts: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """Return the hash of all that a policy's file holds: what was changed by hand or by accident is not decided by."""
    hashed = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(set(arrays) - {"facts"}):
        array = np.ascontiguousarray(arrays[name], dtype=arrays[name].dtype.newbyteorder("<"))
        hashed.update(f"{name} {array.dtype.str} {array.shape}".encode() + array.tobytes())
    return hashed.hexdigest()


def rule_data(rule: Rule) -> dict[str, Any]:
    """Return a rule as a scenario file has it.

    Raises
    ------
    ValueError
        If it has no name there.

    Examples
    --------
    >>> from designs import NoSkipping
    >>> rule_data(NoSkipping())
    {'type': 'NoSkipping', 'reference': 'current', 'down': False}
    """
    name = type(rule).__name__
    try:
        known = rule_class(name) is type(rule)
    except UnknownName:
        known = False
    if not known:
        raise ValueError(f"rules must have names in scenario files for a policy to be kept, and {name} has none")
    data: dict[str, Any] = {"type": name}
    for field in fields(cast("Any", rule)):
        value = getattr(rule, field.name)
        data[field.name] = [rule_data(each) for each in value] if field.name == "rules" else value
    return data


def rule_from_data(data: Mapping[str, Any]) -> Rule:
    """Return the rule of :func:`rule_data`.

    Raises
    ------
    ValueError, TypeError
        If it is none.
    """
    given = {key: _tuples(value) for key, value in data.items() if key != "type"}
    if "rules" in data:
        given["rules"] = tuple(rule_from_data(each) for each in data["rules"])
    return rule_class(str(data["type"]))(**given)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
