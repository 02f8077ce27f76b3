"""The one exception of this package."""

from __future__ import annotations


class Error(Exception):
    """What went wrong: a code from a closed list, a message, and where.

    Match on `code`, show the rest. The message never holds a value of a record.

    >>> from scorebox import Error, Model
    >>> try:
    ...     Model.load(b"no model")
    ... except Error as error:
    ...     print(error.code)
    model_malformed
    """

    #: The code, such as `record_malformed`; codes are never renamed.
    code: str
    #: What went wrong and what would be right.
    message: str
    #: Where: a file, a JSON path, a column, a node of a model; or an empty text.
    path: str

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(code, message, path)
        self.code = code
        self.message = message
        self.path = path

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        return f"{self.code}: {place}{self.message}"
