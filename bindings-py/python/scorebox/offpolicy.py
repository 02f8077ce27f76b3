"""Off-policy evaluation: what a policy would have earned, from the logs of another.

A bandit's decisions log the chance that the offer they made had (its propensity). So rewards that were
seen under one policy can be weighted to say what another would have earned, without trying it on customers.

>>> import numpy as np
>>> rewards = np.array([1.0, 0.0, 1.0, 0.0])
>>> logged = np.array([0.5, 0.5, 0.5, 0.5])  # the chance of the offer that was made, under the logging policy
>>> target = np.array([1.0, 0.0, 1.0, 0.0])  # the chance of the same offer under the policy in question
>>> ips(rewards, logged, target).value, snips(rewards, logged, target).value
(1.0, 1.0)

Three estimators, with n decisions, reward r, weight w = target / logged:

- `ips`, the mean of w r (D. Horvitz and D. Thompson, 1952): unbiased where every offer of the target had a
  chance under the logging policy; noisy where the two differ much.
- `snips`, sum of w r by sum of w (A. Swaminathan and T. Joachims, NIPS 2015): a little biased, less noisy,
  and not moved by a constant added to all rewards.
- `doubly_robust`, the mean of v + w (r - q) (M. Dudik, J. Langford and L. Li, ICML 2011), with q a model's
  estimate for the offer that was made and v its mean over the target's offers: right where either the model
  or the propensities are, and less noisy than `ips` where the model is any good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scorebox._errors import Error

if TYPE_CHECKING:
    from scorebox._bundle import Bundle
    from scorebox._decision import Decision

__all__ = ["Estimate", "Logged", "Replay", "doubly_robust", "ips", "log", "replay", "snips"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """What a policy would have earned per decision."""

    #: The estimate.
    value: float
    #: Its standard error.
    standard_error: float
    #: Lower end of the confidence interval.
    low: float
    #: Upper end of the confidence interval.
    high: float
    #: Decisions that it rests on.
    rows: int
    #: As many equally weighted decisions would be as noisy (Kish): far fewer than `rows` is a warning.
    effective_rows: float


def ips(
    rewards: ArrayLike,
    logged: ArrayLike,
    target: ArrayLike,
    *,
    clip: float | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Inverse propensity scoring.

    rewards: what came of each decision.
    logged: the chance of the offer that was made under the policy that made it; greater than 0.
    target: the chance of the same offer under the policy in question.
    clip: the greatest weight; larger ones are cut to it, which trades variance for bias.
    confidence: of the interval, by the normal approximation.

    Raises `Error` with `request_invalid` for lists of different lengths or chances that are none.
    """
    r, w = _read(rewards, logged, target, clip)
    return _mean(w * r, w, confidence)


