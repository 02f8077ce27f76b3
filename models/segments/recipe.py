"""Finds segments and association rules and measures them: `python recipe.py <online retail .csv[.gz]>`.

Data: Online Retail (D. Chen 2015, UCI 352, https://archive.ics.uci.edu/dataset/352, CC BY 4.0): a British web shop,
December 2010 to December 2011; here the 400 most bought items and customers with at least five of them, 182,124
lines. Segments are learned from what was bought before 1 September 2011 and measured on the 90 days after it;
rules are mined from the baskets before that day and measured on those after it.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from training import finish  # noqa: E402
from training.onnx_write import nearest_centre, rounded, to_bytes  # noqa: E402

SEED = 20261123
CUT = pd.Timestamp("2011-09-01")
AFTER_DAYS = 90
CLUSTERS = 5
FEATURES = ["recency_days", "orders", "spend", "mean_order", "items"]
LEAST_SUPPORT, LEAST_CONFIDENCE, LEAST_LIFT, RULES = 0.012, 0.42, 4.0, 16


def read_lines(path: Path) -> pd.DataFrame:
    """All lines of orders; fails if the file is not the set described above."""
    rows = pd.read_csv(path, dtype={"StockCode": "str", "InvoiceNo": "str"})
    if len(rows) != 182_124:
        raise SystemExit(f"{path}: expected 182,124 lines")
    rows["at"] = pd.to_datetime(rows["InvoiceDate"])
    rows["amount"] = rows["Quantity"] * rows["UnitPrice"]
    return rows


def build_features(lines: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    """One row per customer with purchases before `now`, as `bundle.json` computes them from a list of orders."""
    past = lines[lines["at"] < now]
    orders = past.groupby(["CustomerID", "InvoiceNo"]).agg(at=("at", "max"), amount=("amount", "sum"))
    grouped = orders.groupby("CustomerID")
    table = pd.DataFrame(
        {
            "recency_days": (now - grouped["at"].max()).dt.total_seconds() / 86_400,
            "orders": grouped.size(),
            "spend": grouped["amount"].sum(),
            "mean_order": grouped["amount"].mean(),
            "items": past.groupby("CustomerID")["StockCode"].nunique(),
        }
    )
    return table[FEATURES].astype(np.float64)


def mine_rules(lines: pd.DataFrame) -> list[dict[str, Any]]:
    """Rules `A and B bought -> C` and `A bought -> B` over baskets (Agrawal and Srikant 1994): support, confidence
    and lift, the best by lift first, at most one rule per consequence and antecedent.
    """
    baskets = [frozenset(items) for items in lines.groupby("InvoiceNo")["StockCode"].agg(set)]
    total = len(baskets)
    single = pd.Series([item for basket in baskets for item in basket]).value_counts()
    often = set(single[single >= LEAST_SUPPORT * total].index)
    pairs: dict[frozenset[str], int] = {}
    for basket in baskets:
        for pair in combinations(sorted(basket & often), 2):
            pairs[frozenset(pair)] = pairs.get(frozenset(pair), 0) + 1
    frequent = {pair for pair, count in pairs.items() if count >= LEAST_SUPPORT * total}
    triples: dict[frozenset[str], int] = {}
    wanted = {item for pair in frequent for item in pair}
    for basket in baskets:
        for triple in combinations(sorted(basket & wanted), 3):
            if all(frozenset(pair) in frequent for pair in combinations(triple, 2)):
                triples[frozenset(triple)] = triples.get(frozenset(triple), 0) + 1
    found = []
    counts: dict[frozenset[str], int] = {frozenset([item]): int(single[item]) for item in often} | pairs
    for together, count in [*((pair, pairs[pair]) for pair in frequent), *triples.items()]:
        if count < LEAST_SUPPORT * total:
            continue
        for gets in sorted(together):
            has = together - {gets}
            confidence = count / counts[frozenset(has)]
            lift = confidence / (single[gets] / total)
            if confidence >= LEAST_CONFIDENCE and lift >= LEAST_LIFT:
                found.append(
                    {
                        "has": sorted(has),
                        "gets": gets,
                        "support": count / total,
                        "confidence": confidence,
                        "lift": lift,
                    }
                )
    found.sort(key=lambda rule: (-rule["confidence"], -rule["lift"], rule["gets"], rule["has"]))
    kept: list[dict[str, Any]] = []
    for rule in found:
        simpler = any(
            set(other["has"]) <= set(rule["has"]) and other["gets"] == rule["gets"] for other in kept
        )
        crowded = sum(other["gets"] == rule["gets"] for other in kept) >= 2
        if not simpler and not crowded:
            kept.append(rule)
    return kept[:RULES]


def measure_rules(rules: list[dict[str, Any]], lines: pd.DataFrame) -> list[dict[str, Any]]:
    """Confidence of each rule on other baskets, beside how often they hold its consequence anyway."""
    baskets = lines.groupby("InvoiceNo")["StockCode"].agg(set)
    rows = []
    for rule in rules:
        has = baskets[[set(rule["has"]) <= basket for basket in baskets]]
        rows.append(
            {
                "rule": f"{' + '.join(rule['has'])} -> {rule['gets']}",
                "confidence": rule["confidence"],
                "later baskets": len(has),
                "later confidence": float(np.mean([rule["gets"] in basket for basket in has]))
                if len(has)
                else float("nan"),
                "in any basket": float(np.mean([rule["gets"] in basket for basket in baskets])),
            }
        )
    return rows


def explained(groups: Any, values: pd.Series) -> float:
    """Share of the variance of `values` between the groups (eta squared)."""
    means = values.groupby(np.asarray(groups)).transform("mean")
    return float(((means - values.mean()) ** 2).sum() / ((values - values.mean()) ** 2).sum())


def fit(table: pd.DataFrame, seed: int) -> tuple[KMeans, Any, Any]:
    """k-means on standardised logarithms, clusters in the order of their spend."""
    logs = np.log1p(table.to_numpy())
    means, deviations = logs.mean(axis=0), logs.std(axis=0)
    model = KMeans(CLUSTERS, n_init=10, random_state=seed).fit((logs - means) / deviations)
    order = np.argsort(-model.cluster_centers_[:, FEATURES.index("spend")], kind="stable")
    model.cluster_centers_ = model.cluster_centers_[order]
    model.labels_ = np.argsort(order)[model.labels_]
    return model, means, deviations


def as_records(lines: pd.DataFrame, customers: Any) -> list[dict[str, Any]]:
    """A record per customer: the orders before the day of the cut."""
    past = lines[(lines["at"] < CUT) & lines["CustomerID"].isin(customers)]
    orders = past.groupby(["CustomerID", "InvoiceNo"]).agg(
        at=("at", "max"), amount=("amount", "sum"), items=("StockCode", "size")
    )
    distinct = past.groupby("CustomerID")["StockCode"].nunique()
    records = []
    for customer in customers:
        mine = orders.loc[customer].sort_values("at", kind="stable")
        listed = [
            {
                "at": row.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "amount": round(float(row.amount), 2),
                "items": int(row.items),
            }
            for row in mine.itertuples(index=False)
        ]
        records.append({"orders_list": listed, "distinct_items": int(distinct[customer])})
    return records


def write_sample(rules: list[dict[str, Any]]) -> None:
    """`customers.csv`: invented customers for a demo. Numbers of orders and gaps between them are drawn
    from distributions chosen here; only the mined rules come from the set.
    """
    rng = np.random.default_rng(SEED)
    records = []
    for number in range(1, 31):
        count = int(np.exp(rng.normal(1.1, 0.9))) + 1
        days = np.sort(rng.exponential(90, count).clip(0.2, 270))[::-1]
        level = np.exp(rng.normal(5.0, 0.7))
        listed = [
            {
                "at": (CUT - pd.Timedelta(days=float(day))).strftime("%Y-%m-%dT%H:%M:00Z"),
                "amount": round(float(level * np.exp(rng.normal(0, 0.4))), 2),
                "items": int(rng.integers(1, 20)),
            }
            for day in days
        ]
        basket = " ".join(rules[number % len(rules)]["has"]) if number % 3 == 0 else None
        record = {
            "customer_id": f"S{number:04d}",
            "orders_list": listed,
            "distinct_items": int(count * 4 + rng.integers(1, 9)),
            "basket": basket,
            "consent": bool(rng.random() < 0.9),
            "now": f"{CUT.date()}T00:00:00Z",
        }
        records.append(record)
    finish.write_records(HERE / "customers.csv", records)


def put_rules(rules: list[dict[str, Any]], names: dict[str, str]) -> None:
    """Writes the mined rules into the manifest: policy rules and their reason codes."""
    lines, codes = [], []
    for number, rule in enumerate(rules, 1):
        has = " && ".join(f'held.contains(\\" {item} \\")' for item in rule["has"])
        note = f"{rule['confidence']:.0%} of baskets with {' and '.join(names[item] for item in rule['has'])} hold {names[rule['gets']]}"
        lines.append(
            f'      {{"id": "A{number:02d}", "when": "{has} && !held.contains(\\" {rule["gets"]} \\")", "outcome": "approve", '
            f'"reason": "A{number:02d}", "description": {{"en": {json.dumps(note)}}}}}'
        )
        codes.append(
            f'      {{"code": "A{number:02d}", "text": {{"en": {json.dumps("Goes with: " + names[rule["gets"]])}, '
            f'"zh": {json.dumps("搭配推荐：" + names[rule["gets"]], ensure_ascii=False)}}}}}'
        )
    path = HERE / "bundle.json"
    text = path.read_text(encoding="utf-8")
    text = re.sub(
        r'(\n {6}\{"id": "A\d\d".*?\}\},?(?=\n))+', lambda _: "\n" + ",\n".join(lines), text, count=1
    )
    text = re.sub(
        r'(\n {6}\{"code": "A\d\d".*?\}\},?(?=\n))+', lambda _: "\n" + ",\n".join(codes), text, count=1
    )
    path.write_text(text, encoding="utf-8")


def main(path: Path) -> None:
    """Reads, clusters, mines, exports, packs, measures."""
    lines = read_lines(path)
    table = build_features(lines, CUT)
    model, means, deviations = fit(table, SEED)
    doc = "Segments of customers by recency, orders, spend; trained on UCI 352 (CC BY 4.0) by models/segments/recipe.py"
    onnx = nearest_centre(
        rounded(model.cluster_centers_), means, deviations, name="segments", doc=doc, logs=True
    )
    (HERE / "segments.onnx").write_bytes(to_bytes(onnx))
    rules = mine_rules(lines[lines["at"] < CUT])
    names = (
        lines.groupby("StockCode")["Description"]
        .agg(lambda text: text.mode().iat[0].strip().strip(".").capitalize())
        .to_dict()
    )
    put_rules(rules, names)
    bundle = finish.pack(HERE, None)
    lists = as_records(lines, table.index[:400])
    decisions = bundle.score(finish.frame(lists), now=f"{CUT.date()}T00:00:00Z")
    titles = ["champions", "regulars", "promising", "sleeping", "one-time"]
    agree = float((decisions["segment"].to_numpy() == np.array(titles)[model.labels_[:400]]).mean())
    if agree < 0.995:  # a customer on the border of two clusters may fall either way in float32
        raise SystemExit(f"only {agree:.1%} of the segments are those of scikit-learn")
    write_sample(rules)

    later = lines[(lines["at"] >= CUT) & (lines["at"] < CUT + pd.Timedelta(days=AFTER_DAYS))]
    spent = later.groupby("CustomerID")["amount"].sum().reindex(table.index, fill_value=0.0)
    logs = np.log1p(spent)
    quintiles = sum(
        pd.qcut(table[name].rank(method="first"), 5, labels=False) for name in ("orders", "spend")
    ) + (4 - pd.qcut(table["recency_days"].rank(method="first"), 5, labels=False))
    fifths = pd.qcut(quintiles.rank(method="first"), CLUSTERS, labels=False)
    shuffled = np.random.default_rng(SEED).permutation(model.labels_)
    again = [
        adjusted_rand_score(
            model.labels_,
            fit(table.sample(frac=0.8, random_state=s), s)[0].predict(
                (np.log1p(table.to_numpy()) - means) / deviations
            ),
        )
        for s in range(5)
    ]
    logs_table = (np.log1p(table.to_numpy()) - means) / deviations
    rows = [
        {"grouping": "bundle: five clusters", "explains": explained(model.labels_, logs)},
        {"grouping": "five groups of the usual RFM points", "explains": explained(fifths, logs)},
        {"grouping": "clusters shuffled", "explains": explained(shuffled, logs)},
    ]
    groups = (
        table.assign(segment=model.labels_, spent=spent)
        .groupby("segment")
        .agg(
            customers=("spent", "size"),
            recency=("recency_days", "median"),
            orders=("orders", "median"),
            spend=("spend", "median"),
            came_back=("spent", lambda s: (s > 0).mean()),
            spent_after=("spent", "mean"),
        )
    )
    listed = [{"segment": titles[int(number)], **row} for number, row in groups.iterrows()]
    text = (
        f"### Segments\n\n{len(table):,} customers as of 1 September 2011; what they spent in the 90 days after it was not seen.\n\n"
        + finish.table(
            listed,
            {
                "segment": "",
                "customers": ".0f",
                "recency": ".0f",
                "orders": ".0f",
                "spend": ".0f",
                "came_back": ".1%",
                "spent_after": ".0f",
            },
        )
        + "\n\nShare of the variance of later spend (log) that the groups explain:\n\n"
        + finish.table(rows, {"grouping": "", "explains": ".3f"})
        + f"\n\nSilhouette {silhouette_score(logs_table, model.labels_):.3f}; adjusted Rand index of five refits on 80 % of the customers "
        f"{np.mean(again):.2f} (1 is the same groups)."
    )
    measured = measure_rules(rules, lines[lines["at"] >= CUT])
    text += (
        "\n\n### Association rules\n\nMined before 1 September 2011, counted in the baskets after it.\n\n"
        + finish.table(
            measured,
            {
                "rule": "",
                "confidence": ".1%",
                "later baskets": "d",
                "later confidence": ".1%",
                "in any basket": ".1%",
            },
        )
    )
    finish.put_figures(HERE, text)
    finish.write_figures_file(
        HERE,
        {
            "data": "Online Retail (UCI 352, CC BY 4.0)",
            "rows": len(lines),
            "model": "k-means, 5 clusters; Apriori",
            "metric": f"later spend explained {rows[0]['explains']:.3f}; rule confidence {np.nanmean([r['later confidence'] for r in measured]):.1%}",
            "baseline": f"{rows[1]['explains']:.3f} RFM points; {np.mean([r['in any basket'] for r in measured]):.1%} in any basket",
            "published": "-",
        },
    )
    finish.write_sums(HERE)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
