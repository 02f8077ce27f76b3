"""Bundles and models of the repository, loaded once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import scorebox

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-11-23T09:00:00Z"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def credit() -> scorebox.Bundle:
    return scorebox.Bundle.load(ROOT / "models" / "credit")


@pytest.fixture(scope="session")
def linear() -> scorebox.Bundle:
    return scorebox.Bundle.load(ROOT / "tests" / "bundles" / "linear")


@pytest.fixture
def record() -> dict[str, Any]:
    """A customer who pays: every field known."""
    return {
        "limit_bal": 200_000,
        "age": 34,
        **dict.fromkeys(["pay_0", "pay_2", "pay_3", "pay_4", "pay_5", "pay_6"], 0),
        **{f"bill_amt{month}": 40_000 - 1_000 * month for month in range(1, 7)},
        **{f"pay_amt{month}": 3_000 for month in range(1, 7)},
    }
