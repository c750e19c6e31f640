"""The public names of doseesc.inference are looked up lazily, and stay what they are."""

import inspect

import pytest

import doseesc.inference


@pytest.mark.parametrize("name", doseesc.inference.__all__)
def test_public_name_is_no_module_even_once_its_module_is_loaded(name):
    for _ in range(2):  # loading a submodule of the same name would hide the function from then on
        assert not inspect.ismodule(getattr(doseesc.inference, name))


def test_unknown_name():
    with pytest.raises(AttributeError, match=r"'doseesc\.inference' has no attribute 'nothing'"):
        doseesc.inference.nothing  # noqa: B018
