"""A policy as text, as results hold it: arrays of plain numbers, folded up; reading it runs nobody's code."""

from __future__ import annotations

import base64
import json
import zlib
from functools import lru_cache
from math import prod

import numpy as np

from designs.checks import shown
from designs.policy_table import Policy, policy_from_arrays

MOST_UNFOLDED = 400_000_000
"""Bytes that a policy may unfold to."""

_KINDS = ("|u1", "|i1", "<i8", "<f8")


def policy_text(policy: Policy) -> str:
    """Return a policy as text.

    Raises
    ------
    ValueError
        If a rule has no name in files.
    """
    arrays = {name: np.ascontiguousarray(array) for name, array in policy.to_arrays().items()}
    kinds = {name: array.dtype.newbyteorder("<").str for name, array in arrays.items()}
    head = json.dumps({name: [kinds[name], *array.shape] for name, array in arrays.items()}).encode()
    body = b"".join(array.astype(kinds[name]).tobytes() for name, array in arrays.items())
    return base64.b64encode(zlib.compress(head + b"\n" + body, 9)).decode("ascii")


@lru_cache(maxsize=32)
def policy_from_text(text: str) -> Policy:
    """Return the policy of :func:`policy_text`.

    Raises
    ------
    ValueError
        If it is none; the message continues its name.
    """
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(text, validate=True), MOST_UNFOLDED)
        if unpacker.unconsumed_tail:
            raise ValueError(f"it unfolds to more than {MOST_UNFOLDED / 1e6:,.0f} MB")
        head, _, body = content.partition(b"\n")
        arrays, place = {}, 0
        for name, (kind, *shape) in json.loads(head).items():
            if kind not in _KINDS or not all(isinstance(size, int) and size >= 0 for size in shape):
                raise ValueError(f"{shown(name)} is of another form")
            count = prod(shape)
            arrays[name] = np.frombuffer(body, dtype=kind, count=count, offset=place).reshape(shape)
            place += count * np.dtype(kind).itemsize
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, zlib.error) as error:
        raise ValueError(f"is no policy, or damaged: {error}") from error
    return policy_from_arrays(arrays)
