"""Trains and measures the complaints bundle:
`python recipe.py <banking77 .csv[.gz]> [<chnsenticorp .csv.gz> <waimai .csv.gz> <cfpb .csv.gz>]`.

Intents come from Banking77 (Casanueva and others 2020, https://github.com/PolyAI-LDN/task-specific-datasets, CC BY
4.0): 13,083 messages of customers of an online bank, 77 intents, the publisher's own split. Sentiment comes from
the templates and the lexicon in `phrases.py`. The three other sets have no clear licence: they measure, and
nothing of them is shipped.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import TensorProto
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.neighbors import NearestCentroid

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from phrases import LEXICON, LEXICON_BIAS, draw_messages  # noqa: E402
from training import finish  # noqa: E402
from training.onnx_write import Graph, rounded, to_bytes  # noqa: E402
from training.text_onnx import CHARACTERS, WORDS, export_text_classifier  # noqa: E402

SEED = 20261123
NOW = "2026-11-23T09:00:00Z"
TERMS = 1_500


def words(limit: int | None) -> TfidfVectorizer:
    """Words of letters, digits and apostrophes, in lower case."""
    return TfidfVectorizer(token_pattern=WORDS, max_features=limit)


def runtime(model: onnx.ModelProto, texts: list[str], output: str) -> Any:
    """ONNX Runtime's answer; its own tokenizer is not in every build, so only the tests of the module use it."""
    session = onnxruntime.InferenceSession(to_bytes(model), providers=["CPUExecutionProvider"])
    return session.run([output], {"text": np.array(texts, dtype=object).reshape(-1, 1)})[0]


def lexicon_model() -> onnx.ModelProto:
    """Input `text`; output `content` [N, 1]: the logistic function of the sum of the words' weights."""
    graph = Graph(
        "sentiment_zh", "Sentiment of Chinese messages: a lexicon written in models/complaints/phrases.py"
    )
    text = graph.input("text", 1, TensorProto.STRING)
    graph.node("Reshape", [text, graph.constant("flat", np.array([-1], np.int64))], "lines")
    graph.node(
        "Tokenizer",
        ["lines"],
        "letters",
        domain="com.microsoft",
        tokenexp=CHARACTERS,
        mark=0,
        mincharnum=1,
        pad_value="\x00",
    )
    terms = sorted(LEXICON, key=lambda word: (len(word), word))
    longest = max(map(len, terms))
    pool = [letter for word in terms for letter in word]
    counts = [sum(len(word) for word in terms if len(word) < size) for size in range(1, longest + 1)]
    graph.node(
        "TfIdfVectorizer",
        ["letters"],
        "counts",
        mode="TF",
        min_gram_length=1,
        max_gram_length=longest,
        max_skip_count=0,
        ngram_counts=counts,
        ngram_indexes=list(range(len(terms))),
        pool_strings=pool,
    )
    weights = rounded([LEXICON[word] for word in terms]).reshape(-1, 1)
    graph.node(
        "Gemm",
        ["counts", graph.constant("weights", weights), graph.constant("bias", rounded([LEXICON_BIAS]))],
        "margin",
    )
    graph.node("Sigmoid", ["margin"], "content")
    graph.output("content", 1)
    return graph.model()


def score_lexicon(texts: list[str]) -> Any:
    """The lexicon in plain Python, to compare with and to measure by."""
    total = np.array(
        [LEXICON_BIAS + sum(weight * text.count(word) for word, weight in LEXICON.items()) for text in texts]
    )
    return 1 / (1 + np.exp(-np.clip(total, -30, 30)))


def train_intents(rows: pd.DataFrame) -> tuple[TfidfVectorizer, LogisticRegression]:
    """TF-IDF of the 1,500 commonest words, multinomial logistic regression."""
    vectoriser = words(TERMS)
    table = vectoriser.fit_transform(rows["text"])
    return vectoriser, LogisticRegression(C=10, max_iter=200, tol=1e-3).fit(table, rows["category"])


