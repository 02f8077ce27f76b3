"""Off-policy estimators against closed forms, against simulation, and on logs that a bundle made."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scorebox
from scorebox import offpolicy

ITEMS = ["cashback", "savings", "travel"]


def test_one_decision_by_hand() -> None:
    # Weights 2, 0.5, 0; rewards 1, 1, 1: terms 2, 0.5, 0.
    rewards, logged, target = [1.0, 1.0, 1.0], [0.25, 0.5, 0.25], [0.5, 0.25, 0.0]
    found = offpolicy.ips(rewards, logged, target)
    assert found.value == pytest.approx(2.5 / 3)
    assert found.standard_error == pytest.approx(np.std([2.0, 0.5, 0.0], ddof=1) / np.sqrt(3))
    assert found.high - found.value == pytest.approx(1.959964 * found.standard_error, rel=1e-6)
    assert found.effective_rows == pytest.approx(2.5**2 / 4.25)
    # A constant reward is what a ratio of weights sees of it, with no noise at all.
    assert offpolicy.snips(rewards, logged, target).value == 1.0
    assert offpolicy.snips(rewards, logged, target).standard_error == 0.0
    assert offpolicy.ips(rewards, logged, target, clip=1.0).value == pytest.approx(0.5)
    # A model that is right leaves nothing to correct.
    dr = offpolicy.doubly_robust(rewards, logged, target, [1.0, 1.0, 1.0], [0.7, 0.8, 0.9])
    assert dr.value == pytest.approx(0.8)


def expectation(estimate: Any, logging: Any, reward: Any, n: int) -> float:
    """The expected value of an estimator over every log of n decisions that the logging policy can make."""
    total = 0.0
    for actions in itertools.product(range(len(logging)), repeat=n):
        chance = float(np.prod([logging[action] for action in actions]))
        total += chance * estimate([reward[action] for action in actions], list(actions))
    return total


def test_ips_and_dr_are_unbiased_over_every_possible_log() -> None:
    logging, target, reward = [0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [1.0, 0.25, 2.0]
    truth = float(np.dot(target, reward))

    def ips(rewards: list[float], actions: list[int]) -> float:
        return offpolicy.ips(rewards, [logging[a] for a in actions], [target[a] for a in actions]).value

    assert expectation(ips, logging, reward, 3) == pytest.approx(truth, abs=1e-12)
    # Doubly robust: unbiased with a model that is wrong, because the propensities are right.
    wrong = [0.0, 5.0, -1.0]

    def dr(rewards: list[float], actions: list[int]) -> float:
        return offpolicy.doubly_robust(
            rewards,
            [logging[a] for a in actions],
            [target[a] for a in actions],
            [wrong[a] for a in actions],
            [float(np.dot(target, wrong))] * len(actions),
        ).value

    assert expectation(dr, logging, reward, 3) == pytest.approx(truth, abs=1e-12)

    # And exact with wrong propensities, because the model is right.
    def lied(rewards: list[float], actions: list[int]) -> float:
        return offpolicy.doubly_robust(
            rewards,
            [0.9] * len(actions),
            [target[a] for a in actions],
            [reward[a] for a in actions],
            [truth] * len(actions),
        ).value

    assert expectation(lied, logging, reward, 2) == pytest.approx(truth, abs=1e-12)


def test_intervals_cover_and_models_help() -> None:
    random = np.random.default_rng(7)
    logging, target = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.3, 0.6])
    runs, n, hits = 400, 400, {"ips": 0, "snips": 0, "dr": 0}
    values: dict[str, list[float]] = {name: [] for name in hits}
    for _ in range(runs):
        x = random.normal(size=n)
        means = np.stack([0.2 + 0.1 * x, 0.5 - 0.2 * x, 0.4 + 0.3 * x], axis=1)
        actions = random.choice(3, size=n, p=logging)
        rows = np.arange(n)
        rewards = means[rows, actions] + random.normal(scale=0.3, size=n)
        p, t = logging[actions], target[actions]
        truth = 0.1 * 0.2 + 0.3 * 0.5 + 0.6 * 0.4
        # A model that is a little off.
        model = means + 0.05
        estimates = {
            "ips": offpolicy.ips(rewards, p, t),
            "snips": offpolicy.snips(rewards, p, t),
            "dr": offpolicy.doubly_robust(rewards, p, t, model[rows, actions], model @ target),
        }
        for name, found in estimates.items():
            hits[name] += found.low <= truth <= found.high
            values[name].append(found.value)
    for name, count in hits.items():
        # 95 percent, within four standard errors of a share over these runs and the tails of weights.
        assert 0.90 <= count / runs <= 0.99, (name, count / runs)
        assert abs(np.mean(values[name]) - truth) < 0.01, name
    deviations = {name: float(np.std(own)) for name, own in values.items()}
    assert deviations["dr"] < 0.8 * deviations["snips"]
    assert deviations["snips"] < deviations["ips"]


def test_what_is_no_log_is_refused() -> None:
    for arguments, path in [
        (([], [], []), "rewards"),
        (([1.0], [0.5, 0.5], [1.0]), "logged"),
        (([1.0], [0.0], [1.0]), "logged"),
        (([1.0], [1.5], [1.0]), "logged"),
        (([1.0], [0.5], [-0.1]), "target"),
        (([float("nan")], [0.5], [0.5]), "rewards"),
    ]:
        with pytest.raises(scorebox.Error) as caught:
            offpolicy.ips(*arguments)
        assert (caught.value.code, caught.value.path) == ("request_invalid", path)
    with pytest.raises(scorebox.Error):
        offpolicy.snips([1.0], [0.5], [0.0])
    with pytest.raises(scorebox.Error):
        offpolicy.ips([1.0], [0.5], [0.5], clip=0)
    with pytest.raises(scorebox.Error):
        offpolicy.ips([1.0], [0.5], [0.5], confidence=1.0)
    assert offpolicy.ips([1.0], [0.5], [0.5]).standard_error == float("inf"), "one decision says nothing"


def reward_of(record: dict[str, Any], item: str) -> float:
    """What customers do: older ones take savings, younger ones travel."""
    older = (record["age"] - 45.0) / 15.0
    return {"cashback": 0.3, "savings": 0.4 + 0.25 * older, "travel": 0.4 - 0.25 * older}[item]


def customers(count: int, seed: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    ages = random.uniform(20, 70, size=count)
    return [
        {"customer": f"{seed}-{row}", "age": float(age), "app": bool(row % 2)} for row, age in enumerate(ages)
    ]


def test_logs_of_a_bundle_say_what_another_state_would_have_earned(root: Path) -> None:
    bundle = scorebox.Bundle.load(root / "tests" / "bundles" / "bandit")
    cold = {"format": 1, "terms": ["1", "age_scaled", "app"], "arms": {}}
    random = np.random.default_rng(3)

    # The logging policy knows nothing and tries everything.
    logs = []
    for record in customers(1_500, 1):
        decision = bundle.score(record, state=cold)
        seen = reward_of(record, decision["offers"]["top"][0]["id"]) + random.normal(scale=0.2)
        logs.append(offpolicy.log(record, decision, seen))
    logs = [own for own in logs if own is not None]
    assert len(logs) == 1_500

    # What it learns from its first half is judged on the second, where it was not in charge.
    rewards = [{"record": own.record, "item": own.item, "reward": own.reward} for own in logs[:750]]
    learned = bundle.update(rewards, state=cold)
    assert sum(arm["count"] for arm in learned["arms"].values()) == 750
    judged = logs[750:]
    target = offpolicy.replay(judged, bundle, state=learned)

    # The truth: the mean over fresh customers, with the chances that decisions state.
    fresh = []
    for record in customers(1_500, 2):
        chances = bundle.score(record, state=learned)["offers"]["bandit"]["propensities"]
        fresh.append(sum(chance * reward_of(record, item) for item, chance in chances.items()))
    truth = float(np.mean(fresh))
    for found in (target.ips(), target.snips(), target.doubly_robust(reward_of)):
        assert abs(found.value - truth) < 4 * found.standard_error + 0.01, (found, truth)
        assert found.rows == 750
        assert found.effective_rows > 150
    assert target.doubly_robust(reward_of).standard_error < target.ips().standard_error
    # Learning paid, and the estimate says so before anybody tried it.
    logging = offpolicy.replay(judged, bundle, state=cold)
    assert logging.target == pytest.approx(logging.logged), "a replay with its own state has its own chances"
    assert logging.ips().value == pytest.approx(float(np.mean([own.reward for own in judged])))
    assert target.snips().value > logging.ips().value + 0.05


def test_a_bundle_without_a_bandit_always_makes_its_first_offer(root: Path) -> None:
    towers = scorebox.Bundle.load(root / "tests" / "bundles" / "towers")
    record = {"taste": 1.0, "spend": 0.5}
    with pytest.raises(scorebox.Error, match="no bandit"):
        offpolicy.log(record, towers.score(record), 1.0)
    logged = [offpolicy.Logged(record, None, item, 0.25, 1.0) for item in ("item6", "item0")]
    replay = offpolicy.replay(logged, towers)
    assert replay.target.tolist() == [1.0, 0.0]
    assert replay.ips().value == 2.0
