"""Where the tests' data lie, and how they are read: published and golden numbers, each with its source beside it."""

import json
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"


def yaml(text):
    """Return plain values from YAML text or from a file of ``tests/data``."""
    return YAML(typ="safe", pure=True).load(text)


def data(name):
    """Return what a JSON or YAML file of ``tests/data`` holds."""
    path = DATA / name
    return json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else yaml(path)


def golden(name, part):
    """Return the items of one part of a file of golden numbers."""
    return data(name)[part]["items"]
