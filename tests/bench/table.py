"""The table's rows: who is compared on what, and how equal the answers must be before anybody is timed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import ydf

from . import contestants, decision
from .contestants import Called, Contestant
from .models import COLUMNS, Models

BATCH = 10_000


@dataclass
class Row:
    """One line of the table."""

    name: str
    #: Rows in a call.
    rows: int
    ours: Contestant
    #: By name: who, and what the issue of speed wants as a ratio to them, where it says.
    peers: dict[str, Contestant]
    goals: dict[str, float] = field(default_factory=dict)
    #: Peers whose answers are compared with ours, to this share of the largest.
    equal: tuple[str, ...] = ()
    tolerance: float = 1e-5


class Ydf:
    """Yggdrasil's fastest engine on trees of its own (it reads nobody else's), timed by its own benchmark.

    Its Python interface would count the copying of a dictionary of columns; its benchmark does not.
    """

    def __init__(self, models: Models, trees: int, leaves: int) -> None:
        columns = {f"x{at}": models.X[:, at] for at in range(COLUMNS)}
        data = {**columns, "y": models.y.astype(np.float32)}
        learner = ydf.GradientBoostedTreesLearner(
            label="y",
            task=ydf.Task.REGRESSION,
            num_trees=trees,
            growing_strategy="BEST_FIRST_GLOBAL",
            max_num_nodes=leaves,
            max_depth=-1,
            early_stopping="NONE",
            validation_ratio=0.0,
            num_threads=1,
        )
        ydf.verbose(0)
        self._model = learner.train(data)
        self._data, self._available = data, len(models.X)

    def time(self, rows: int, calls: int, first: int) -> float:
        """As `Contestant.time`; wall time, of another stretch of rows each time it runs through them all."""
        found = self._model.benchmark(
            self._data, benchmark_duration=0.05, warmup_duration=0.01, batch_size=rows, num_threads=1
        )
        return found.duration_per_example * 1e9 * rows * calls

    def answers(self, rows: int) -> np.ndarray:
        """Its own trees' answers: not comparable."""
        return self._model.predict({name: column[:rows] for name, column in self._data.items()})


