"""Makes and measures the market bundle: `python recipe.py`.

Needs no data: 500 days of returns of eight asset classes are drawn by `training/simulate/returns.py`, whose
parameters are published there. `scenarios/returns.csv` holds those days for the bundle's portfolio, of which value at
risk and expected shortfall are scores by historical simulation. An ONNX graph gives the worst day and three shocks.

Value at risk at 99 % is the sixth worst of 500 days, as a loss above 0: the least loss that at least 495 days do not
exceed. Expected shortfall at 97.5 % is the mean of the twelve worst and half of the thirteenth (Basel Committee,
*Minimum capital requirements for market risk*, 2019, asks for these two levels).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
from scipy.stats import chi2, norm

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from training import finish  # noqa: E402
from training.charts import draw_lines  # noqa: E402
from training.onnx_write import Graph, rounded, to_bytes  # noqa: E402
from training.simulate.returns import CLASSES, simulate_returns  # noqa: E402

SEED = 20261123
NOW = "2026-11-23T09:00:00Z"
DAYS, LATER = 500, 2_000
VAR_RANK = 6
TAIL = 12.5
# Reference portfolios: shares of the eight classes, in their order.
PORTFOLIOS = {
    "defensive": [0.30, 0.45, 0.15, 0.02, 0.05, 0.0, 0.03, 0.0],
    "balanced": [0.08, 0.27, 0.15, 0.12, 0.25, 0.05, 0.06, 0.02],
    "growth": [0.03, 0.07, 0.05, 0.20, 0.40, 0.15, 0.06, 0.04],
    "emerging": [0.02, 0.0, 0.03, 0.05, 0.10, 0.70, 0.0, 0.10],
}
TAIL_WEIGHTS = np.array([1.0] * 12 + [0.5]) / TAIL


def stress_graph(returns: np.ndarray[Any, np.dtype[np.float64]]) -> onnx.ModelProto:
    """Input `holdings` [N, 8] in EUR; outputs in EUR, above 0 for losses: `worst_day` [N, 1] of all scenarios, and
    `stress` [N, 3], the losses of three shocks.
    """
    graph = Graph(
        "portfolio_stress", "Worst of 500 simulated days and three shocks, made by models/market/recipe.py"
    )
    x = graph.input("holdings", len(CLASSES))
    graph.node("MatMul", [x, graph.constant("returns", rounded(returns).T.copy())], "results")
    graph.node("Neg", ["results"], "losses")
    graph.node("ReduceMax", ["losses"], "worst_day", axes=[1], keepdims=1)
    graph.node("MatMul", [x, graph.constant("shocks", np.array(SHOCKS, np.float32).T.copy())], "stress")
    graph.output("worst_day", 1)
    graph.output("stress", 3)
    return graph.model()


# Losses as shares of each class: equity crash, interest rates up by 2 points, inflation shock.
SHOCKS = [
    [0.0, -0.04, 0.08, 0.38, 0.36, 0.42, 0.25, 0.20],
    [0.0, 0.11, 0.09, 0.08, 0.08, 0.12, 0.15, 0.05],
    [0.0, 0.08, 0.06, 0.10, 0.10, 0.08, 0.02, -0.25],
]


def risk(results: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float]:
    """VaR and ES of 500 results, in their unit; the definitions of the bundle, in NumPy."""
    worst = np.sort(-results)[::-1][:13]
    return float(worst[VAR_RANK - 1]), float(worst @ TAIL_WEIGHTS)


def kupiec(exceptions: int, days: int, share: float = 0.01) -> float:
    """p-value of the unconditional coverage test (Kupiec 1995): small where exceptions are too many or few."""
    found = max(exceptions, 1e-9) / days
    like = lambda p: (days - exceptions) * np.log(1 - p) + exceptions * np.log(p)  # noqa: E731
    return float(chi2.sf(-2 * (like(share) - like(found)), 1))


def backtest(returns: pd.DataFrame) -> tuple[str, float, float]:
    """Every day the risk of the 500 days before it, and what the next day brought."""
    grid = returns.to_numpy()
    rows, kept = [], {}
    for name, shares in PORTFOLIOS.items():
        results = grid @ np.array(shares)
        historical, normal = [], []
        for day in range(DAYS, len(results)):
            past = results[day - DAYS : day]
            historical.append(risk(past)[0])
            normal.append(-(past.mean() + past.std() * norm.ppf(0.01)))
        losses = -results[DAYS:]
        for method, var in (
            ("historical simulation", np.array(historical)),
            ("normal distribution", np.array(normal)),
        ):
            exceptions = int((losses > var).sum())
            rows.append(
                {
                    "portfolio": name,
                    "method": method,
                    "days": len(losses),
                    "exceptions": exceptions,
                    "share": exceptions / len(losses),
                    "Kupiec p": kupiec(exceptions, len(losses)),
                }
            )
        kept[name] = (losses, np.array(historical))
    losses, var = kept["balanced"]
    show = slice(0, 500)
    draw_lines(
        {
            "99 % value at risk": (np.arange(500.0), var[show] * 100),
            "loss of the day": (np.arange(500.0), losses[show] * 100),
        },
        HERE / "backtest.svg",
        "Balanced portfolio, 500 later days",
        "day",
        "% of the portfolio",
    )
    formats = {
        "portfolio": "",
        "method": "",
        "days": ",d",
        "exceptions": "d",
        "share": ".2%",
        "Kupiec p": ".3f",
    }
    ours = [row["share"] for row in rows if row["method"].startswith("hist")]
    plain = [row["share"] for row in rows if row["method"].startswith("norm")]
    return finish.table(rows, formats), float(np.mean(ours)), float(np.mean(plain))


def main() -> None:
    """Draws, exports, packs, backtests."""
    returns = simulate_returns(SEED, DAYS + LATER)
    scenarios = returns.iloc[:DAYS].round(6)
    (HERE / "scenarios").mkdir(exist_ok=True)
    scenarios.to_csv(
        HERE / "scenarios" / "returns.csv", index=False, float_format="%.6f", lineterminator="\n"
    )
    (HERE / "risk.onnx").write_bytes(to_bytes(stress_graph(scenarios.to_numpy())))
    write_sample()
    bundle = finish.pack(HERE, None)
    rows = []
    for name, shares in PORTFOLIOS.items():
        holdings = {key: 100_000.0 * share for key, share in zip(CLASSES, shares, strict=True)}
        scores = bundle.score({**holdings, "tolerance": 3, "horizon_years": 10.0}, now=NOW)["scores"]
        var, shortfall = risk(scenarios.to_numpy() @ np.array(shares) * 100_000)
        if abs(scores["var_99"] - var) > 1e-8 or abs(scores["es_97_5"] - shortfall) > 1e-8:
            raise SystemExit(f"{name}: the bundle says {scores}, NumPy {var} and {shortfall}")
        rows.append(
            {
                "portfolio of 100,000 EUR": name,
                "VaR 99 %": scores["var_99"],
                "ES 97.5 %": scores["es_97_5"],
                "worst day": scores["worst_day"],
            }
        )
    table, ours, plain = backtest(returns)
    text = (
        "### One-day risk\n\n"
        + finish.table(
            rows,
            {"portfolio of 100,000 EUR": "", "VaR 99 %": ",.0f", "ES 97.5 %": ",.0f", "worst day": ",.0f"},
        )
        + f"\n\n### Backtest\n\nEach of {LATER:,} later days against the 500 days before it; 1 % of the days should be worse.\n\n{table}"
    )
    finish.put_figures(HERE, text)
    finish.write_figures_file(
        HERE,
        {
            "data": "simulation (published parameters)",
            "rows": DAYS + LATER,
            "model": "historical simulation, 500 days x 8 classes",
            "metric": f"{ours:.2%} exceptions at 1 %",
            "baseline": f"{plain:.2%} normal distribution",
            "published": "1 % by definition",
        },
    )
    finish.write_sums(HERE)


def write_sample() -> None:
    """`portfolios.csv`: invented portfolios for a demo."""
    rng = np.random.default_rng(SEED)
    rows = []
    for number in range(1, 41):
        base = np.array(list(PORTFOLIOS.values())[number % 4])
        shares = rng.dirichlet(base * 14 + 0.15)
        wealth = float(np.round(np.exp(rng.normal(11.2, 0.8)), -2))
        row: dict[str, Any] = {"portfolio_id": f"D{number:04d}"}
        row |= {name: round(share * wealth, 2) for name, share in zip(CLASSES, shares, strict=True)}
        row |= {"tolerance": int(rng.integers(1, 6)), "horizon_years": round(float(rng.gamma(3, 3)), 1)}
        row |= {
            "asked_at": "2026-11-20",
            "experience_years": int(rng.integers(0, 20)),
            "loan": round(float(max(0, rng.normal(-20_000, 30_000))), 2),
        }
        rows.append(row)
    rows[5]["tolerance"] = 7
    rows[6]["equity_home"] = -100.0
    rows[7]["asked_at"] = "2024-01-15"
    pd.DataFrame(rows).to_csv(HERE / "portfolios.csv", index=False)


if __name__ == "__main__":
    main()
