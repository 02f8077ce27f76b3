"""Measures the packed bundle on the held-out rows: `python evaluate.py <the UCI 350 table> [--work folder]`.

Everything is measured on decisions that the scoring module made, not on LightGBM's own numbers; that the
two agree is checked first. Writes `calibration.svg` and the figures of `CARD.md`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import lightgbm as lgb
import matplotlib as mpl
import numpy as np
import pandas as pd
import scorebox

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from data import GROUPS, SEED, TARGET, age_band, read_rows, split_rows  # noqa: E402
from features import INPUTS, Column, build_features  # noqa: E402
from training.measures import (  # noqa: E402
    auc_interval,
    by_group,
    calibration_bins,
    discrimination,
    expected_calibration_error,
)

mpl.use("svg")
from matplotlib import pyplot as plt  # noqa: E402

NOW = "2026-11-23T09:00:00Z"


def compare_with_lightgbm(rows: pd.DataFrame, pd_: Column, work: Path) -> float:
    """The largest difference to LightGBM's own calibrated probability; fails above 1e-6."""
    booster = lgb.Booster(model_file=str(work / "model.txt"))
    report = json.loads((work / "search.json").read_text(encoding="utf-8"))
    margins = np.asarray(booster.predict(build_features(rows), raw_score=True))
    gap = float(np.max(np.abs(pd_ - 1 / (1 + np.exp(report["a"] * margins + report["b"])))))
    if not gap <= 1e-6:
        raise SystemExit(f"the bundle differs from LightGBM by {gap}")
    return gap


def draw_calibration(bins: pd.DataFrame, path: Path) -> None:
    """Observed bad rate over mean prediction, with 95 % intervals."""
    plt.rcParams.update({"svg.hashsalt": "scorebox", "font.size": 10, "svg.fonttype": "none"})
    figure, axes = plt.subplots(figsize=(5, 4.2), layout="constrained")
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--", label="perfect")
    errors = np.array([bins["observed"] - bins["low"], bins["high"] - bins["observed"]])
    axes.errorbar(
        bins["predicted"],
        bins["observed"],
        yerr=errors,
        fmt="o",
        markersize=5,
        color="#0b6e99",
        ecolor="#7fb5cc",
        capsize=3,
        label="held-out deciles, 95 % interval",
    )
    limit = float(np.ceil(bins["high"].max() * 10) / 10)
    axes.set(
        xlim=(0, limit),
        ylim=(0, limit),
        xlabel="predicted probability of default",
        ylabel="observed default rate",
        title="Calibration, held-out rows",
    )
    axes.grid(visible=True, color="#eeeeee")
    axes.legend(loc="upper left", frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def table(frame: pd.DataFrame, formats: dict[str, str]) -> str:
    """A Markdown table of these columns."""
    lines = ["| " + " | ".join(name.replace("_", " ") for name in formats) + " |"]
    lines.append("|" + "---|" * len(formats))
    for _, row in frame.iterrows():
        cells = [format(row[name], spec) if spec else str(row[name]) for name, spec in formats.items()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


GROUP_FORMATS = {
    "group": "",
    "rows": ",d",
    "bad_rate": ".1%",
    "mean_pd": ".1%",
    "auc": ".3f",
    "approval": ".1%",
    "approval_of_good": ".1%",
    "impact_ratio": ".2f",
}


def figures(rows: pd.DataFrame, decisions: pd.DataFrame, gap: float) -> str:
    """The figures of the card, as Markdown."""
    bad = rows[TARGET].to_numpy(dtype=np.float64)
    pd_ = decisions["pd"].to_numpy(dtype=np.float64)
    approved = (decisions["outcome"] == "approve").to_numpy()
    overall = discrimination(bad, pd_)
    low, high = auc_interval(bad, pd_, 1000, SEED)
    bins = calibration_bins(bad, pd_)
    draw_calibration(bins, HERE / "calibration.svg")
    naive = overall["bad_rate"] * (1 - overall["bad_rate"])
    parts = [
        f"| rows | bad rate | AUC (95 % interval) | Gini | KS | Brier (always the mean: {naive:.4f}) | "
        "calibration error |\n|---|---|---|---|---|---|---|\n"
        f"| {overall['rows']:,} | {overall['bad_rate']:.1%} "
        f"| {overall['auc']:.4f} ({low:.3f} to {high:.3f}) | "
        f"{overall['gini']:.4f} | {overall['ks']:.4f} | {overall['brier']:.4f} | "
        f"{expected_calibration_error(bins):.4f} |",
        f"Largest difference to LightGBM's own probability on these rows: {gap:.1e}.",
        "### Grades and decisions",
    ]
    grades = pd.DataFrame({"grade": decisions["grade"].to_numpy(), "bad": bad, "pd": pd_})
    by_grade = grades.groupby("grade").agg(
        rows=("bad", "size"), bad_rate=("bad", "mean"), mean_pd=("pd", "mean")
    )
    by_grade["share"] = by_grade["rows"] / len(rows)
    formats = {"rows": ",d", "share": ".1%", "mean_pd": ".1%", "bad_rate": ".1%"}
    parts.append(table(by_grade.reset_index(), {"grade": "", **formats}))
    outcomes = pd.DataFrame({"outcome": decisions["outcome"].to_numpy(), "bad": bad, "pd": pd_})
    by_outcome = outcomes.groupby("outcome").agg(
        rows=("bad", "size"), bad_rate=("bad", "mean"), mean_pd=("pd", "mean")
    )
    by_outcome["share"] = by_outcome["rows"] / len(rows)
    parts.append(table(by_outcome.reset_index(), {"outcome": "", **formats}))

    parts.append("### By segment")
    segments = {
        "limit": pd.cut(
            rows["limit_bal"],
            [0, 50_000, 150_000, 300_000, 1e9],
            labels=["to 50k", "to 150k", "to 300k", "above 300k"],
        ),
        "history": np.where(rows["pay_0"] > 0, "late now", "not late now"),
    }
    for name, groups in segments.items():
        result = by_group(bad, pd_, approved, [f"{name}: {group}" for group in groups])
        parts.append(
            table(result, {key: spec for key, spec in GROUP_FORMATS.items() if key != "impact_ratio"})
        )

    parts.append("### Fairness")
    protected: dict[str, Any] = {name: rows[name].map(names) for name, names in GROUPS.items()}
    protected["age"] = age_band(rows["age"])
    for name, groups in protected.items():
        result = by_group(bad, pd_, approved, [f"{name}: {group}" for group in groups])
        parts.append(table(result, GROUP_FORMATS))
    return "\n\n".join(parts)


def main() -> None:
    """Scores the held-out rows and writes the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="the UCI 350 table as CSV")
    parser.add_argument("--work", type=Path, default=HERE.parents[1] / "target" / "credit")
    arguments = parser.parse_args()
    _, test = split_rows(read_rows(arguments.data))
    decisions = scorebox.Bundle.load(HERE).score(test[INPUTS], now=NOW)
    gap = compare_with_lightgbm(test, decisions["pd"].to_numpy(dtype=np.float64), arguments.work)
    card = HERE / "CARD.md"
    begin, end = "<!-- figures: evaluate.py -->", "<!-- end of figures -->"
    text, count = re.subn(
        f"{re.escape(begin)}.*?{re.escape(end)}",
        lambda _: f"{begin}\n\n{figures(test, decisions, gap)}\n\n{end}",
        card.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    if count != 1:
        raise SystemExit(f"{card}: expected one place for the figures, found {count}")
    card.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