class Table:
    """Makes the rows."""

    def __init__(self, models: Models, lleaves: Path | None) -> None:
        self.models, self.python = models, lleaves
        self.batch = min(BATCH, len(models.X) // 2)

    def rows(self) -> Iterator[Row]:
        """All rows, each made when the one before has been measured."""
        yield from self.boosted()
        yield from self.forests()
        yield from self.reasons()
        yield from self.pipelines()
        yield from self.decisions()

    def _pair(self, graph: Path, output: str, pick: int = 0) -> tuple[Contestant, Contestant]:
        models = self.models
        rows = ("numbers", models.holes, models.texts) if graph.stem == "pipeline" else ("X", models.X, None)
        return (
            contestants.scorebox_model(graph, output, pick, *rows),
            contestants.onnxruntime_model(graph, output, pick, *rows),
        )

    def _sizes(self, goals: tuple[float, float], batch: int) -> Iterator[tuple[int, str, float]]:
        yield batch, f"{batch} rows", goals[0]
        yield 1, "one row", goals[1]

    def boosted(self) -> Iterator[Row]:
        """LightGBM and XGBoost models against everybody who reads or compiles them."""
        X, size = self.models.X, self.models.size
        for trees, leaves in size.boosted:
            text, graph = self.models.lightgbm(trees, leaves)
            peers = {
                "lightgbm": contestants.lightgbm_model(text, X, raw_score=True),
                "tl2cgen": contestants.tl2cgen_model(self.models.tl2cgen(text), X.astype(np.float64)),
            }
            if self.python:
                library = self.models.lleaves(text, self.python)
                peers["lleaves"] = contestants.lleaves_model(library, X)
            yield from self._trees(
                f"LightGBM {trees}x{leaves}", graph, peers, Ydf(self.models, trees, leaves)
            )
        text, graph = self.models.xgboost(*size.xgboost)
        peers = {
            "xgboost": contestants.xgboost_model(text, X),
            "tl2cgen": contestants.tl2cgen_model(self.models.tl2cgen(text), X),
        }
        yield from self._trees(f"XGBoost {size.xgboost[0]} depth {size.xgboost[1]}", graph, peers, None)

    def _trees(
        self, name: str, graph: Path, peers: dict[str, Contestant], apart: Ydf | None
    ) -> Iterator[Row]:
        ours, ort = self._pair(graph, "variable")
        for rows, words, goal in self._sizes((12, 6.5), self.batch):
            everybody = {"onnxruntime": ort, **peers}
            equal = tuple(everybody)
            if apart and rows > 1:
                everybody["ydf"] = apart
            goals = {"onnxruntime": goal, **({"lleaves": 4, "ydf": 2.7} if rows > 1 else {"lleaves": 2})}
            yield Row(f"{name}, {words}", rows, ours, everybody, goals, equal)

    def forests(self) -> Iterator[Row]:
        """A RandomForest against ONNX Runtime."""
        trees, depth = self.models.size.forest
        ours, ort = self._pair(self.models.forest(trees, depth), "variable")
        for rows, words, goal in self._sizes((4.3, 0), self.batch):
            goals = {"onnxruntime": goal} if goal else {}
            name = f"RandomForest {trees} depth {depth}, {words}"
            yield Row(name, rows, ours, {"onnxruntime": ort}, goals, ("onnxruntime",))

    def reasons(self) -> Iterator[Row]:
        """Scores, policy and the top reasons of rows, against LightGBM's contributions alone."""
        trees, leaves = self.models.size.boosted[0]
        text, _ = self.models.lightgbm(trees, leaves, binary=True)
        bundle = decision.write_bundle(self.models, text)
        ours = contestants.bundle_rows(bundle, decision.NAMES, self.models.X)
        peer = Summed(contestants.lightgbm_model(text, self.models.X, pred_contrib=True))
        for rows, words, goal in self._sizes((20, 6), min(self.batch, 1000)):
            goals = {"lightgbm pred_contrib": goal}
            name = f"TreeSHAP (whole decision, LightGBM {trees}x{leaves}), {words}"
            yield Row(name, rows, ours, {"lightgbm pred_contrib": peer}, goals, tuple(goals))

    def pipelines(self) -> Iterator[Row]:
        """The string pipeline and the network against ONNX Runtime."""
        for name, graph, output, pick, goals in (
            ("String pipeline", self.models.pipeline(), "probabilities", 1, (1, 2)),
            ("MLP 30-64-32-1", self.models.mlp(), "y", 0, (0.2, 1)),
        ):
            ours, ort = self._pair(graph, output, pick)
            for rows, words, goal in self._sizes(goals, self.batch):
                wanted = {"onnxruntime": goal}
                yield Row(f"{name}, {words}", rows, ours, {"onnxruntime": ort}, wanted, tuple(wanted))

    def decisions(self) -> Iterator[Row]:
        """The whole decision with reasons against Python's parts."""
        trees, leaves = self.models.size.boosted[0]
        text, graph = self.models.lightgbm(trees, leaves, binary=True)
        bundle, records = decision.write_bundle(self.models, text), decision.write_records(self.models)
        ours, texts = contestants.bundle_records(bundle, records), json.loads(records.read_text())
        peer = "onnxruntime + shap + rules in Python"
        peers = {peer: Called(len(texts), decision.composed(texts, text, graph))}
        yield Row("Decision with reasons, one record", 1, ours, peers, {peer: 20}, (peer,))


class Summed:
    """LightGBM's contributions, compared through their sum: the margin, as a probability."""

    def __init__(self, contributions: Contestant) -> None:
        self._contributions = contributions

    def time(self, rows: int, calls: int, first: int) -> float:
        """As `Contestant.time`."""
        return self._contributions.time(rows, calls, first)

    def answers(self, rows: int) -> np.ndarray:
        """Probabilities."""
        table = self._contributions.answers(rows).reshape(rows, -1)
        return 1 / (1 + np.exp(-table.sum(axis=1)))
