"""The node tests of the onnx package, generated (the package ships no data files for them)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_model_tests

# Element types that no tabular exporter writes: bfloat16, the 8-bit floats, and everything below 8 bits.
UNCOMMON = {
    getattr(TensorProto, name)
    for name in dict(TensorProto.DataType.items())
    if name.startswith(("BFLOAT", "FLOAT8", "FLOAT4", "FLOAT6", "INT4", "UINT4", "INT2", "UINT2", "COMPLEX"))
}
TRAINING = ("ai.onnx.preview.training", "ai.onnx.training")


@dataclass(frozen=True)
class Case:
    """One node test: a model, feeds, expected outputs."""

    name: str
    operator: str
    model: onnx.ModelProto
    feeds: list[object]
    expected: list[object]
    rtol: float
    atol: float

    @property
    def out_of_scope(self) -> bool:
        """Whether it is about training or about element types that tabular models do not use."""
        types = [info.type for info in (*self.model.graph.input, *self.model.graph.output)]
        return any(opset.domain in TRAINING for opset in self.model.opset_import) or any(
            element_type(kind) in UNCOMMON for kind in types
        )


def element_type(kind: onnx.TypeProto) -> int:
    """The element type of a tensor, or of what a sequence or optional holds."""
    if kind.HasField("sequence_type"):
        return element_type(kind.sequence_type.elem_type)
    if kind.HasField("optional_type"):
        return element_type(kind.optional_type.elem_type)
    return kind.tensor_type.elem_type


def node_tests() -> Iterator[Case]:
    """Every node test, grouped under the operator that it is about.

    Many tests come twice: as one node, and as the nodes that the operator's definition expands to. The
    second kind counts under the operator too.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tests = load_model_tests(kind="node")
    operators = {test.name: test.model.graph.node[0] for test in tests if len(test.model.graph.node) == 1}
    for test in tests:
        node = operators.get(test.name.split("_expanded")[0], test.model.graph.node[-1])
        operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        for feeds, expected in test.data_sets:
            arrays = [[array_of(value) for value in values] for values in (feeds, expected)]
            yield Case(test.name, operator, test.model, *arrays, test.rtol, test.atol)


def array_of(value: object) -> object:
    """A value as an array; some tests give theirs as a message."""
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else value
