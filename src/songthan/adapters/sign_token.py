"""The director's own hand, on his own machine: signs the prepared field with a PKCS#11 token or a certificate file.

The key stays in the token. The PIN is asked of it once: a wrong one is never tried again, for tokens lock. Nothing here
runs in the office; the office judges what comes back as it judges every signed file (`sign_pdf`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from asn1crypto import x509
from PIL import Image, ImageDraw, ImageFont
from pyhanko.pdf_utils.images import PdfImage
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import Signer, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from songthan.domain.errors import EnvironmentNotReady, SignatureRefused, UsageError
from songthan.domain.language import moment_words

__all__ = ["Paper", "certificate_file", "read_paper", "sign_paper", "token"]


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What is about to be signed."""

    title: str
    pages: int
    field: str
    seal: str


def read_paper(pdf: bytes) -> Paper:
    """What the file says of itself; SignatureRefused when it is none of ours, or signed already."""
    try:
        reader = PdfFileReader(BytesIO(pdf))
        info = reader.trailer["/Info"]
        seal = str(info.get("/SongthanSeal", ""))
        places = [(name, value) for name, value, _ in enumerate_sig_fields(reader)]
        title, pages = str(info.get("/Title", "")), int(reader.root["/Pages"]["/Count"])
    except KeyError:
        seal, places, title, pages = "", [], "", 0
    except (PdfError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise SignatureRefused("อ่านแฟ้มนี้ไม่ได้ ไม่ใช่ PDF ที่สมบูรณ์", remedy="บันทึกแฟ้มแนบจากจดหมายอีกครั้ง") from error
    if len(seal) != 64 or len(places) != 1:
        raise SignatureRefused(
            "แฟ้มนี้ไม่ใช่เอกสารที่ระบบส่งทันเสนอลงนาม", remedy="ใช้แฟ้มแนบของจดหมาย «เสนอลงนาม» ตามที่ได้รับ ไม่ต้องเปิดแล้วบันทึกใหม่"
        )
    (field, value), = places
    if value is not None:
        raise SignatureRefused("แฟ้มนี้ลงลายมือชื่อแล้ว", where=field, remedy="ส่งแฟ้มนี้กลับไปได้เลย")
    return Paper(title=title, pages=pages, field=field, seal=seal)


def sign_paper(pdf: bytes, paper: Paper, signer: Signer, *, font: bytes | None = None) -> bytes:
    """`pdf` with the signature in its field (PAdES B-B), as one update behind it; SignatureRefused when the key will not."""
    certificate = signer.signing_cert
    assert certificate is not None
    now = datetime.now(UTC)
    if not certificate.not_valid_before <= now <= certificate.not_valid_after:
        raise SignatureRefused(
            f"ใบรับรองใช้ได้ถึง {moment_words(certificate.not_valid_after.astimezone())} เท่านั้น หรือยังไม่มีผล", remedy="ใช้ใบรับรองที่ยังไม่หมดอายุ"
        )
    usage = certificate.key_usage_value
    if usage is not None and not usage.native & {"digital_signature", "non_repudiation"}:
        raise SignatureRefused("ใบรับรองนี้ไม่ได้ออกไว้สำหรับลงลายมือชื่อ", remedy="เลือกใบรับรองอื่นด้วย --cert")
    meta = PdfSignatureMetadata(field_name=paper.field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    style = StaticStampStyle(background=PdfImage(_picture(holder(certificate), now, font)), background_opacity=1.0, border_width=0)
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        done = PdfSigner(meta, signer, stamp_style=style).sign_pdf(writer, existing_fields_only=True)
    except (SigningError, PdfError) as error:
        raise SignatureRefused("ลงลายมือชื่อไม่ได้ กุญแจหรือโทเคนไม่ยอมลงนาม", where=paper.field) from error
    return done.getvalue()


def issuers_of(certificate: x509.Certificate, others: Iterable[x509.Certificate]) -> list[x509.Certificate]:
    """Of the certificates in the token or file only those the signature needs: a foreign one would come back refused."""
    found, left = [certificate], [other for other in others if other != certificate]
    for one in found:
        found += [other for other in left if other not in found and other.subject == one.issuer]
    return found[1:]


def holder(certificate: x509.Certificate) -> str:
    """The name the certificate carries."""
    name = certificate.subject.native.get("common_name", "")
    return str(name if isinstance(name, str) else name[0])


def _picture(name: str, at: datetime, font: bytes | None) -> Image.Image:
    """What is seen in the signature's place: the holder's name and the time, in the official face where it is there."""
    face = ImageFont.truetype(BytesIO(font), 56) if font else ImageFont.load_default(40)
    lines = [name, moment_words(at.astimezone())] if font else [at.strftime("%Y-%m-%d %H:%M UTC")]
    boxes = [face.getbbox(line) for line in lines]
    image = Image.new("RGB", (int(max(b[2] for b in boxes)) + 40, 70 * len(lines) + 20), "white")
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((20, 10 + 70 * number), line, font=face, fill=(20, 40, 140))
    return image


def certificate_file(path: Path, passphrase: str) -> Signer:
    """The key in a PKCS#12 file (.p12, .pfx); SignatureRefused for a wrong passphrase."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"อ่านแฟ้มใบรับรองไม่ได้ ({error.strerror})", where=str(path)) from error
    try:
        found = SimpleSigner.load_pkcs12_data(data, other_certs=[], passphrase=passphrase.encode() if passphrase else None)
        store = SimpleCertificateStore.from_certs(issuers_of(found.signing_cert, found.cert_registry))
        return SimpleSigner(signing_cert=found.signing_cert, signing_key=found.signing_key, cert_registry=store)
    except ValueError:
        # what the library says may hold what was typed
        raise SignatureRefused("เปิดแฟ้มใบรับรองไม่ได้ รหัสผ่านไม่ถูกต้องหรือไม่ใช่แฟ้ม PKCS#12", where=path.name) from None


@contextlib.contextmanager
def token(module: Path, label: str, pin: str, *, cert: str | None = None) -> Iterator[Signer]:
    """The key in the PKCS#11 token called `label`, opened with `pin`, and asked once."""
    try:
        import pkcs11
        from pkcs11 import exceptions as faults
        from pyhanko.sign.pkcs11 import PKCS11Signer
    except ImportError as error:
        raise EnvironmentNotReady(
            "เครื่องนี้ยังไม่มีส่วนต่อกับโทเคน", where="python-pkcs11", remedy="pip install 'songthan[token]'"
        ) from error
    if not module.is_file():
        raise EnvironmentNotReady(
            "ไม่พบโมดูล PKCS#11 ของโทเคน", where=str(module), remedy="ติดตั้งโปรแกรมของผู้ออกโทเคน แล้วระบุแฟ้มโมดูล (.so .dll .dylib)"
        )
    try:
        device = pkcs11.lib(str(module)).get_token(token_label=label)
    except faults.NoSuchToken as error:
        raise EnvironmentNotReady(f"ไม่พบโทเคนชื่อ «{label}»", where=str(module), remedy="เสียบโทเคน แล้วตรวจชื่อ (--token)") from error
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        raise EnvironmentNotReady(f"เปิดโมดูลของโทเคนไม่ได้ ({type(error).__name__})", where=str(module), remedy="ตรวจแฟ้มโมดูล") from error
    try:
        session = device.open(user_pin=pin)
    except faults.PinLocked:
        raise SignatureRefused("โทเคนถูกล็อกแล้ว", where=label, remedy="ติดต่อผู้ออกโทเคนเพื่อปลดล็อก") from None
    except (faults.PinIncorrect, faults.PinInvalid, faults.PinLenRange):
        raise SignatureRefused(
            "รหัส PIN ไม่ถูกต้อง ระบบถามโทเคนครั้งเดียวและไม่ลองซ้ำ", where=label, remedy="ตรวจ PIN ก่อนลองใหม่ โทเคนล็อกเมื่อผิดหลายครั้ง"
        ) from None
    except pkcs11.PKCS11Error as error:
        raise EnvironmentNotReady(f"เปิดโทเคนไม่ได้ ({type(error).__name__})", where=label, remedy="ถอดแล้วเสียบโทเคนใหม่") from error
    with session:
        try:
            yield PKCS11Signer(session, **_chosen(session, label, cert))
        except pkcs11.PKCS11Error as error:
            raise SignatureRefused(f"โทเคนไม่ยอมลงนาม ({type(error).__name__})", where=label) from error


def _chosen(session: object, label: str, cert: str | None) -> dict[str, object]:
    """Certificate and key of the token, by label, or the only certificate that has a private key."""
    from pkcs11 import Attribute, ObjectClass

    keys = {bytes(key[Attribute.ID] or b"") for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})}  # type: ignore[attr-defined]
    found, others = [], []
    for item in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):  # type: ignore[attr-defined]
        name, number = str(item[Attribute.LABEL]), bytes(item[Attribute.ID] or b"")
        others.append(x509.Certificate.load(bytes(item[Attribute.VALUE])))
        if name == cert if cert is not None else number in keys:
            found.append((name, number, bytes(item[Attribute.VALUE])))
    if not found:
        what = f"ชื่อ «{cert}»" if cert else "ที่มีกุญแจคู่กัน"
        raise EnvironmentNotReady(f"ไม่พบใบรับรอง{what} ในโทเคน", where=label, remedy="ตรวจโทเคนด้วยโปรแกรมของผู้ออก หรือระบุ --cert")
    if len(found) > 1:
        names = ", ".join(sorted(name for name, _, _ in found))
        raise UsageError(f"โทเคนมีใบรับรองหลายใบ: {names}", where=label, remedy="เลือกใบหนึ่งด้วย --cert")
    name, number, der = found[0]
    certificate = x509.Certificate.load(der)
    # many tokens sign a hash with an elliptic curve, but do not hash themselves
    chosen: dict[str, object] = {"signing_cert": certificate, "use_raw_mechanism": certificate.public_key.algorithm == "ec"}
    chosen["ca_chain"] = issuers_of(certificate, others)
    return {**chosen, "key_id": number} if number in keys and number else {**chosen, "key_label": name}
