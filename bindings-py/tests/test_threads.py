from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scorebox
from conftest import NOW


def test_threads_share_a_bundle(credit: scorebox.Bundle, record: dict[str, Any]) -> None:
    records = [record | {"pay_0": late, "limit_bal": 10_000 * (late + 3)} for late in range(-2, 6)] * 25
    one_by_one = [credit.score(item, now=NOW).bytes for item in records]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda item: credit.score(item, now=NOW).bytes, records))
    assert together == one_by_one


def test_threads_share_a_model(root: Path) -> None:
    model = scorebox.Model.load(root / "models" / "credit" / "model.onnx")
    rows = np.random.default_rng(1).normal(size=(64, 400, 22)).astype(np.float32)
    wanted = [model.predict_proba(part) for part in rows]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(model.predict_proba, rows))
    assert all((a == b).all() for a, b in zip(wanted, found, strict=True))


def test_the_interpreter_is_free_while_the_module_runs(
    credit: scorebox.Bundle, record: dict[str, Any]
) -> None:
    frame = pd.DataFrame([record] * 4_000)
    done = threading.Event()

    def score() -> None:
        try:
            credit.score(frame, now=NOW)
        finally:
            done.set()

    thread = threading.Thread(target=score)
    turns = 0
    thread.start()
    while not done.is_set():
        turns += 1
        time.sleep(0.001)
    thread.join()
    # Had the call held the interpreter, this thread would have had a handful of turns.
    assert turns > 10
