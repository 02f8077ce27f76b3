"""Text vectorisers and string pipelines."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.pipeline import make_pipeline

from .case import SEED, Case

WORDS = (
    "card",
    "payment",
    "refund",
    "late",
    "fee",
    "loan",
    "branch",
    "app",
    "Login",
    "ÉTAT",
    "straße",
    "账户",
    "还款",
)


def sentences(rows: int = 120) -> np.ndarray:
    """Short texts of known and unknown words, some empty, some in capitals."""
    rng = np.random.default_rng(SEED)
    texts = [" ".join(rng.choice(WORDS, rng.integers(1, 7))) for _ in range(rows - 4)]
    return np.array([*texts, "", "   ", "UNKNOWN words only", "fee, fee; FEE."], dtype=object)


# skl2onnx asks for the locale en_US unless told otherwise; few servers have it installed.
LOCALE = {CountVectorizer: {"locale": "C"}, TfidfVectorizer: {"locale": "C"}}

VECTORISERS = {
    "count": lambda: CountVectorizer(),
    "count_binary": lambda: CountVectorizer(binary=True),
    "count_bigram": lambda: CountVectorizer(ngram_range=(1, 2)),
    "count_cased": lambda: CountVectorizer(lowercase=False),
    "count_char": lambda: CountVectorizer(analyzer="char", ngram_range=(1, 2)),
    "tfidf": lambda: TfidfVectorizer(),
    "tfidf_bigram": lambda: TfidfVectorizer(ngram_range=(2, 2)),
    "tfidf_l1": lambda: TfidfVectorizer(norm="l1"),
    "tfidf_sublinear": lambda: TfidfVectorizer(sublinear_tf=True),
    "tfidf_stop": lambda: TfidfVectorizer(stop_words=["fee", "app"]),
}


def text_models() -> Iterator[Case]:
    """Each vectoriser alone and before a classifier."""
    x = sentences()
    y = np.array([("fee" in t.lower()) + 2 * ("loan" in t) for t in x])
    types = [("X", StringTensorType([None, 1]))]
    feeds = {"X": x.reshape(-1, 1)}
    for name, make in VECTORISERS.items():
        model = make().fit(x)
        source = {"variable": model.transform(x).toarray()}
        onnx = to_onnx(model, initial_types=types, options=LOCALE).SerializeToString()
        yield Case(f"text/{name}", onnx, feeds, source)
    for name, estimator in {
        "logistic": LogisticRegression(max_iter=300),
        "multinomial": MultinomialNB(),
        "bernoulli": BernoulliNB(),
    }.items():
        model = make_pipeline(TfidfVectorizer(), estimator).fit(x, y)
        onnx = to_onnx(model, initial_types=types, options=LOCALE)
        source = {"output_label": model.predict(x)}
        yield Case(f"text/tfidf_{name}", onnx.SerializeToString(), feeds, source)
    ascii_only = np.array([text for text in x if text.isascii() and text.strip()], dtype=object)
    feeds = {"X": ascii_only.reshape(-1, 1)}
    for name in ("count", "count_bigram", "tfidf", "tfidf_l1"):
        model = VECTORISERS[name]().fit(ascii_only)
        source = {"variable": model.transform(ascii_only).toarray()}
        onnx = to_onnx(model, initial_types=types, options=LOCALE).SerializeToString()
        yield Case(f"text/ascii/{name}", onnx, feeds, source)
