"""One estimator of each kind, exported for every operator set that its exporter can write."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn import (
    decomposition,
    ensemble,
    linear_model,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
)

from .case import SEED, Case, target
from .sklearn_models import small

#: ai.onnx and ai.onnx.ml: what a model of that year imports.
SETS = (
    (9, 1),
    (10, 1),
    (11, 1),
    (12, 1),
    (13, 2),
    (14, 2),
    (15, 2),
    (16, 3),
    (17, 3),
    (18, 3),
    (19, 3),
    (20, 3),
    (21, 3),
)

ESTIMATORS = {
    "logistic": lambda: pipeline.make_pipeline(
        preprocessing.StandardScaler(), linear_model.LogisticRegression()
    ),
    "forest": lambda: ensemble.RandomForestClassifier(6, max_depth=4, random_state=SEED),
    "boosting": lambda: ensemble.GradientBoostingClassifier(n_estimators=8, random_state=SEED),
    "mlp": lambda: neural_network.MLPClassifier((6,), max_iter=100, random_state=SEED),
    "svc": lambda: svm.SVC(probability=True, random_state=SEED),
    "pca_logistic": lambda: pipeline.make_pipeline(
        decomposition.PCA(3, random_state=SEED), linear_model.LogisticRegression()
    ),
    "knn": lambda: neighbors.KNeighborsClassifier(3),
}
LEAST = {"knn": 11}


def sweeps() -> Iterator[Case]:
    """Each estimator in each pair of operator sets, and in float64 where it has a converter for that."""
    x = small()
    y = target(x, 3)
    for name, make in ESTIMATORS.items():
        model = make().fit(x, y)
        source = {"label": model.predict(x), "probabilities": model.predict_proba(x)}
        for opset, ml in SETS:
            if opset < LEAST.get(name, 0):
                continue
            types = [("X", FloatTensorType([None, x.shape[1]]))]
            pins = {"": opset, "ai.onnx.ml": ml}
            onnx = to_onnx(
                model, initial_types=types, options={id(model): {"zipmap": False}}, target_opset=pins
            )
            tolerance = 1e-4
            yield Case(f"opsets/{name}/{opset}-{ml}", onnx.SerializeToString(), {"X": x}, source, tolerance)
        types = [("X", DoubleTensorType([None, x.shape[1]]))]
        onnx = to_onnx(model, initial_types=types, options={id(model): {"zipmap": False}})
        wide = x.astype(np.float64)
        yield Case(f"opsets/{name}/double", onnx.SerializeToString(), {"X": wide}, source)