def train_sentiment() -> tuple[TfidfVectorizer, LogisticRegression]:
    """Three classes on messages drawn from the templates."""
    texts, labels = draw_messages(4_000, SEED)
    vectoriser = words(None)
    return vectoriser, LogisticRegression(C=3, max_iter=400).fit(vectoriser.fit_transform(texts), labels)


def main(banking: Path, others: list[Path]) -> None:
    """Reads, trains, exports, packs, measures through the module."""
    rows = pd.read_csv(banking)
    train, test = rows[rows["split"] == "train"], rows[rows["split"] == "test"]
    if (len(train), len(test), rows["category"].nunique()) != (10_003, 3_080, 77):
        raise SystemExit(f"{banking}: expected 10,003 and 3,080 rows of 77 intents")
    vectoriser, intents = train_intents(train)
    doc = "Intent of a customer's message; trained on Banking77 (CC BY 4.0) by models/complaints/recipe.py"
    model = export_text_classifier(
        vectoriser, intents.coef_, intents.intercept_, tokens=WORDS, name="intent", doc=doc
    )
    (HERE / "intent.onnx").write_bytes(to_bytes(model))
    mood_words, mood = train_sentiment()
    doc = "Sentiment of an English message: negative, neutral, positive; templates of models/complaints/phrases.py"
    model = export_text_classifier(
        mood_words, mood.coef_, mood.intercept_, tokens=WORDS, name="sentiment_en", doc=doc
    )
    (HERE / "sentiment_en.onnx").write_bytes(to_bytes(model))
    (HERE / "sentiment_zh.onnx").write_bytes(to_bytes(lexicon_model()))
    labels = json.dumps(list(intents.classes_))
    finish.put_in(HERE / "bundle.json", r'(?<="labels": )\["Refund.*?\]', labels)

    bundle = finish.pack(HERE, None)
    asked = pd.DataFrame({"text": test["text"], "language": "en", "channel": "chat"})
    decisions = bundle.score(asked, now=NOW)
    found = decisions["intent"].to_numpy()
    sure = decisions["intent_probability"].to_numpy(dtype=np.float64)
    truth = test["category"].to_numpy()
    finish.put_figures(
        HERE, figures(train, test, vectoriser, intents, found, sure, truth, decisions, bundle, others)
    )
    finish.write_figures_file(
        HERE,
        {
            "data": "Banking77, CC BY 4.0; templates and lexicon of our own",
            "rows": len(rows),
            "model": "TF-IDF, linear, 8-bit weights",
            "metric": f"accuracy {(found == truth).mean():.1%}",
            "baseline": f"{centroid(train, test, vectoriser):.1%} nearest centroid",
            "published": "93.7 % BERT, fine-tuned (Casanueva and others 2020)",
        },
    )
    finish.write_sums(HERE)


def centroid(train: pd.DataFrame, test: pd.DataFrame, vectoriser: TfidfVectorizer) -> float:
    """Accuracy of the simple baseline: the nearest mean of a class."""
    model = NearestCentroid().fit(vectoriser.transform(train["text"]).toarray(), train["category"])
    return float((model.predict(vectoriser.transform(test["text"]).toarray()) == test["category"]).mean())


