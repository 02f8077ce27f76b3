"""The shared library of the recipes: bins, windows, exports and simulations, on small samples."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import scorebox
from sklearn.ensemble import IsolationForest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

MODELS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(MODELS))

from training import measures, woe  # noqa: E402
from training.isolation_onnx import export_isolation_forest, mean_depth  # noqa: E402
from training.onnx_write import logistic, nearest_centre, to_bytes  # noqa: E402
from training.simulate.accounts import simulate_accounts  # noqa: E402
from training.simulate.cards import simulate_cards  # noqa: E402
from training.simulate.customers import simulate_customers  # noqa: E402
from training.simulate.motor import simulate_claims, simulate_policies  # noqa: E402
from training.simulate.returns import CORRELATION, simulate_returns  # noqa: E402
from training.text_onnx import WORDS, export_text_classifier  # noqa: E402
from training.two_tower import TwoTower, ranks  # noqa: E402


def load(folder: str, name: str) -> ModuleType:
    """A module of a bundle's folder under a name of its own: every bundle has a `recipe.py`."""
    sys.path.insert(0, str(MODELS / folder))
    spec = importlib.util.spec_from_file_location(f"{folder}_{name}", MODELS / folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_woe_is_that_of_the_counts() -> None:
    column = pd.Series(["a"] * 10 + ["b"] * 10)
    bad = np.array([1.0] * 2 + [0.0] * 8 + [1.0] * 5 + [0.0] * 5)
    binning = woe.bin_values("letter", column, bad)
    first = next(part for part in binning.bins if part.values == ["a"])
    assert (first.good, first.bad) == (8, 2)
    assert first.woe == round(np.log((8.5 / 13) / (2.5 / 7)), 4)
    assert binning.information_value > 0


def test_bins_of_a_number_follow_the_trend_and_take_every_value() -> None:
    rng = np.random.default_rng(1)
    column = pd.Series(np.concatenate([rng.normal(size=900), [np.nan] * 100]))
    bad = (rng.random(1000) < 1 / (1 + np.exp(-np.nan_to_num(column)))).astype(np.float64)
    binning = woe.bin_number("x", column, bad, trend=1, least=0.08)
    rates = [part.bad / (part.good + part.bad) for part in binning.bins if not part.missing]
    assert rates == sorted(rates)
    held = sum(part.holds(column).astype(int) for part in binning.bins)
    assert (held == 1).all()
    assert sum(part.good + part.bad for part in binning.bins) == 1000


def test_points_add_up_to_the_scale() -> None:
    column = pd.Series(["a"] * 50 + ["b"] * 50)
    bad = np.array(([1.0] + [0.0] * 9) * 5 + ([1.0] * 4 + [0.0] * 6) * 5)
    binning = woe.bin_values("letter", column, bad)
    base = woe.assign_points([binning], np.array([-1.0]), -1.1, base_points=600, base_odds=20, pdo=40)
    total = base + binning.points(column)
    odds = np.exp(1.1 + binning.woe(column))
    exact = 600 + 40 / np.log(2) * np.log(odds / 20)
    assert np.abs(total - exact).max() <= 1.0
    assert all(part.points == int(part.points) for part in binning.bins)


def test_measures_by_hand() -> None:
    hits = np.array([0.0, 0.0, 2.0, 7.0])
    assert measures.hit_rate(hits, 1) == 0.5
    assert measures.ndcg(hits, 5) == pytest.approx((1 + 1 + 0.5) / 4)
    assert measures.poisson_deviance(np.array([0.0, 1.0]), np.array([1.0, 1.0])) == pytest.approx(1.0)
    assert measures.psi(np.arange(100.0), np.arange(100.0)) == pytest.approx(0.0)
    assert measures.psi(np.arange(100.0), np.arange(100.0) + 50) > 1
    fraud = np.array([1.0, 0.0, 0.0, 0.0, 1.0])
    assert measures.alert_figures(fraud, np.array([5.0, 4.0, 3.0, 2.0, 1.0]), 0.2)["precision"] == 1.0
    assert measures.lift(fraud, np.array([5.0, 4.0, 3.0, 2.0, 1.0]), 0.2) == pytest.approx(2.5)
    flat = np.ones(1000)
    assert abs(measures.concentration(flat, np.arange(1000.0), flat)) < 1e-9


def test_isolation_forest_is_scikit_learns() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(600, 4)).astype(np.float32)
    forest = IsolationForest(n_estimators=20, max_samples=64, random_state=3).fit(rows)
    model = scorebox.Model.load(to_bytes(export_isolation_forest(forest, name="t", doc="")))
    found = np.asarray(model.run({"X": rows})["anomaly"])[:, 0]
    assert np.abs(found + forest.score_samples(rows)).max() < 1e-5
    assert mean_depth(2) == 1.0


