"""Text classifiers as ONNX: tokens, TF-IDF, a linear layer with 8-bit weights.

The vocabulary is scikit-learn's; the graph does what `TfidfVectorizer` and the linear model did: lower case,
tokens, counts times inverse document frequency, rows scaled to length 1, weights, softmax. Weights are whole
numbers of 8 bits with a scale per class, which the card's figures include.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto
from sklearn.feature_extraction.text import TfidfVectorizer

from .onnx_write import Graph, rounded

WORDS = "[a-z0-9']+"
CHARACTERS = "."


def quantise(weights: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Columns of weights [terms, classes] as whole numbers from -127 to 127, and a scale per class."""
    scale = rounded(np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127)
    return np.clip(np.round(weights / scale), -127, 127).astype(np.int8), scale


def tfidf(graph: Graph, text: str, vectoriser: TfidfVectorizer, tokens: str, output: str) -> int:
    """Adds the nodes from the text input to the scaled TF-IDF table; gives its width."""
    terms = sorted(vectoriser.vocabulary_, key=vectoriser.vocabulary_.get)
    joint = "" if tokens == CHARACTERS else " "
    split = [list(term) if joint == "" else term.split(joint) for term in terms]
    longest = max(len(parts) for parts in split)
    pool: list[str] = []
    starts, places = [], []
    for size in range(1, longest + 1):
        starts.append(len(pool))
        for place, parts in enumerate(split):
            if len(parts) == size:
                pool += parts
                places.append(place)
    flat = graph.node(
        "Reshape", [text, graph.constant(f"{output}_flat", np.array([-1], np.int64))], f"{output}_text"
    )
    lower = graph.node(
        "StringNormalizer",
        [flat],
        f"{output}_lower",
        case_change_action="LOWER",
        is_case_sensitive=0,
        locale="C",
    )
    words = graph.node(
        "Tokenizer",
        [lower],
        f"{output}_tokens",
        domain="com.microsoft",
        tokenexp=tokens,
        mark=0,
        mincharnum=1,
        pad_value="\x00",
    )
    graph.node(
        "TfIdfVectorizer",
        [words],
        f"{output}_counts",
        mode="TFIDF",
        min_gram_length=1,
        max_gram_length=longest,
        max_skip_count=0,
        ngram_counts=starts,
        ngram_indexes=places,
        pool_strings=pool,
        weights=[float(weight) for weight in rounded(vectoriser.idf_[places])],
    )
    # Length 1, and a text without a known word stays a row of zeros.
    graph.node("Mul", [f"{output}_counts", f"{output}_counts"], f"{output}_squares")
    graph.node(
        "ReduceSum",
        [f"{output}_squares", graph.constant(f"{output}_axis", np.array([1], np.int64))],
        f"{output}_sum",
        keepdims=1,
    )
    graph.node("Sqrt", [f"{output}_sum"], f"{output}_norm")
    graph.node(
        "Max",
        [f"{output}_norm", graph.constant(f"{output}_least", np.array([1e-6], np.float32))],
        f"{output}_length",
    )
    graph.node("Div", [f"{output}_counts", f"{output}_length"], output)
    return len(terms)


def export_text_classifier(
    vectoriser: TfidfVectorizer, coefficients: Any, intercepts: Any, *, tokens: str, name: str, doc: str
) -> onnx.ModelProto:
    """Input `text` [N, 1]; outputs `probabilities` [N, classes] float32 and `known` [N, 1], the length of the
    row before scaling, which is 0 for a text without a known word.
    """
    graph = Graph(name, doc)
    text = graph.input("text", 1, TensorProto.STRING)
    tfidf(graph, text, vectoriser, tokens, "terms")
    weights, scale = quantise(np.asarray(coefficients, dtype=np.float64).T)
    graph.node(
        "DequantizeLinear",
        [
            graph.constant("weights", weights),
            graph.constant("scale", scale),
            graph.constant("zero", np.zeros(len(scale), np.int8)),
        ],
        "restored",
        axis=1,
    )
    graph.node("Gemm", ["terms", "restored", graph.constant("bias", rounded(intercepts))], "logits")
    graph.node("Softmax", ["logits"], "probabilities", axis=1)
    graph.node("Identity", ["terms_norm"], "known")
    graph.output("probabilities", len(scale))
    graph.output("known", 1)
    return graph.model()
