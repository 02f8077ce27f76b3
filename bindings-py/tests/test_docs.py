from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest
import scorebox

MODULES = [module.name for module in pkgutil.iter_modules(scorebox.__path__) if module.name != "_native"]


@pytest.mark.parametrize("name", ["scorebox", *(f"scorebox.{module}" for module in MODULES)])
def test_examples_in_docstrings_run(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    result = doctest.testmod(importlib.import_module(name), verbose=False)
    assert result.failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    examples = [example for test in finder.find(scorebox, "scorebox") for example in test.examples]
    assert len(examples) > 5


def test_everything_public_is_documented() -> None:
    for name in scorebox.__all__:
        thing = getattr(scorebox, name)
        assert isinstance(thing, str) or thing.__doc__, name