def test_text_classifier_is_scikit_learns_to_8_bits() -> None:
    texts = [
        "my card is lost",
        "what is the fee",
        "card fee?",
        "LOST the card!",
        "a transfer fee",
        "nothing known",
    ] * 5
    labels = np.array([0, 1, 1, 0, 1, 2] * 5)
    vectoriser = TfidfVectorizer(token_pattern=WORDS)
    fitted = LogisticRegression().fit(vectoriser.fit_transform(texts), labels)
    onnx = export_text_classifier(vectoriser, fitted.coef_, fitted.intercept_, tokens=WORDS, name="t", doc="")
    model = scorebox.Model.load(to_bytes(onnx))
    asked = np.array([[*texts[:6], "zzz"]], dtype=object).T
    found = model.run({"text": asked})
    wanted = fitted.predict_proba(vectoriser.transform([text for (text,) in asked]))
    assert np.abs(np.asarray(found["probabilities"]) - wanted).max() < 0.01
    assert np.asarray(found["known"])[-1, 0] == 0


def test_two_tower_gradients_are_those_of_its_loss() -> None:
    rng = np.random.default_rng(4)
    towers = TwoTower(5, 4, 6, 3, 7)
    x, wanted = rng.normal(size=(20, 5)), rng.integers(0, 4, 20)
    closed = rng.random((20, 4)) < 0.2
    closed[np.arange(20), wanted] = False

    def loss() -> float:
        logits = np.where(closed, -np.inf, towers.scores(x))
        logits = logits - logits.max(axis=1, keepdims=True)
        return float(-np.mean(logits[np.arange(20), wanted] - np.log(np.exp(logits).sum(axis=1))))

    slopes = towers.gradients(x, wanted, closed, 0.0)
    for name in ("w1", "w2", "items", "bias"):
        part = towers.parts[name].reshape(-1)
        for place in (0, len(part) - 1):
            kept, step = part[place], 1e-6
            part[place] = kept + step
            up = loss()
            part[place] = kept - step
            down = loss()
            part[place] = kept
            assert slopes[name].reshape(-1)[place] == pytest.approx((up - down) / (2 * step), abs=1e-6)
    assert ranks(towers.scores(x), wanted, closed).max() <= 3


def test_two_tower_export_and_clusters_run_in_the_module() -> None:
    rng = np.random.default_rng(5)
    towers = TwoTower(3, 4, 6, 2, 1)
    x = rng.normal(size=(9, 3)).astype(np.float32)
    model = scorebox.Model.load(to_bytes(towers.export(np.zeros(3), np.ones(3), name="t", doc="")))
    found = model.run({"X": x})
    assert np.abs(np.asarray(found["scores"]) - towers.scores(x)).max() < 1e-4
    assert np.abs(np.asarray(found["likelihood"]).sum(axis=1) - 1).max() < 1e-6
    centres = np.array([[0.0, 0, 0], [1, 1, 1]])
    near = scorebox.Model.load(to_bytes(nearest_centre(centres, np.zeros(3), np.ones(3), name="t", doc="")))
    gaps = np.linalg.norm(x[:, None] - centres[None], axis=2)
    assert np.abs(np.asarray(near.run({"X": x})["nearness"]) + gaps).max() < 1e-5
    line = scorebox.Model.load(to_bytes(logistic([0.5, -1, 2], 0.25, name="t", doc="")))
    margin = x @ np.array([0.5, -1, 2]) + 0.25
    assert np.abs(np.asarray(line.run({"X": x})["margin"])[:, 0] - margin).max() < 1e-5


