"""The director's desk: what lies on it, the signing, and a look at the result with the office's own eyes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import pem

from songthan.adapters.sign_pdf import PadesSignatures
from songthan.adapters.sign_token import Paper, certificate_file, holder, read_paper, sign_paper, token
from songthan.domain.errors import SignatureRefused

__all__ = ["SigningDesk"]


@dataclass(frozen=True, kw_only=True)
class SigningDesk:
    """One file to be signed; `font` is the official face for the picture in the signature's place."""

    data: bytes
    paper: Paper
    font: bytes | None

    @staticmethod
    def of(data: bytes, *, font: bytes | None = None) -> SigningDesk:
        return SigningDesk(data=data, paper=read_paper(data), font=font)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def sign(
        self, *, module: Path | None, token: str | None, cert: str | None, keyfile: Path | None, secret: str
    ) -> tuple[bytes, str]:
        """The signed file and the name in the certificate; with a token (`module`, `token`) or a certificate file."""
        if keyfile is not None:
            return self._signed(certificate_file(keyfile, secret))
        assert module is not None and token is not None
        with _token(module, token, secret, cert=cert) as signer:
            return self._signed(signer)

    def _signed(self, signer) -> tuple[bytes, str]:
        signed = sign_paper(self.data, self.paper, signer, font=self.font)
        now = datetime.now(UTC)
        # whether the authority is trusted is the office's question; everything else must hold here already
        own = [pem.armor("CERTIFICATE", c.dump()) for c in (signer.signing_cert, *signer.cert_registry)]
        report = PadesSignatures().verify(signed, frozen=self.data, trust_roots=own, at=now)
        if not report.valid:
            raise SignatureRefused("ลายมือชื่อที่ได้ไม่ผ่านการตรวจ: " + " ".join(report.reasons_th))
        return signed, holder(signer.signing_cert)


_token = token