def snips(
    rewards: ArrayLike,
    logged: ArrayLike,
    target: ArrayLike,
    *,
    clip: float | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Self-normalised inverse propensity scoring; arguments as for `ips`.

    The standard error is that of a ratio (delta method). Raises `Error` also where no logged offer has a
    chance under the target.
    """
    r, w = _read(rewards, logged, target, clip)
    total = float(w.sum())
    if total == 0.0:
        raise Error("request_invalid", "the target would have made none of the logged offers", "target")
    value = float((w * r).sum() / total)
    error = float(np.sqrt(((w * (r - value)) ** 2).sum())) / total
    return _interval(value, error, w, confidence)


def doubly_robust(
    rewards: ArrayLike,
    logged: ArrayLike,
    target: ArrayLike,
    predicted: ArrayLike,
    expected: ArrayLike,
    *,
    clip: float | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Doubly robust; arguments as for `ips`, and a model of the reward.

    predicted: the model's estimate for the offer that was made.
    expected: its mean over all offers, with their chances under the target.
    """
    r, w = _read(rewards, logged, target, clip)
    q, v = _floats(predicted, "predicted", r.size), _floats(expected, "expected", r.size)
    return _mean(v + w * (r - q), w, confidence)


def _floats(values: ArrayLike, name: str, size: int | None = None) -> Floats:
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    if size is not None and array.size != size:
        raise Error("request_invalid", f"{array.size} values, {size} rewards", name)
    if not np.isfinite(array).all():
        raise Error("request_invalid", "every value must be finite", name)
    return array


def _read(
    rewards: ArrayLike, logged: ArrayLike, target: ArrayLike, clip: float | None
) -> tuple[Floats, Floats]:
    r = _floats(rewards, "rewards")
    if r.size == 0:
        raise Error("request_invalid", "there are no decisions", "rewards")
    p, t = _floats(logged, "logged", r.size), _floats(target, "target", r.size)
    if not ((p > 0) & (p <= 1)).all():
        raise Error("request_invalid", "a chance that came true is above 0 and at most 1", "logged")
    if not ((t >= 0) & (t <= 1)).all():
        raise Error("request_invalid", "a chance is from 0 to 1", "target")
    w = t / p
    if clip is not None:
        if not clip > 0:
            raise Error("request_invalid", "the greatest weight must be above 0", "clip")
        w = np.minimum(w, clip)
    return r, w


def _mean(terms: Floats, weights: Floats, confidence: float) -> Estimate:
    n = terms.size
    error = float(terms.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
    return _interval(float(terms.mean()), error, weights, confidence)


def _interval(value: float, error: float, weights: Floats, confidence: float) -> Estimate:
    if not 0.0 < confidence < 1.0:
        raise Error("request_invalid", "the confidence is between 0 and 1", "confidence")
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * error
    squares = float((weights**2).sum())
    effective = float(weights.sum()) ** 2 / squares if squares > 0 else 0.0
    return Estimate(value, error, value - reach, value + reach, weights.size, effective)


@dataclass(frozen=True)
class Logged:
    """A decision that made an offer, and what came of it."""

    #: The record that was decided on.
    record: Mapping[str, Any]
    #: The time of the decision.
    now: str | None
    #: The item of the first offer.
    item: str
    #: The chance that it had.
    propensity: float
    #: What came of it.
    reward: float


def log(record: Mapping[str, Any], decision: Decision, reward: float) -> Logged | None:
    """What to keep of a bandit's decision once its reward is known; `None` where it made no offer."""
    offers = decision["offers"]
    if not offers or not offers["top"]:
        return None
    first = offers["top"][0]
    if "propensity" not in first:
        raise Error(
            "request_invalid", "the bundle has no bandit, so its decisions log no chances", "decision"
        )
    return Logged(record, decision["now"], first["id"], float(first["propensity"]), float(reward))


@dataclass(frozen=True)
class Replay:
    """Logged decisions beside what another policy would have done."""

    #: What came of the offers that were made.
    rewards: Floats
    #: Their chances when they were made.
    logged: Floats
    #: Their chances under the target.
    target: Floats
    #: Per decision the chance of every item under the target.
    chances: Sequence[Mapping[str, float]]
    #: The decisions.
    decisions: Sequence[Logged]

    def ips(self, *, clip: float | None = None, confidence: float = 0.95) -> Estimate:
        """`ips` on these decisions."""
        return ips(self.rewards, self.logged, self.target, clip=clip, confidence=confidence)

    def snips(self, *, clip: float | None = None, confidence: float = 0.95) -> Estimate:
        """`snips` on these decisions."""
        return snips(self.rewards, self.logged, self.target, clip=clip, confidence=confidence)

    def doubly_robust(
        self,
        model: Callable[[Mapping[str, Any], str], float],
        *,
        clip: float | None = None,
        confidence: float = 0.95,
    ) -> Estimate:
        """`doubly_robust` on these decisions; `model(record, item)` estimates the reward of an item."""
        predicted = [model(own.record, own.item) for own in self.decisions]
        expected = [
            sum(chance * model(own.record, item) for item, chance in chances.items() if chance > 0)
            for own, chances in zip(self.decisions, self.chances, strict=True)
        ]
        return doubly_robust(
            self.rewards, self.logged, self.target, predicted, expected, clip=clip, confidence=confidence
        )


def replay(
    decisions: Iterable[Logged], bundle: Bundle, state: Mapping[str, Any] | str | None = None
) -> Replay:
    """Asks a bundle, with a state of its bandit, what it would have done in the place of the logged policy.

    A bundle without a bandit always makes its first offer, so that has chance 1.
    """
    kept = list(decisions)
    chances = [_chances(bundle.score(own.record, now=own.now, state=state)) for own in kept]
    target = [own.get(logged.item, 0.0) for own, logged in zip(chances, kept, strict=True)]
    return Replay(
        np.array([own.reward for own in kept], dtype=np.float64),
        np.array([own.propensity for own in kept], dtype=np.float64),
        np.array(target, dtype=np.float64),
        chances,
        kept,
    )


def _chances(decision: Decision) -> dict[str, float]:
    offers = decision["offers"]
    if not offers or not offers["top"]:
        return {}
    if "bandit" in offers:
        return {item: float(chance) for item, chance in offers["bandit"]["propensities"].items()}
    return {offers["top"][0]["id"]: 1.0}
