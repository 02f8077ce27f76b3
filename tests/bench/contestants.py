"""Those who answer rows, each through its Python interface at its best settings and on one thread.

Inputs lie ready in the type that a contestant takes. lleaves is called directly by ctypes, as its authors
advise for speed; scorebox pays for its Python interface like everybody else.
"""

from __future__ import annotations

import ctypes
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import lightgbm as lgb
import numpy as np
import onnxruntime
import pandas as pd
import scorebox
import tl2cgen
import xgboost as xgb

NOW = "2026-11-23T09:00:00Z"


class Contestant(Protocol):
    """Somebody who answers rows."""

    def time(self, rows: int, calls: int, first: int) -> float:
        """Nanoseconds of the calling thread's processor time for `calls` calls of `rows` rows each."""

    def answers(self, rows: int) -> np.ndarray:
        """The numbers that one call on the first `rows` rows gives."""


class Called:
    """A contestant that is a function of the first row and the number of rows."""

    def __init__(
        self, available: int, run: Callable[[int, int], Any], read: Callable[[Any], Any] | None = None
    ) -> None:
        self._available, self._run, self._read = available, run, read or (lambda answer: answer)

    def time(self, rows: int, calls: int, first: int) -> float:
        """As `Contestant.time`. Fails where other threads did the work: their time would not count."""
        starts = self._available - rows + 1
        process, began = time.process_time_ns(), time.thread_time_ns()
        for call in range(calls):
            self._run((first + call * rows) % starts, rows)
        took = time.thread_time_ns() - began
        if time.process_time_ns() - process > 1.5 * took + 5e6:
            raise RuntimeError("a contestant used more threads than its own")
        return took

    def answers(self, rows: int) -> np.ndarray:
        """As `Contestant.answers`."""
        return np.asarray(self._read(self._run(0, rows)), dtype=np.float64).reshape(-1)


def _feeds(numbers: str, X: np.ndarray, texts: np.ndarray | None) -> Callable[[int, int], dict[str, Any]]:
    if texts is None:
        return lambda first, rows: {numbers: X[first : first + rows]}
    return lambda first, rows: {numbers: X[first : first + rows], "texts": texts[first : first + rows]}


def scorebox_model(
    graph: Path, output: str, pick: int, numbers: str, X: np.ndarray, texts: np.ndarray | None
) -> Contestant:
    """An ONNX file in the sandbox."""
    model, feeds = scorebox.Model.load(graph), _feeds(numbers, X, texts)
    return Called(
        len(X),
        lambda f, n: model.run(feeds(f, n)),
        lambda out: out[output].reshape(len(out[output]), -1)[:, pick],
    )


def onnxruntime_model(
    graph: Path, output: str, pick: int, numbers: str, X: np.ndarray, texts: np.ndarray | None
) -> Contestant:
    """The same file in ONNX Runtime; only the output that is read is asked for."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    feeds = _feeds(numbers, X, texts)
    return Called(
        len(X),
        lambda f, n: session.run([output], feeds(f, n))[0],
        lambda out: out.reshape(len(out), -1)[:, pick],
    )


def lightgbm_model(text: Path, X: np.ndarray, **kind: bool) -> Contestant:
    """A LightGBM booster on float64 rows, the type that it computes in."""
    booster, doubles = lgb.Booster(model_file=text), X.astype(np.float64)
    return Called(len(X), lambda f, n: booster.predict(doubles[f : f + n], num_threads=1, **kind))


def xgboost_model(text: Path, X: np.ndarray) -> Contestant:
    """An XGBoost booster, in place: without a matrix of its own."""
    booster = xgb.Booster({"nthread": 1}, model_file=text)
    return Called(len(X), lambda f, n: booster.inplace_predict(X[f : f + n], predict_type="margin"))


def tl2cgen_model(library: Path, X: np.ndarray) -> Contestant:
    """A booster compiled to C. Its matrices are made beforehand, one for every stretch of rows."""
    predictor, made = tl2cgen.Predictor(library, nthread=1), {}

    def run(first: int, rows: int) -> np.ndarray:
        if (first, rows) not in made:
            made[first, rows] = tl2cgen.DMatrix(X[first : first + rows])
        return predictor.predict(made[first, rows])

    return Called(len(X), run)


def lleaves_model(library: Path, X: np.ndarray) -> Contestant:
    """A booster compiled by LLVM: the function itself."""
    root = ctypes.CDLL(str(library)).forest_root
    root.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    root.restype = None
    doubles, out = X.astype(np.float64), np.zeros(len(X))
    at, to, width = doubles.ctypes.data, out.ctypes.data, doubles.strides[0]

    # The address alone would not keep the rows alive.
    def run(first: int, rows: int, _kept: np.ndarray = doubles) -> np.ndarray:
        root(at + first * width, to, 0, rows)
        return out[:rows]

    return Called(len(X), run)


def bundle_rows(bundle: Path, names: list[str], X: np.ndarray) -> Contestant:
    """Decisions with reasons on columns."""
    loaded, frame = scorebox.Bundle.load(bundle), pd.DataFrame(X, columns=names)
    return Called(len(X), lambda f, n: loaded.score(frame.iloc[f : f + n], now=NOW), lambda out: out["pd"])


def bundle_records(bundle: Path, records: Path) -> Contestant:
    """Decisions with reasons on records in JSON, one a call."""
    loaded = scorebox.Bundle.load(bundle)
    requests = [
        f'{{"record":{text},"now":"{NOW}"}}'.encode()
        for text in json.loads(records.read_text(encoding="utf-8"))
    ]
    return Called(
        len(requests),
        lambda f, n: [loaded.score_request(request) for request in requests[f : f + n]],
        lambda out: [one["scores"]["pd"] for one in out],
    )
