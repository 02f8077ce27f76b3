"""Further families of scikit-learn: meta-estimators, mixtures, outlier detectors, encoders, mixed columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (
    calibration,
    compose,
    cross_decomposition,
    decomposition,
    ensemble,
    feature_selection,
    gaussian_process,
    impute,
    linear_model,
    mixture,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    pipeline,
    preprocessing,
    random_projection,
    svm,
    tree,
)

from .case import SEED, Case, Feeds, target
from .sklearn_models import small

Maker = Callable[[], Any]


def shallow() -> Any:
    """A small tree."""
    return tree.DecisionTreeClassifier(max_depth=3, random_state=SEED)


CLASSIFIERS: dict[str, Maker] = {
    "ovr": lambda: multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
    "ovr_trees": lambda: multiclass.OneVsRestClassifier(shallow()),
    "ovo": lambda: multiclass.OneVsOneClassifier(linear_model.LogisticRegression()),
    "calibrated_forest": lambda: calibration.CalibratedClassifierCV(
        ensemble.RandomForestClassifier(5, max_depth=4, random_state=SEED), cv=2
    ),
    "calibrated_svc": lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2),
    "stacking_boosting": lambda: ensemble.StackingClassifier(
        [
            ("a", ensemble.GradientBoostingClassifier(n_estimators=5, random_state=SEED)),
            ("b", linear_model.LogisticRegression()),
        ]
    ),
    "bagging_logistic": lambda: ensemble.BaggingClassifier(
        linear_model.LogisticRegression(), n_estimators=4, random_state=SEED
    ),
    "ada_stumps": lambda: ensemble.AdaBoostClassifier(
        tree.DecisionTreeClassifier(max_depth=1), n_estimators=20, random_state=SEED
    ),
    "hist_deep": lambda: ensemble.HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=15, l2_regularization=1.0, random_state=SEED
    ),
    "boosting_deep": lambda: ensemble.GradientBoostingClassifier(
        n_estimators=30, max_depth=5, init="zero", random_state=SEED
    ),
    "radius": lambda: neighbors.RadiusNeighborsClassifier(3.0, outlier_label="most_frequent"),
    "knn_cosine": lambda: neighbors.KNeighborsClassifier(3, metric="cosine", algorithm="brute"),
    "knn_manhattan": lambda: neighbors.KNeighborsClassifier(3, metric="manhattan"),
    "passive": lambda: linear_model.SGDClassifier(loss="modified_huber", random_state=SEED),
    "svc_sigmoid": lambda: svm.SVC(kernel="sigmoid", probability=True, random_state=SEED),
    "deep_pipeline": lambda: pipeline.make_pipeline(
        impute.SimpleImputer(strategy="median"),
        preprocessing.QuantileTransformer(n_quantiles=20, random_state=SEED),
        decomposition.PCA(3, random_state=SEED),
        ensemble.ExtraTreesClassifier(10, max_depth=5, random_state=SEED),
    ),
    "binned": lambda: pipeline.make_pipeline(
        preprocessing.KBinsDiscretizer(
            5, encode="onehot-dense", strategy="uniform", quantile_method="averaged_inverted_cdf"
        ),
        linear_model.LogisticRegression(max_iter=300),
    ),
    "selected": lambda: pipeline.make_pipeline(
        feature_selection.SelectFromModel(
            ensemble.ExtraTreesClassifier(10, random_state=SEED), threshold="median"
        ),
        linear_model.LogisticRegression(),
    ),
}

REGRESSORS: dict[str, Maker] = {
    "ransac": lambda: linear_model.RANSACRegressor(random_state=SEED),
    "theil": lambda: linear_model.TheilSenRegressor(random_state=SEED),
    "ard": lambda: linear_model.ARDRegression(),
    "lars": lambda: linear_model.LassoLars(alpha=0.01),
    "omp": lambda: linear_model.OrthogonalMatchingPursuit(),
    "quantile_lp": lambda: linear_model.QuantileRegressor(alpha=0.01),
    "sgd": lambda: linear_model.SGDRegressor(random_state=SEED),
    "pls": lambda: cross_decomposition.PLSRegression(2),
    "bagging_reg": lambda: ensemble.BaggingRegressor(n_estimators=5, random_state=SEED),
    "extra_reg": lambda: ensemble.ExtraTreesRegressor(10, max_depth=6, random_state=SEED),
    "voting_reg": lambda: ensemble.VotingRegressor(
        [("a", linear_model.LinearRegression()), ("b", tree.DecisionTreeRegressor(max_depth=4))]
    ),
    "stacking_reg": lambda: ensemble.StackingRegressor(
        [("a", linear_model.LinearRegression()), ("b", tree.DecisionTreeRegressor(max_depth=4))]
    ),
    "hist_poisson": lambda: ensemble.HistGradientBoostingRegressor(
        loss="poisson", max_iter=20, random_state=SEED
    ),
    "hist_gamma": lambda: ensemble.HistGradientBoostingRegressor(
        loss="gamma", max_iter=20, random_state=SEED
    ),
    "boosting_huber": lambda: ensemble.GradientBoostingRegressor(
        n_estimators=20, loss="huber", random_state=SEED
    ),
    "knn_weighted": lambda: neighbors.KNeighborsRegressor(4, weights="distance"),
    "nu_svr": lambda: svm.NuSVR(nu=0.5),
    "svr_poly": lambda: svm.SVR(kernel="poly", degree=3, coef0=0.5),
    "gp_matern": lambda: gaussian_process.GaussianProcessRegressor(
        gaussian_process.kernels.Matern(nu=1.5), alpha=0.1, random_state=SEED
    ),
    "gp_sum": lambda: gaussian_process.GaussianProcessRegressor(
        gaussian_process.kernels.RBF() + gaussian_process.kernels.DotProduct(), alpha=1.0, random_state=SEED
    ),
    "spline": lambda: pipeline.make_pipeline(
        preprocessing.PolynomialFeatures(3, interaction_only=True), linear_model.Ridge()
    ),
    "multi_output": lambda: multioutput.MultiOutputRegressor(linear_model.Ridge()),
}

TRANSFORMERS: dict[str, Maker] = {
    "kbins_kmeans": lambda: preprocessing.KBinsDiscretizer(5, encode="ordinal", strategy="kmeans"),
    "power_boxcox_free": lambda: preprocessing.PowerTransformer(standardize=False),
    "minmax_free": lambda: preprocessing.MinMaxScaler((-1, 1)),
    "imputer_constant": lambda: impute.SimpleImputer(strategy="constant", fill_value=-7.5),
    "imputer_frequent": lambda: impute.SimpleImputer(strategy="most_frequent"),
    "incremental_pca": lambda: decomposition.IncrementalPCA(3),
    "kernel_pca": lambda: decomposition.KernelPCA(3, kernel="rbf", random_state=SEED),
    "projection": lambda: random_projection.GaussianRandomProjection(3, random_state=SEED),
    "percentile": lambda: feature_selection.SelectPercentile(percentile=50),
    "fdr": lambda: feature_selection.SelectFdr(alpha=0.5),
    "union": lambda: pipeline.make_union(
        preprocessing.StandardScaler(), decomposition.PCA(2, random_state=SEED)
    ),
    "normalizer_l2": lambda: preprocessing.Normalizer(),
}

OUTLIERS: dict[str, Maker] = {
    "isolation": lambda: ensemble.IsolationForest(n_estimators=20, random_state=SEED),
    "lof": lambda: neighbors.LocalOutlierFactor(10, novelty=True),
    "one_class": lambda: svm.OneClassSVM(nu=0.2),
    "sgd_one_class": lambda: linear_model.SGDOneClassSVM(random_state=SEED),
    "mixture": lambda: mixture.GaussianMixture(3, random_state=SEED),
    "mixture_tied": lambda: mixture.GaussianMixture(2, covariance_type="tied", random_state=SEED),
    "mixture_diag": lambda: mixture.BayesianGaussianMixture(
        n_components=2, covariance_type="diag", random_state=SEED
    ),
}


def sources(model: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    """What the library answers, by the name that the exporter gives each answer."""
    found = {"label": np.asarray(model.predict(x))}
    if hasattr(model, "predict_proba"):
        found["probabilities"] = model.predict_proba(x)
    return found


def classifiers() -> Iterator[Case]:
    """Every further classifier, two and three classes."""
    x = small()
    for classes in (2, 3):
        y = target(x, classes)
        for name, make in CLASSIFIERS.items():
            model = make().fit(x, y)
            try:
                onnx = to_onnx(model, x[:1], options={id(model): {"zipmap": False}})
            except (NameError, RuntimeError):  # pipelines and one-versus-rest have no such option
                onnx = to_onnx(model, x[:1])
            yield Case(f"sklearn/{name}/{classes}", onnx.SerializeToString(), {"X": x}, sources(model, x))
    counts = np.abs(np.round(x * 3)).astype(np.int64)
    for name, maker in {
        "multinomial_nb": naive_bayes.MultinomialNB,
        "bernoulli_nb": naive_bayes.BernoulliNB,
        "complement_nb": naive_bayes.ComplementNB,
        "categorical_nb": naive_bayes.CategoricalNB,
    }.items():
        model = maker().fit(counts, target(x, 3))
        types = [("X", Int64TensorType([None, counts.shape[1]]))]
        onnx = to_onnx(model, initial_types=types, options={id(model): {"zipmap": False}})
        yield Case(f"sklearn/{name}/int", onnx.SerializeToString(), {"X": counts}, sources(model, counts))
    words = np.array(["none", "mid", "höchst"])[target(x, 3)]
    for name in ("ovr", "stacking_boosting", "calibrated_forest", "svc_sigmoid", "ada_stumps"):
        model = CLASSIFIERS[name]().fit(x, words)
        source = {"output_label": np.asarray(model.predict(x)), "label": np.asarray(model.predict(x))}
        yield Case(f"sklearn/{name}/words", to_onnx(model, x[:1]).SerializeToString(), {"X": x}, source)
    for name in ("hist_deep", "boosting_deep"):
        model = CLASSIFIERS[name]().fit(x.astype(np.float64), target(x))
        types = [("X", DoubleTensorType([None, x.shape[1]]))]
        onnx = to_onnx(model, initial_types=types, options={id(model): {"zipmap": False}})
        wide = x.astype(np.float64)
        yield Case(f"sklearn/{name}/double", onnx.SerializeToString(), {"X": wide}, sources(model, wide))


def regressors() -> Iterator[Case]:
    """Every further regressor."""
    x = small()
    y = np.exp(x[:, 1] * 0.3) + x[:, 3] ** 2 * 0.1 + 0.1
    for name, make in REGRESSORS.items():
        model = make().fit(x, np.column_stack([y, -y]) if name == "multi_output" else y)
        answer = np.asarray(model.predict(x)).reshape(len(x), -1)
        source = {"variable": answer, "GPmean": answer}
        # Kernels and neighbours in float32: sums of many terms that nearly cancel.
        loose = 1e-3 if name.startswith(("gp_", "knn", "svr")) else 1e-5
        onnx = to_onnx(model, x[:1]).SerializeToString()
        yield Case(f"sklearn/{name}/float", onnx, {"X": x}, source, max(loose, 1e-4), tolerance=loose)


def transformers() -> Iterator[Case]:
    """Every further transformer."""
    x = small()
    holes = x.copy()
    holes[::7, 2] = np.nan
    for name, make in TRANSFORMERS.items():
        data = holes if name.startswith("imputer") else x
        model = make().fit(data, target(x))
        answer = model.transform(data)
        answer = np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
        onnx = to_onnx(model, data[:1]).SerializeToString()
        yield Case(f"sklearn/{name}", onnx, {"X": data}, {"variable": answer}, 1e-3, tolerance=1e-4)


def outliers() -> Iterator[Case]:
    """Detectors and mixtures: labels and scores."""
    x = small()
    for name, make in OUTLIERS.items():
        model = make().fit(x)
        onnx = to_onnx(model, x[:1], target_opset={"": 21, "ai.onnx.ml": 3})
        answer = np.asarray(model.predict(x))
        source = {"label": answer.reshape(-1, 1) if name in ("isolation", "lof") else answer}
        if hasattr(model, "predict_proba"):
            source["probabilities"] = model.predict_proba(x)
        yield Case(f"sklearn/{name}", onnx.SerializeToString(), {"X": x}, source, 1e-3, tolerance=1e-4)


def frame() -> pd.DataFrame:
    """Columns as a bank has them: amounts, counts, flags, and categories in several scripts."""
    rng = np.random.default_rng(SEED)
    rows = 200
    return pd.DataFrame(
        {
            "amount": np.exp(rng.normal(size=rows)).astype(np.float32),
            "age": rng.integers(18, 90, rows),
            "home": rng.choice(np.array(["own", "rent", "free", "Zürich", "北京", ""]), rows),
            "channel": rng.choice(np.array(["app", "branch", "web"]), rows),
        }
    )


COLUMNS: dict[str, Maker] = {
    "target_encoder": lambda: preprocessing.TargetEncoder(smooth=2.0, random_state=SEED),
    "onehot_rare": lambda: preprocessing.OneHotEncoder(
        min_frequency=30, handle_unknown="infrequent_if_exist", sparse_output=False
    ),
    "onehot_unknown": lambda: preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "ordinal_unknown": lambda: preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1
    ),
}


def mixed() -> Iterator[Case]:
    """Text, integers and floats in one graph, for every encoder that has a converter."""
    data = frame()
    y = ((data["amount"] > 1) ^ (data["home"] == "rent")).astype(int).to_numpy()
    types = [
        ("amount", FloatTensorType([None, 1])),
        ("age", Int64TensorType([None, 1])),
        ("home", StringTensorType([None, 1])),
        ("channel", StringTensorType([None, 1])),
    ]
    feeds: Feeds = {
        "amount": data[["amount"]].to_numpy(np.float32),
        "age": data[["age"]].to_numpy(np.int64),
        "home": data[["home"]].to_numpy(object),
        "channel": data[["channel"]].to_numpy(object),
    }
    for name, make in COLUMNS.items():
        columns = compose.ColumnTransformer(
            [("n", preprocessing.StandardScaler(), ["amount", "age"]), ("t", make(), ["home", "channel"])]
        )
        for kind, estimator in {
            "logistic": linear_model.LogisticRegression(max_iter=300),
            "forest": ensemble.RandomForestClassifier(8, max_depth=5, random_state=SEED),
        }.items():
            model = pipeline.make_pipeline(columns, estimator).fit(data, y)
            onnx = to_onnx(model, initial_types=types, options={id(model): {"zipmap": False}})
            source = {"label": model.predict(data), "probabilities": model.predict_proba(data)}
            yield Case(f"sklearn/mixed/{name}/{kind}", onnx.SerializeToString(), feeds, source)
