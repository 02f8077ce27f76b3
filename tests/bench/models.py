"""Trains the models and exports them. What is in the folder already is not made again.

All values lie on a grid of 1/1024, and so do midpoints between them closely enough for float32: thresholds
mean the same in float64 (LightGBM) and float32 (ONNX), and every peer takes the same way through a tree.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightgbm as lgb
import numpy as np
import onnx
import tl2cgen
import treelite
import xgboost as xgb
from onnx import TensorProto, helper, numpy_helper
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType as SkFloats
from skl2onnx.common.data_types import StringTensorType as SkTexts
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

COLUMNS = 30
TEXT_NUMBERS, TEXT_COLUMNS, CATEGORIES = 10, 6, 20
LAYERS = (64, 32)


@dataclass(frozen=True)
class Size:
    """How much is trained and measured."""

    rows: int
    boosted: tuple[tuple[int, int], ...]
    xgboost: tuple[int, int]
    forest: tuple[int, int]


FULL = Size(rows=20_000, boosted=((100, 31), (500, 31)), xgboost=(300, 6), forest=(200, 12))
QUICK = Size(rows=600, boosted=((8, 15),), xgboost=(6, 4), forest=(6, 8))


class Models:
    """The folder of models and rows."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(5)
        grid = np.round(random.standard_normal((size.rows, COLUMNS)) * 1024) / 1024
        self.X = grid.astype(np.float32)
        signal = grid[:, 0] * grid[:, 1] + np.sin(3 * grid[:, 2]) + 0.5 * (grid[:, 3] > 0.2) * grid[:, 4]
        self.y = signal + 0.3 * random.standard_normal(size.rows)
        self.binary = (self.y > 0.3).astype(int)
        texts = random.integers(0, CATEGORIES, (size.rows, TEXT_COLUMNS))
        self.texts = np.array([f"category-{at:02}" for at in range(CATEGORIES)], dtype=object)[texts]
        holes = self.X[:, :TEXT_NUMBERS].copy()
        holes[random.random(holes.shape) < 0.05] = np.nan
        self.holes = holes

    def made(self, name: str, make: Callable[[Path], None]) -> Path:
        """The file of this name, made where it is not there."""
        path = self.folder / name
        if not path.exists():
            make(path)
        return path

    def lightgbm(self, trees: int, leaves: int, binary: bool = False) -> tuple[Path, Path]:
        """A LightGBM booster: its own file and its ONNX form."""
        name = f"lightgbm-{trees}x{leaves}{'-binary' if binary else ''}"

        def train(path: Path) -> None:
            target, objective = (self.binary, "binary") if binary else (self.y, "regression")
            settings = {
                "objective": objective,
                "num_leaves": leaves,
                "verbose": -1,
                "num_threads": 1,
                "seed": 1,
            }
            data = lgb.Dataset(self.X.astype(np.float64), target)
            lgb.train(settings, data, trees).save_model(path)

        def export(path: Path) -> None:
            booster = lgb.Booster(model_file=text)
            types = [("X", FloatTensorType([None, COLUMNS]))]
            onnx.save(convert_lightgbm(booster, initial_types=types, zipmap=False, target_opset=15), path)

        text = self.made(f"{name}.txt", train)
        return text, self.made(f"{name}.onnx", export)

    def xgboost(self, trees: int, depth: int) -> tuple[Path, Path]:
        """An XGBoost booster: its own file and its ONNX form."""
        name = f"xgboost-{trees}d{depth}"
        booster = xgb.XGBRegressor(n_estimators=trees, max_depth=depth, n_jobs=1, base_score=0.5)

        def train(path: Path) -> None:
            booster.fit(self.X, self.y)
            booster.save_model(path)

        def export(path: Path) -> None:
            booster.load_model(text)
            types = [("X", FloatTensorType([None, COLUMNS]))]
            onnx.save(convert_xgboost(booster, initial_types=types, target_opset=15), path)

        text = self.made(f"{name}.json", train)
        return text, self.made(f"{name}.onnx", export)

    def tl2cgen(self, source: Path) -> Path:
        """The booster as C, compiled by gcc with the flags that its authors advise and for this machine."""

        def build(path: Path) -> None:
            lightgbm = source.suffix == ".txt"
            load = treelite.frontend.load_lightgbm_model if lightgbm else treelite.frontend.load_xgboost_model
            tl2cgen.export_lib(
                load(source),
                toolchain="gcc",
                libpath=path,
                # Not for XGBoost: quantised, tl2cgen 1.0 sends some of its rows the wrong way.
                params={"quantize": int(lightgbm), "parallel_comp": 8},
                options=["-O3", "-march=native"],
                nthread=1,
            )

        return self.made(f"{source.stem}.tl2cgen.so", build)

    def lleaves(self, source: Path, python: Path) -> Path:
        """The booster as lleaves compiles it, linked to a library. It runs in an environment of its own."""

        def build(path: Path) -> None:
            program = (
                "import sys, lleaves\n"
                "m = lleaves.Model(model_file=sys.argv[1])\n"
                "m.compile(cache=sys.argv[2], raw_score=True)\n"
            )
            binary = path.with_suffix(".o")
            subprocess.run([python, "-c", program, source, binary], check=True)
            subprocess.run(["gcc", "-shared", "-o", path, binary, "-lm"], check=True)

        return self.made(f"{source.stem}.lleaves.so", build)

    def forest(self, trees: int, depth: int) -> Path:
        """A RandomForest of scikit-learn."""

        def train(path: Path) -> None:
            forest = RandomForestRegressor(trees, max_depth=depth, n_jobs=1, random_state=1).fit(
                self.X, self.y
            )
            path.write_bytes(to_onnx(forest, self.X[:1], target_opset=18).SerializeToString())

        return self.made(f"forest-{trees}d{depth}.onnx", train)

    def pipeline(self) -> Path:
        """Impute, scale, one-hot, logistic regression: ten numbers with holes and six texts."""

        def train(path: Path) -> None:
            numbers, texts = list(range(TEXT_NUMBERS)), list(range(TEXT_NUMBERS, TEXT_NUMBERS + TEXT_COLUMNS))
            prepare = ColumnTransformer(
                [
                    ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
                    ("texts", OneHotEncoder(handle_unknown="ignore"), texts),
                ]
            )
            table = np.concatenate([self.holes.astype(object), self.texts], axis=1)
            fitted = make_pipeline(prepare, LogisticRegression(max_iter=300)).fit(table, self.binary)
            types = [
                ("numbers", SkFloats([None, TEXT_NUMBERS])),
                ("texts", SkTexts([None, TEXT_COLUMNS])),
            ]
            options = {LogisticRegression: {"zipmap": False}}
            graph = to_onnx(fitted, initial_types=types, options=options, target_opset=18)
            path.write_bytes(graph.SerializeToString())

        return self.made("pipeline.onnx", train)

    def mlp(self) -> Path:
        """A network 30-64-32-1 as PyTorch exports one: Gemm, Relu, Sigmoid."""

        def train(path: Path) -> None:
            fitted = MLPClassifier(LAYERS, max_iter=5, random_state=1).fit(self.X, self.binary)
            nodes, tensors, last = [], [], "X"
            layers = list(zip(fitted.coefs_, fitted.intercepts_, strict=True))
            for at, (weights, biases) in enumerate(layers):
                end = at == len(layers) - 1
                tensors.append(numpy_helper.from_array(weights.astype(np.float32), f"w{at}"))
                tensors.append(numpy_helper.from_array(biases.astype(np.float32), f"b{at}"))
                nodes.append(helper.make_node("Gemm", [last, f"w{at}", f"b{at}"], [f"g{at}"]))
                last = "y" if end else f"r{at}"
                nodes.append(helper.make_node("Sigmoid" if end else "Relu", [f"g{at}"], [last]))
            ends = [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])
                for name, width in (("X", COLUMNS), ("y", 1))
            ]
            graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], tensors)
            opset = [helper.make_opsetid("", 18)]
            onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)

        return self.made("mlp.onnx", train)
