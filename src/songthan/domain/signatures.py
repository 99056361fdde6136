"""An electronic signature as the verifier found it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["SignatureReport"]


@dataclass(frozen=True, kw_only=True)
class SignatureReport:
    """What the verifier found on a signed PDF. `valid` is the whole answer; the rest says why in Thai.

    `lasting` answers the other question: does the file prove it by itself at a later day (`lasting_th`: why not)?
    `stamped_at` is the trusted time found for that, `certificate_until` the end of the signer's certificate.
    """

    valid: bool
    signer: str
    signed_at: datetime | None
    covers_whole_document: bool
    only_signature_added: bool
    trusted: bool
    level: str
    reasons_th: tuple[str, ...] = ()
    lasting: bool = False
    lasting_th: tuple[str, ...] = ()
    stamped_at: datetime | None = None
    certificate_until: datetime | None = None
