from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NativeBundle", "NativeModel", "Stream", "__version__", "error_codes", "pack"]

__version__: str

_Column = tuple[str, int, NDArray[np.uint8] | list[str | None], NDArray[np.uint8] | None]
_Result = tuple[str, int, NDArray[np.uint8] | list[str], NDArray[np.uint8] | None]
_Port = tuple[str, str, list[int | str | None] | None]

@final
class NativeBundle:
    @staticmethod
    def load(source: str | bytes) -> NativeBundle: ...
    def describe(self) -> str: ...
    def module_digest(self) -> str: ...
    def score(
        self, record: str, now: str, salt: bytes | None, reasons: int | None, lang: str | None
    ) -> bytes: ...
    def score_request(self, request: bytes) -> bytes: ...
    def score_columns(
        self,
        columns: Sequence[_Column],
        rows: int,
        now: str,
        salt: bytes | None,
        reasons: int | None,
        lang: str | None,
        decisions: bool,
    ) -> Stream: ...
    def score_stream(
        self,
        frame: Any,
        now: str,
        salt: bytes | None,
        reasons: int | None,
        lang: str | None,
        decisions: bool,
    ) -> Stream: ...
    def verify(self) -> str: ...

@final
class NativeModel:
    @staticmethod
    def load(source: str | bytes) -> NativeModel: ...
    def inputs(self) -> list[_Port]: ...
    def outputs(self) -> list[_Port]: ...
    def run(self, inputs: list[tuple[str, tuple[Any, ...]]]) -> list[tuple[str, tuple[Any, ...]]]: ...

@final
class Stream:
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    def columns(self) -> list[_Result]: ...

def error_codes() -> list[tuple[str, str]]: ...
def pack(source: str, sample: Sequence[_Column] | None, rows: int, bless: bool) -> bytes: ...
