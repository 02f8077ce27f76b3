"""Views, offers, bandits and monitoring from Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scorebox

COLD = {"format": 1, "terms": ["1", "age_scaled", "app"], "arms": {}}


@pytest.fixture(scope="module")
def bandit() -> scorebox.Bundle:
    return scorebox.Bundle.load(Path(__file__).resolve().parents[2] / "tests" / "bundles" / "bandit")


@pytest.fixture(scope="module")
def stump() -> scorebox.Bundle:
    return scorebox.Bundle.load(Path(__file__).resolve().parents[2] / "tests" / "bundles" / "stump")


def people(rows: int, shift: float = 0.0) -> pd.DataFrame:
    place = np.arange(rows)
    return pd.DataFrame(
        {
            "income": place * 7_919 % 60_000 + shift,
            "risk_class": place % 3 + 1,
            "years": place % 30,
            "consent": place % 2 == 0,
        }
    )


def test_frames_have_the_columns_of_offers(bandit: scorebox.Bundle) -> None:
    frame = pd.DataFrame(
        {"customer": ["a", "b", None], "age": [60.0, 25.0, 40.0], "app": [True, False, True]}
    )
    answer = bandit.score(frame, state=COLD)
    assert answer["offer"].iloc[:2].isin(["cashback", "savings", "travel"]).all()
    assert answer["offer"].isna().tolist() == [False, False, True]
    for row in range(2):
        decision = bandit.score(frame.iloc[row], state=COLD)
        first = decision["offers"]["top"][0]
        assert answer["offer"][row] == first["id"]
        assert answer["offer_propensity"][row] == first["propensity"]
    named = [column["name"] for column in bandit.describe()["columns"]]
    assert set(named) <= set(answer.columns)


def test_what_is_held_back_is_told_as_asked(root: Path) -> None:
    gates = scorebox.Bundle.load(root / "tests" / "bundles" / "gates")
    record = {
        "income": 4000, "debt": 3000, "employed": True, "age": 17, "tolerance": "C1", "consent_sms": True,
        "consent_email": True, "do_not_call": False, "utc_offset": "+08:00", "contacts": [],
    }  # fmt: skip
    now = "2026-11-23T09:00:00Z"
    assert gates.score(record, now=now)["offers"]["held"][0] == {
        "id": "loan", "cause": "gated", "rule": "no_credit", "reason": "O1",
    }  # fmt: skip
    every = gates.score(record, now=now, held="all")["offers"]["held"][0]
    assert [own["cause"] for own in every["more"]] == ["ineligible"]
    assert gates.score(record, now=now, held="counts")["offers"]["held_counts"] == {
        "gated": 2,
        "ineligible": 3,
    }
    with pytest.raises(scorebox.Error) as caught:
        gates.score(record, now=now, held="some")  # type: ignore[call-overload]
    assert (caught.value.code, caught.value.path) == ("request_invalid", "held")


def test_states_are_dicts_or_json(bandit: scorebox.Bundle) -> None:
    record = {"customer": "c-1", "age": 60, "app": True}
    rewards = [{"record": record, "item": "travel", "reward": 1.0}]
    learned = bandit.update(rewards, state=COLD)
    assert learned == bandit.update(rewards, state=json.dumps(COLD))
    assert learned["arms"] == {"travel": {"count": 1, "a": [2, 1, 2, 1, 1, 2], "b": [1, 1, 1]}}
    now = "2026-11-23T09:00:00Z"
    as_json = bandit.score(record, now, state=json.dumps(learned))
    assert bandit.score(record, now, state=learned) == as_json
    for wrong in ("{", {"format": 1}):
        with pytest.raises(scorebox.Error) as caught:
            bandit.score(record, state=wrong)
        assert (caught.value.code, caught.value.path) == ("request_invalid", "state")
    with pytest.raises(scorebox.Error) as caught:
        bandit.update([{"record": record, "item": "gold", "reward": 1}])
    assert caught.value.path == "rewards[0].item"


def test_counts_add_up_and_reports_are_frames(stump: scorebox.Bundle) -> None:
    assert stump.counts()["rows"] == 0
    stump.score(people(500), monitor=True)
    whole = stump.counts()
    stump.score(people(500).iloc[:123], monitor=True)
    first = stump.counts()
    stump.score(people(500).iloc[123:], monitor=True)
    second = stump.counts()
    assert first + second == second + first == whole
    assert stump.monitor(first, second).report == stump.monitor(whole).report
    assert stump.monitor(json.dumps(dict(whole))).counts == whole
    # The same as single records, which count too.
    for record in people(5).to_dict("records"):
        stump.score(record, monitor=True)
    singles = stump.counts()
    stump.score(people(5), monitor=True)
    assert stump.counts() == singles
    moved = stump.monitor(whole)
    frame = moved.to_frame()
    assert list(frame.columns) == ["part", "name", "detail", "level", "index", "noise", "share", "sample"]
    assert moved.level == moved.report["level"]
    fields = frame[frame["part"] == "field"].set_index("name")
    report: dict[str, Any] = next(own for own in moved.report["fields"] if own["field"] == "income")
    assert fields.loc["income", "index"] == report["index"]
    outcomes = frame[(frame["part"] == "mix") & (frame["name"] == "outcomes") & frame["detail"].notna()]
    assert outcomes["share"].sum() == pytest.approx(1.0)


def test_counts_of_other_bundles_do_not_mix(stump: scorebox.Bundle, linear: scorebox.Bundle) -> None:
    other = linear.counts()
    with pytest.raises(scorebox.Error):
        stump.counts() + other
    with pytest.raises(scorebox.Error) as caught:
        stump.monitor(other)
    assert (caught.value.code, caught.value.path) == ("request_invalid", "counts[0].bundle")


def test_what_would_change_an_outcome(root: Path) -> None:
    levers = scorebox.Bundle.load(root / "tests" / "bundles" / "levers")
    record = {"amount": 9_000, "income": 12_000, "purpose": "car", "guarantor": False, "age": 40}
    decision = levers.score(record, what_if=True)
    assert decision.outcome == "decline"
    for change in decision["what_if"]["changes"]:
        changed = levers.score({**record, change["field"]: change["to"]})
        assert changed.outcome == change["outcome"] == "approve"
    assert decision["what_if"]["without"] == ["purpose"]
    assert "what_if" not in levers.score(record)
    with pytest.raises(scorebox.Error) as caught:
        levers.score(pd.DataFrame([record]), what_if=True)
    assert (caught.value.code, caught.value.path) == ("request_invalid", "what_if")