def test_card_windows_are_those_of_a_slow_definition() -> None:
    windows = load("fraud", "card_windows")
    rows = simulate_cards(3, customers=12, days=40)
    features = windows.build_features(rows)
    rng = np.random.default_rng(1)
    for place in rng.choice(len(rows), 60, replace=False):
        row = rows.iloc[place]
        past = rows[(rows["customer"] == row["customer"]) & (rows["at"] < row["at"])]
        age = (row["at"] - past["at"]).dt.total_seconds()
        month, day, hour = past[age < 30 * 86_400], past[age < 86_400], past[age < 3_600]
        found = features.iloc[place]
        assert found["count_30d"] == len(month)
        assert found["count_24h"] == len(day)
        assert found["sum_24h"] == pytest.approx(day["amount"].sum(), abs=1e-2)
        assert found["small_1h"] == (hour["amount"] < 5).sum()
        assert found["countries_24h"] == day["country"].nunique()
        assert found["same_merchant_30d"] == (month["merchant"] == row["merchant"]).sum()
        assert found["hour"] == row["at"].hour
        if len(month):
            assert found["amount_to_max"] == pytest.approx(row["amount"] / month["amount"].max(), rel=1e-4)


def test_simulations_give_the_same_rows_again_and_what_they_publish() -> None:
    assert simulate_cards(1, customers=20, days=20).equals(simulate_cards(1, customers=20, days=20))
    accounts, transactions = simulate_accounts(1, accounts=60)
    assert accounts.equals(simulate_accounts(1, accounts=60)[0])
    assert set(transactions["account"]) <= set(accounts["account"])
    policies = simulate_policies(1, count=20_000)
    assert policies["claims"].sum() == pytest.approx(policies["expected_claims"].sum(), rel=0.05)
    claims = simulate_claims(1, count=20_000)
    assert claims["fraud"].mean() == pytest.approx(claims["expected_fraud"].mean(), rel=0.1)
    customers = simulate_customers(1, count=8_000)
    assert customers["leave"].mean() == pytest.approx(customers["true_leave"].mean(), rel=0.2)
    returns = simulate_returns(1, 4_000)
    assert np.abs(returns.corr().to_numpy() - CORRELATION).max() < 0.15
    assert returns["equity_home"].std() * np.sqrt(252) == pytest.approx(0.185, rel=0.25)
    assert returns["equity_home"].kurt() > 1


def test_the_sum_checks_hold_on_every_golden_case() -> None:
    checked = 0
    for path in sorted((MODELS.parent / "tests" / "golden" / "scorecard").glob("*.decision")):
        decision = json.loads(path.read_text(encoding="utf-8"))
        card = (decision["explanation"] or {}).get("scorecard")
        if card is None:
            continue
        checked += 1
        total = card["start"] + sum(row["points"] for row in card["characteristics"])
        assert total == card["sum"] == decision["scores"]["points"], path
    assert checked >= 12
    for path in sorted((MODELS.parent / "tests" / "golden" / "insurance").glob("*.decision")):
        scores = json.loads(path.read_text(encoding="utf-8"))["scores"]
        if scores:
            expected = scores["claims_a_year"] * scores["cost_a_claim"]
            assert scores["expected_cost"] == pytest.approx(expected, rel=1e-12), path


def test_aml_windows_in_the_bundle_are_those_of_pandas() -> None:
    windows = load("aml", "account_windows")
    accounts, transactions = simulate_accounts(5, accounts=40)
    recipe = load("aml", "recipe")
    records = recipe.as_records(accounts, transactions)
    rows = pd.DataFrame(records)
    rows["transactions"] = rows["transactions"].map(json.dumps)
    found = scorebox.Bundle.load(MODELS / "aml").score(rows)["anomaly"].to_numpy(dtype=np.float64)
    model = scorebox.Model.load(MODELS / "aml" / "anomaly.onnx")
    features = windows.build_features(accounts, transactions)
    wanted = np.asarray(model.run({"X": features.to_numpy()})["anomaly"])[:, 0]
    assert np.abs(found - wanted).max() < 1e-6
