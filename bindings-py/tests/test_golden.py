"""The golden cases, walked by the Python host; `tests/golden/FORMAT.md` says what they are."""

from __future__ import annotations

import functools
import sys
from pathlib import Path

import pytest
import scorebox

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "golden"))

from cases import HERE, MODULE, Case, read_cases  # noqa: E402

CASES = list(read_cases())


@functools.cache
def load(folder: Path) -> scorebox.Bundle:
    return scorebox.Bundle.load(folder)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    if case.expect == "decision":
        bundle = load(case.bundle_folder())
        expected = case.decision_path.read_bytes().replace(MODULE.encode(), bundle.module_digest.encode())
        assert bundle.score_request(case.request()).bytes == expected
        return
    ((kind, code),) = case.expect.items()
    with pytest.raises(scorebox.Error) as caught:  # noqa: PT012
        bundle = load(case.bundle_folder())
        assert kind == "error", "the bundle loads"
        bundle.score_request(case.request())
    assert caught.value.code == code


def test_none_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\ngolden: {len(CASES)} cases")
    assert len(CASES) == int((HERE / "count.txt").read_text())
    expected = {case.decision_path for case in CASES if case.expect == "decision"}
    assert set(HERE.glob("*/*.decision")) == expected
