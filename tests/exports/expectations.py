"""The cases that do not simply pass, each with its reason, and how many cases there are.

Names are patterns; the first that fits counts. `standard`: the standard speaks, we do what it says, and
onnxruntime does otherwise. `drift`: we and onnxruntime agree, and the exporter has moved the model away from
its source; `scorebox verify` names these. `refused`: the model is refused, with the reason in its error.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

CASES = 491
QUICK_CASES = 196

WRONG_TYPE = "the exporter declares a double where its trees give floats; onnxruntime refuses it too"
LOGISTIC = "the standard applies post_transform to one target as to many; onnxruntime leaves it out"
MISSING = "the standard sends a missing value where its node says; in BRANCH_NEQ onnxruntime compares it"
BOTH_CLASSES = "the label is the top class, as the standard says; onnxruntime looks at the second score alone"
BASE_VALUES = "base values count for their classes, as the standard says; onnxruntime leaves some out"
ONE_BASE = "the standard wants a base value for each class; onnxruntime drops the one that it is given"
NOT_ASCII = "the exporter's pattern for words knows no letter beyond ASCII"
NAN_CELL = "a cell that is fed NaN gives NaN; onnxruntime's activations cut it off to a number"
NAN_CLASS = "an outlier score that is NaN has no sign"
TIES = "float32 distances: neighbours that are equally near, or the row itself, are not at distance zero"

EXPECTED: dict[str, tuple[str, str]] = {
    "sklearn/lda/2": ("drift", "the exporter takes the decision function twice: doubled logits"),
    "sklearn/knn_distance/*": ("drift", TIES),
    "sklearn/knn_weighted/float": ("drift", TIES),
    "sklearn/calibrated_isotonic/3": ("drift", "steps of the isotonic curve in float32"),
    "sklearn/passive/3": ("drift", "modified_huber is exported as one score per class, not normalised"),
    "sklearn/hist_poisson/float": ("drift", "the exporter drops the exponential of the log link"),
    "sklearn/hist_gamma/float": ("drift", "the exporter drops the exponential of the log link"),
    "sklearn/mixed/onehot_rare/forest": ("drift", "a float32 value on a threshold that is a double"),
    "sklearn/gaussian_process/2": ("refused", "com.microsoft.Solve is in no released onnxruntime"),
    "sklearn/*_reg/double": ("refused", WRONG_TYPE),
    "sklearn/hist_deep/double": ("refused", WRONG_TYPE),
    "sklearn/boosting_deep/double": ("refused", WRONG_TYPE),
    "opsets/boosting/double": ("refused", WRONG_TYPE),
    "sklearn/boosting_deep/3": ("refused", "one base value for three classes; onnxruntime refuses it too"),
    "sklearn/radius/*": ("refused", "asks for column -1, which onnxruntime refuses too"),
    "sklearn/one_class": ("standard", NAN_CLASS),
    "sklearn/sgd_one_class": ("standard", NAN_CLASS),
    "lightgbm/rf/*": ("drift", "the exporter sums the trees and divides the probability by 100"),
    "lightgbm/linear_missing/3": ("drift", "zero_as_missing has no counterpart in ONNX"),
    "text/count_char": ("standard", "lower case does not depend on the machine's locale"),
    "text/ascii/*": ("pass", ""),
    "text/tfidf_bernoulli": ("pass", ""),
    "text/*": ("drift", NOT_ASCII),
    "neural/lstm/*": ("standard", NAN_CELL),
    "neural/gru/*": ("standard", NAN_CELL),
    "trees/reg/BRANCH_NEQ/MIN/LOGISTIC/1": ("standard", LOGISTIC),
    "trees/reg/*/LOGISTIC/1": ("standard", LOGISTIC),
    "trees/reg/BRANCH_NEQ/*": ("standard", MISSING),
    "trees/reg/mixed/AVERAGE/NONE/3": ("standard", MISSING),
    "trees/reg/mixed/SUM/NONE/1": ("standard", MISSING),
    # The second score is positive exactly where it is the greater one.
    "trees/cls/SOFTMAX_ZERO/2c2w/text/base0": ("pass", ""),
    "trees/cls/*/2c1w/*/base1": ("refused", ONE_BASE),
    "trees/cls/*/2c1w/*/base2": ("standard", BASE_VALUES),
    "trees/cls/*/2c2w/*/base0": ("standard", BOTH_CLASSES),
    "trees/cls/*/2c2w/*": ("standard", BASE_VALUES),
}
#: The trap that `scorebox.verify` must name, told only the export and the source's answers.
TRAPS = {
    "sklearn/lda/2": "doubled_logits",
    "sklearn/hist_poisson/float": "dropped_exp",
    "sklearn/hist_gamma/float": "dropped_exp",
    "lightgbm/rf/2": "summed_forest",
    "text/count": "unicode_text",
    "text/tfidf": "unicode_text",
}

#: Graphs that their exporter wrote so that they cannot take a batch of no rows; it is refused.
NO_ROWS_REFUSED = ("sklearn/quantile", "sklearn/ovo/*", "sklearn/deep_pipeline/*")


def takes_no_rows(name: str) -> bool:
    """Whether a batch of no rows must score."""
    return not any(fnmatchcase(name, pattern) for pattern in NO_ROWS_REFUSED)


def expected(name: str) -> tuple[str, str]:
    """The verdict that a case must have, and why."""
    found = (verdict for pattern, verdict in EXPECTED.items() if fnmatchcase(name, pattern))
    return next(found, ("pass", ""))
