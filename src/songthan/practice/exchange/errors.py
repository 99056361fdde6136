"""Errors of the practice Exchange."""


class PracticeError(Exception):
    """The practice server cannot start or go on; the message says which file or setting and what to do."""


class EwsError(Exception):
    """An EWS response error: `code` is the ResponseCode (e.g. ErrorItemNotFound), `text` the MessageText."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text or code


class SoapFault(Exception):
    """The whole request fails (wrong XML, busy server); `back_off_ms` and `details` go into the fault's MessageXml."""

    def __init__(
        self, code: str, text: str, back_off_ms: int | None = None, details: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.back_off_ms = back_off_ms
        self.details = details or {}
