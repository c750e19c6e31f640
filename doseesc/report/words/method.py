"""How a run's figures were computed, in words."""

from __future__ import annotations

from types import MappingProxyType

_WORDS = MappingProxyType(
    {
        "both": "exact enumeration and simulation",
        "exact": "exact enumeration",
        "monte_carlo": "simulation",
        "auto": "exact enumeration where possible, else simulation",
    }
)


def method_words(method: str) -> str:
    """Return a method's name in a scenario file as words.

    Examples
    --------
    >>> method_words("both")
    'exact enumeration and simulation'
    """
    return _WORDS.get(method, method.replace("_", " "))
