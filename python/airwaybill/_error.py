from __future__ import annotations


class AirwaybillError(ValueError):
    """An error in an input.

    ``code`` is a stable reason, ``release_unknown``; the message names the value and the rule, on one line.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[1])
