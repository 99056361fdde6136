"""The director's certificate and the practice authority that issued it, made once and kept in the director's folder.

Valid 2022–2030, the years the plan is rehearsed in. The private keys are readable by their owner only.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

AUTHORITY = "Practice-Root-CA"
FROM, UNTIL = datetime(2022, 1, 1, tzinfo=UTC), datetime(2030, 12, 31, tzinfo=UTC)
_ALL_OFF = dict.fromkeys(
    ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
     "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """PEM files: the authority's `root`, the director's `certificate` and `key` (0600)."""

    root: Path
    certificate: Path
    key: Path


def certificates(folder: Path, name: str) -> Certificates:
    """The files in `folder`, made at the first call (all or none) for the person `name`."""
    if not folder.exists():
        making = folder.with_name(folder.name + ".new")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True, mode=0o700)
        _make(making, name)
        os.replace(making, folder)
    return Certificates(root=folder / "root.pem", certificate=folder / "director.pem", key=folder / "director.key")


def _make(folder: Path, name: str) -> None:
    root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    root_name = _named(AUTHORITY)
    root = _certificate(root_name, root_name, root_key.public_key(), root_key, authority=True)
    own = _certificate(_named(name), root_name, key.public_key(), root_key, authority=False)
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "director.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(folder / "director.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)


def _named(name: str) -> x509.Name:
    # cryptography allows a common name 64 bytes, 21 Thai letters: the whole name stands in given name and surname
    common = name.encode("utf-8")[:64].decode("utf-8", "ignore").strip()
    given, _, family = name.partition(" ")
    attributes = [
        (NameOID.COUNTRY_NAME, "TH"), (NameOID.ORGANIZATION_NAME, "Songthan Practice"), (NameOID.GIVEN_NAME, given),
        (NameOID.SURNAME, family), (NameOID.COMMON_NAME, common),
    ]  # fmt: skip
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes if value])


def _certificate(subject, issuer, public_key, signing_key, *, authority: bool) -> x509.Certificate:
    uses = {"key_cert_sign": True, "crl_sign": True} if authority else {
        "digital_signature": True, "content_commitment": True
    }  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(x509.KeyUsage(**{**_ALL_OFF, **uses}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False
        )
    )  # fmt: skip
    return builder.sign(signing_key, hashes.SHA256())
