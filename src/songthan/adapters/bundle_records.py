"""The office's record key: every step after the freeze (signature, time-stamp, submission, receipt) is signed with it.

Its public half stands in the manifest, under the seal the director signs: his certificate vouches for it, and whoever
rewrites a record without the office's ledger is found. The key is made from the ledger's secret, so the same ledger
gives the same key and a backup carries it along; nothing new has to be kept. Ed25519, RFC 8032.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["RecordKey", "signed_by"]


class RecordKey:
    """The key of one ledger; `secret` is the ledger's own (`Ledger.salt`)."""

    def __init__(self, secret: str) -> None:
        seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"songthan-record-key/1").derive(secret.encode())
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public(self) -> str:
        """The public half, 64 hexadecimal digits."""
        return self._key.public_key().public_bytes_raw().hex()

    def sign(self, link: str) -> str:
        """The signature over a link of the proof chain, 128 hexadecimal digits; the same link gives the same signature."""
        return self._key.sign(link.encode("ascii")).hex()


def signed_by(public: str, link: str, signature: object) -> bool:
    """Is `signature` the one of the key `public` over `link`? False for anything that is no signature at all."""
    try:
        raw = bytes.fromhex(str(signature))
        if raw.hex() != signature:
            return False
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(raw, link.encode("ascii"))
    except (InvalidSignature, ValueError):
        return False
    return True
