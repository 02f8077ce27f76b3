"""LightGBM, XGBoost and CatBoost as their converters export them."""

from __future__ import annotations

from collections.abc import Iterator

import catboost
import lightgbm
import numpy as np
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from .case import SEED, Case, table, target

LIGHTGBM = {
    "gbdt": {},
    "dart": {"boosting_type": "dart"},
    "rf": {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.7},
    "unbalanced": {"is_unbalance": True},
    "linear_missing": {"use_missing": True, "zero_as_missing": True},
}


def lightgbm_models() -> Iterator[Case]:
    """Binary, multi-class, one-versus-all and regression objectives, with holes in the data."""
    x = table(400)
    holes = x.copy()
    holes[::5, 3] = np.nan
    holes[::11, 0] = np.nan
    for name, extra in LIGHTGBM.items():
        for classes in (2, 3):
            model = lightgbm.LGBMClassifier(
                n_estimators=15, num_leaves=7, random_state=SEED, verbose=-1, **extra
            ).fit(holes, target(x, classes))
            onnx = convert_lightgbm(
                model, initial_types=[("X", FloatTensorType([None, x.shape[1]]))], zipmap=False
            )
            source = {"probabilities": model.predict_proba(holes)}
            yield Case(f"lightgbm/{name}/{classes}", onnx.SerializeToString(), {"X": holes}, source)
    for objective in ("regression", "poisson", "tweedie", "gamma", "quantile", "l1", "huber"):
        y = np.exp(x[:, 3] * 0.3) + 0.1
        model = lightgbm.LGBMRegressor(
            n_estimators=15, num_leaves=7, objective=objective, random_state=SEED, verbose=-1
        ).fit(holes, y)
        onnx = convert_lightgbm(model, initial_types=[("X", FloatTensorType([None, x.shape[1]]))])
        yield Case(f"lightgbm/{objective}", onnx.SerializeToString(), {"X": holes})


def xgboost_models() -> Iterator[Case]:
    """Binary, multi-class, ranking and regression objectives, base scores, dart."""
    x = table(400)
    holes = x.copy()
    holes[::6, 3] = np.nan
    types = [("input", FloatTensorType([None, x.shape[1]]))]
    for classes in (2, 4):
        for name, extra in {"gbtree": {}, "base": {"base_score": 0.3}, "depth1": {"max_depth": 1}}.items():
            model = xgboost.XGBClassifier(n_estimators=12, random_state=SEED, **{"max_depth": 4, **extra})
            model.fit(holes, target(x, classes))
            onnx = convert_xgboost(model, initial_types=types)
            source = {"probabilities": model.predict_proba(holes)}
            yield Case(f"xgboost/{name}/{classes}", onnx.SerializeToString(), {"input": holes}, source)
    for objective in ("reg:squarederror", "reg:logistic", "count:poisson", "reg:tweedie", "reg:gamma"):
        y = np.clip(np.exp(x[:, 3] * 0.3), 0.05, 0.95 if "logistic" in objective else None)
        model = xgboost.XGBRegressor(n_estimators=12, max_depth=4, objective=objective, random_state=SEED)
        onnx = convert_xgboost(model.fit(holes, y), initial_types=types)
        yield Case(f"xgboost/{objective}", onnx.SerializeToString(), {"input": holes})


def catboost_models() -> Iterator[Case]:
    """CatBoost writes ONNX itself: oblivious trees, a label from the classifier, ZipMap."""
    import tempfile
    from pathlib import Path

    x = table(400)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        for classes in (2, 3):
            model = catboost.CatBoostClassifier(
                iterations=15, depth=4, random_seed=SEED, verbose=False, allow_writing_files=False
            ).fit(x, target(x, classes))
            model.save_model(str(file), format="onnx")
            yield Case(f"catboost/{classes}", file.read_bytes(), {"features": x})
        for loss in ("RMSE", "MAE", "Quantile"):
            model = catboost.CatBoostRegressor(
                iterations=15,
                depth=4,
                loss_function=loss,
                random_seed=SEED,
                verbose=False,
                allow_writing_files=False,
            ).fit(x, x[:, 3])
            model.save_model(str(file), format="onnx")
            source = {"predictions": model.predict(x).reshape(-1, 1)}
            yield Case(f"catboost/{loss}", file.read_bytes(), {"features": x}, source)