def figures(train, test, vectoriser, intents, found, sure, truth, decisions, bundle, others) -> str:  # type: ignore[no-untyped-def]
    """The card's figures as Markdown."""
    table = vectoriser.transform(test["text"])
    full = intents.predict(table)
    rows = [
        {
            "model": "always the commonest intent",
            "accuracy": float(
                DummyClassifier().fit(train["text"], train["category"]).score(test["text"], truth)
            ),
            "macro F1": float("nan"),
        },
        {
            "model": "nearest centroid, same words",
            "accuracy": centroid(train, test, vectoriser),
            "macro F1": float("nan"),
        },
        {
            "model": "logistic regression, 32-bit weights",
            "accuracy": float((full == truth).mean()),
            "macro F1": f1_score(truth, full, average="macro"),
        },
        {
            "model": "bundle, 8-bit weights",
            "accuracy": float((found == truth).mean()),
            "macro F1": f1_score(truth, found, average="macro"),
        },
    ]
    parts = [
        f"### Intent\n\n{len(test):,} messages of the publisher's test split, 77 intents.\n\n"
        + finish.table(rows, {"model": "", "accuracy": ".1%", "macro F1": ".3f"})
    ]
    steps = []
    for least in (0.0, 0.2, 0.35, 0.5):
        kept = sure >= least
        steps.append(
            {
                "answered from": least,
                "share": kept.mean(),
                "accuracy of those": float((found[kept] == truth[kept]).mean()),
            }
        )
    parts.append(finish.table(steps, {"answered from": ".2f", "share": ".1%", "accuracy of those": ".1%"}))
    topics = decisions["topic"].value_counts(normalize=True)
    parts.append(
        "### Topics\n\n"
        + finish.table(
            [{"topic": name, "share": share} for name, share in topics.items()], {"topic": "", "share": ".1%"}
        )
    )
    fresh, marks = draw_messages(1_000, SEED + 1)
    moods = bundle.score(pd.DataFrame({"text": fresh, "language": "en", "channel": "chat"}), now=NOW)[
        "satisfaction"
    ].to_numpy(dtype=np.float64)
    asked = decisions["satisfaction"].to_numpy(dtype=np.float64)
    text = (
        "### Sentiment\n\nEnglish: trained and tested on templates, so these figures flatter it. On 1,000 fresh draws "
        f"negative and positive messages are told apart with AUC {roc_auc_score(marks[marks != 1] == 2, moods[marks != 1]):.3f}; "
        f"the 3,080 questions of Banking77, mostly neutral or worried, have a mean satisfaction of {asked.mean():.2f}, "
        f"{(asked < 0.3).mean():.1%} of them below 0.3."
    )
    lines = []
    for path in others[:2]:
        reviews = pd.read_csv(path).dropna()
        score = score_lexicon(reviews["review"].astype(str).tolist())
        truth_zh = reviews["label"].to_numpy(dtype=np.float64)
        some = bundle.score(
            pd.DataFrame({"text": reviews["review"].iloc[:200], "language": "zh", "channel": "chat"}), now=NOW
        )
        gap = np.abs(some["satisfaction"].to_numpy(dtype=np.float64) - score[:200]).max()
        if not gap < 1e-5:
            raise SystemExit(f"{path}: the bundle differs from the lexicon by {gap}")
        lines.append(
            {
                "set": path.name.split(".")[0],
                "reviews": len(reviews),
                "positive": truth_zh.mean(),
                "auc": roc_auc_score(truth_zh, score),
                "accuracy": float(((score >= 0.5) == truth_zh).mean()),
                "always the commoner": max(truth_zh.mean(), 1 - truth_zh.mean()),
            }
        )
    if lines:
        text += (
            "\n\nChinese: the lexicon was written without these sets, which have no clear licence and only measure it:\n\n"
            + finish.table(
                lines,
                {
                    "set": "",
                    "reviews": ",d",
                    "positive": ".1%",
                    "auc": ".3f",
                    "accuracy": ".1%",
                    "always the commoner": ".1%",
                },
            )
        )
    if len(others) > 2:
        stories = pd.read_csv(others[2]).dropna()
        told = bundle.score(
            pd.DataFrame(
                {"text": stories["narrative"].str.slice(0, 4000), "language": "en", "channel": "letter"}
            ),
            now=NOW,
        )
        text += (
            f"\n\nOn {len(stories):,} complaint narratives of the CFPB (a processed copy, test only), all of them complaints, the mean "
            f"satisfaction is {told['satisfaction'].astype(float).mean():.2f}, and {(told['intent_probability'].astype(float) < 0.35).mean():.0%} fall below the "
            "confidence at which a person reads the message: long letters are not what the intents were learned from."
        )
    return "\n\n".join([*parts, text])


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
