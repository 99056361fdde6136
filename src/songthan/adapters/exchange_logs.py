"""Nothing secret in a log, whatever level somebody turns on: the libraries below us log headers, tokens and bodies."""

from __future__ import annotations

import base64
import logging
import re
from urllib.parse import quote, quote_plus

__all__ = ["keep_secret", "without_secrets"]

#: Loggers whose debug lines hold tokens, client secrets or what a password can be guessed from: only warnings pass.
_LOUD = ("requests_oauthlib", "oauthlib", "spnego", "requests_ntlm")
_MASKED = ("exchangelib", "urllib3", "requests")
_HEADER = re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?)(?:(?:basic|bearer|ntlm|negotiate)\s+)?[^\s'\",}]+")
_HIDDEN = "…"
_LEAST = 4  # letters
_secrets: set[str] = set()


def keep_secret(*secrets: str) -> None:
    """From now on none of these passes through a logger of the libraries below, in any of the forms they travel in.

    What is shorter than `_LEAST` is no secret, and taking it out of every line would leave none to read.
    """
    for secret in secrets:
        if len(secret) >= _LEAST:
            data = secret.encode()
            _secrets.update({secret, quote(secret), quote_plus(secret), base64.b64encode(data).decode("ascii")})
    _guard()


def without_secrets(text: str) -> str:
    """`text` without any secret told to `keep_secret`, and without any Authorization header's value."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return _HEADER.sub(rf"\1{_HIDDEN}", text)


class _Silent(logging.Filter):
    """Only warnings pass, masked."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING and _mask(record)


class _Masked(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return _mask(record)


def _mask(record: logging.LogRecord) -> bool:
    try:
        record.msg, record.args = without_secrets(record.getMessage()), None
    except (TypeError, ValueError):
        return False
    if record.exc_info:
        record.exc_text = without_secrets(logging.Formatter().formatException(record.exc_info))
        record.exc_info = None
    return True


_silent, _masked = _Silent(), _Masked()


def _guard() -> None:
    """A filter holds for its own logger only, so every logger of the families gets it; asking twice adds it once."""
    for name in (*_LOUD, *_MASKED, *logging.Logger.manager.loggerDict):
        family = name.partition(".")[0]
        if family in _LOUD:
            logging.getLogger(name).addFilter(_silent)
        elif family in _MASKED:
            logging.getLogger(name).addFilter(_masked)
