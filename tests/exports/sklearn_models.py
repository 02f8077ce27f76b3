"""scikit-learn estimators as skl2onnx exports them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn import (
    calibration,
    cluster,
    compose,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_selection,
    gaussian_process,
    impute,
    linear_model,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

from .case import SEED, Case, plain_integers, table, target

plain_integers()

CLASSIFIERS = {
    "logistic": lambda: linear_model.LogisticRegression(max_iter=500),
    "ridge_classifier": lambda: linear_model.RidgeClassifier(),
    "sgd_log": lambda: linear_model.SGDClassifier(loss="log_loss", random_state=SEED),
    "sgd_hinge": lambda: linear_model.SGDClassifier(random_state=SEED),
    "perceptron": lambda: linear_model.Perceptron(random_state=SEED),
    "tree": lambda: tree.DecisionTreeClassifier(max_depth=6, random_state=SEED),
    "forest": lambda: ensemble.RandomForestClassifier(20, max_depth=7, random_state=SEED),
    "extra_trees": lambda: ensemble.ExtraTreesClassifier(20, max_depth=7, random_state=SEED),
    "gradient_boosting": lambda: ensemble.GradientBoostingClassifier(n_estimators=20, random_state=SEED),
    "hist_boosting": lambda: ensemble.HistGradientBoostingClassifier(max_iter=20, random_state=SEED),
    "ada": lambda: ensemble.AdaBoostClassifier(n_estimators=10, random_state=SEED),
    "bagging": lambda: ensemble.BaggingClassifier(n_estimators=5, random_state=SEED),
    "voting_soft": lambda: ensemble.VotingClassifier(
        [("a", naive_bayes.GaussianNB()), ("b", tree.DecisionTreeClassifier(max_depth=4, random_state=SEED))],
        voting="soft",
        flatten_transform=False,
    ),
    "voting_hard": lambda: ensemble.VotingClassifier(
        [("a", naive_bayes.GaussianNB()), ("b", tree.DecisionTreeClassifier(max_depth=4, random_state=SEED))],
        flatten_transform=False,
    ),
    "stacking": lambda: ensemble.StackingClassifier(
        [("a", tree.DecisionTreeClassifier(max_depth=4, random_state=SEED)), ("b", naive_bayes.GaussianNB())]
    ),
    "gaussian_nb": lambda: naive_bayes.GaussianNB(),
    "lda": lambda: discriminant_analysis.LinearDiscriminantAnalysis(),
    "qda": lambda: discriminant_analysis.QuadraticDiscriminantAnalysis(),
    "knn": lambda: neighbors.KNeighborsClassifier(5),
    "knn_distance": lambda: neighbors.KNeighborsClassifier(5, weights="distance"),
    "svc_rbf_probability": lambda: svm.SVC(probability=True, random_state=SEED),
    "svc_linear": lambda: svm.SVC(kernel="linear"),
    "svc_poly": lambda: svm.SVC(kernel="poly", degree=2, probability=True, random_state=SEED),
    "nu_svc": lambda: svm.NuSVC(probability=True, nu=0.3, random_state=SEED),
    "linear_svc": lambda: svm.LinearSVC(),
    "mlp": lambda: neural_network.MLPClassifier((8, 4), max_iter=200, random_state=SEED),
    "mlp_tanh": lambda: neural_network.MLPClassifier(
        (8,), activation="tanh", max_iter=200, random_state=SEED
    ),
    "calibrated_sigmoid": lambda: calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2),
    "calibrated_isotonic": lambda: calibration.CalibratedClassifierCV(
        tree.DecisionTreeClassifier(max_depth=4, random_state=SEED), method="isotonic", cv=2
    ),
    "gaussian_process": lambda: gaussian_process.GaussianProcessClassifier(random_state=SEED),
}

REGRESSORS = {
    "linear": lambda: linear_model.LinearRegression(),
    "ridge": lambda: linear_model.Ridge(),
    "lasso": lambda: linear_model.Lasso(alpha=0.1),
    "elastic": lambda: linear_model.ElasticNet(alpha=0.1),
    "huber": lambda: linear_model.HuberRegressor(max_iter=1000),
    "bayesian_ridge": lambda: linear_model.BayesianRidge(),
    "poisson": lambda: linear_model.PoissonRegressor(alpha=1.0),
    "gamma": lambda: linear_model.GammaRegressor(alpha=1.0),
    "tweedie": lambda: linear_model.TweedieRegressor(power=1.5, alpha=1.0),
    "tree_reg": lambda: tree.DecisionTreeRegressor(max_depth=6, random_state=SEED),
    "forest_reg": lambda: ensemble.RandomForestRegressor(20, max_depth=7, random_state=SEED),
    "gradient_boosting_reg": lambda: ensemble.GradientBoostingRegressor(n_estimators=20, random_state=SEED),
    "hist_boosting_reg": lambda: ensemble.HistGradientBoostingRegressor(max_iter=20, random_state=SEED),
    "ada_reg": lambda: ensemble.AdaBoostRegressor(n_estimators=10, random_state=SEED),
    "svr": lambda: svm.SVR(),
    "linear_svr": lambda: svm.LinearSVR(random_state=SEED),
    "knn_reg": lambda: neighbors.KNeighborsRegressor(4),
    "mlp_reg": lambda: neural_network.MLPRegressor(hidden_layer_sizes=(8,), max_iter=200, random_state=SEED),
    "gp_reg": lambda: gaussian_process.GaussianProcessRegressor(random_state=SEED, alpha=1e-2),
}

TRANSFORMERS = {
    "standard": lambda: preprocessing.StandardScaler(),
    "minmax": lambda: preprocessing.MinMaxScaler(clip=True),
    "maxabs": lambda: preprocessing.MaxAbsScaler(),
    "robust": lambda: preprocessing.RobustScaler(),
    "power": lambda: preprocessing.PowerTransformer(),
    "quantile": lambda: preprocessing.QuantileTransformer(n_quantiles=50, random_state=SEED),
    "polynomial": lambda: preprocessing.PolynomialFeatures(2),
    "kbins": lambda: preprocessing.KBinsDiscretizer(
        4, encode="onehot-dense", quantile_method="averaged_inverted_cdf"
    ),
    "kbins_ordinal": lambda: preprocessing.KBinsDiscretizer(
        4, encode="ordinal", quantile_method="averaged_inverted_cdf"
    ),
    "binarizer": lambda: preprocessing.Binarizer(threshold=0.5),
    "normalizer_l1": lambda: preprocessing.Normalizer("l1"),
    "normalizer_max": lambda: preprocessing.Normalizer("max"),
    "imputer_mean": lambda: impute.SimpleImputer(),
    "imputer_indicator": lambda: impute.SimpleImputer(add_indicator=True),
    "knn_imputer": lambda: impute.KNNImputer(n_neighbors=3),
    "pca": lambda: decomposition.PCA(3, random_state=SEED),
    "svd": lambda: decomposition.TruncatedSVD(3, random_state=SEED),
    "kmeans": lambda: cluster.KMeans(3, n_init=2, random_state=SEED),
    "select_k": lambda: feature_selection.SelectKBest(k=3),
    "variance": lambda: feature_selection.VarianceThreshold(0.5),
}


def small() -> np.ndarray:
    """Standardised rows: kernels and neighbours mean something on them."""
    x = table(160, 5)
    return ((x - x.mean(0)) / x.std(0)).astype(np.float32)


def classifiers() -> Iterator[Case]:
    """Every classifier, two and three classes, integer and text labels, with and without ZipMap."""
    x = small()
    for classes in (2, 3):
        y = target(x, classes)
        for name, make in CLASSIFIERS.items():
            if name == "gaussian_process" and classes > 2:
                continue  # the exporter takes two classes only
            model = make().fit(x, y)
            options = {id(model): {"zipmap": False}}
            source = {"label": np.asarray(model.predict(x))}
            if hasattr(model, "predict_proba"):
                source["probabilities"] = model.predict_proba(x)
            try:
                onnx = to_onnx(model, x[:1], options=options)
            except (NameError, RuntimeError):  # the estimator has no such option or no converter for it
                onnx = to_onnx(model, x[:1])
            yield Case(f"sklearn/{name}/{classes}", onnx.SerializeToString(), {"X": x}, source)
    words = np.array(["low", "mid", "high"])[target(x, 3)]
    for name in ("logistic", "forest", "hist_boosting", "knn", "svc_rbf_probability", "gaussian_nb"):
        model = CLASSIFIERS[name]().fit(x, words)
        yield Case(f"sklearn/{name}/words", to_onnx(model, x[:1]).SerializeToString(), {"X": x})


def regressors() -> Iterator[Case]:
    """Every regressor, in float32 and, where the exporter can, in float64."""
    x = small()
    y = np.exp(x[:, 1] * 0.3) + x[:, 3] ** 2 * 0.1 + 0.1
    for name, make in REGRESSORS.items():
        model = make().fit(x, y)
        source = {"variable": model.predict(x).reshape(-1, 1)}
        # A kernel's sum of many terms that nearly cancel: float32 keeps four digits of it.
        loose = {"tolerance": 1e-3, "source_tolerance": 1e-2} if name == "gp_reg" else {}
        yield Case(
            f"sklearn/{name}/float", to_onnx(model, x[:1]).SerializeToString(), {"X": x}, source, **loose
        )
        wide = x.astype(np.float64)
        if name in ("linear", "ridge", "poisson", "forest_reg", "hist_boosting_reg", "tree_reg"):
            onnx = to_onnx(model, initial_types=[("X", DoubleTensorType([None, x.shape[1]]))])
            yield Case(f"sklearn/{name}/double", onnx.SerializeToString(), {"X": wide}, source)


def transformers() -> Iterator[Case]:
    """Every transformer."""
    x = small()
    holes = x.copy()
    holes[::7, 2] = np.nan
    y = target(x)
    for name, make in TRANSFORMERS.items():
        data = holes if "imputer" in name else x
        model = make().fit(data, y)
        onnx = to_onnx(model, data[:1])
        yield Case(f"sklearn/{name}", onnx.SerializeToString(), {"X": data}, {}, tolerance=1e-4)


def pipelines() -> Iterator[Case]:
    """Mixed columns: text and numbers, unknown categories, one input per column."""
    x = table(200, 4)
    rng = np.random.default_rng(SEED)
    words = rng.choice(np.array(["own", "rent", "free", "Zürich", "北京", ""]), (200, 2))
    y = target(x)
    import pandas as pd

    frame = pd.DataFrame(x, columns=["a", "b", "c", "d"]).assign(home=words[:, 0], city=words[:, 1])
    for encoder in ("onehot", "ordinal", "target_free"):
        numbers = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
        texts = (
            preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
            if encoder == "ordinal"
            else preprocessing.OneHotEncoder(
                handle_unknown="ignore", drop=None if encoder == "onehot" else "first", sparse_output=False
            )
        )
        columns = compose.ColumnTransformer(
            [("n", numbers, ["a", "b", "c", "d"]), ("t", texts, ["home", "city"])]
        )
        model = pipeline.make_pipeline(columns, linear_model.LogisticRegression(max_iter=300)).fit(frame, y)
        types = [(c, FloatTensorType([None, 1])) for c in "abcd"] + [
            (c, StringTensorType([None, 1])) for c in ("home", "city")
        ]
        onnx = to_onnx(model, initial_types=types)
        feeds = {c: frame[[c]].to_numpy(np.float32) for c in "abcd"}
        unseen = frame[["home", "city"]].copy()
        if encoder != "target_free":
            unseen.iloc[::9, 0] = "unseen"
        feeds |= {c: unseen[[c]].to_numpy(object) for c in ("home", "city")}
        yield Case(f"sklearn/pipeline/{encoder}", onnx.SerializeToString(), feeds)
