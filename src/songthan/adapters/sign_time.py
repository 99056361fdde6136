"""Makes a signature last: a time-stamp (RFC 3161) and the certificates and revocation lists of everybody concerned.

They go behind the director's signature as further revisions: his bytes stay, his key is not needed. PAdES B-T and B-LT,
EN 319 142-1; B-LTA where a further time-stamp over all of it is wanted. With `sign_fetch` the only part of the signing
family that uses the network: the service the office named, and the addresses in certificates that chain to a trusted root.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from datetime import datetime
from io import BytesIO

from asn1crypto import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper
from pyhanko.sign.validation import async_add_validation_info
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError

from songthan.adapters.sign_checks import level_of
from songthan.adapters.sign_fetch import guarded_fetchers
from songthan.adapters.sign_lasting import signature_status
from songthan.domain.errors import EnvironmentNotReady, SignatureRefused
from songthan.domain.language import moment_words, say

__all__ = ["add_time"]

_FIELD, _ARCHIVE = "songthan_time", "songthan_archive"
_WAIT_S = 20


def add_time(
    signed: bytes,
    *,
    service: str,
    roots: Sequence[x509.Certificate],
    stamp_roots: Sequence[x509.Certificate],
    hosts: Collection[str] = (),
    archive: bool = False,
) -> tuple[bytes, str]:
    """`signed` (judged good before) with a time-stamp of `service` and revocation data behind it; the level reached.

    What the director's own program put there already is not added again. `hosts`: the only ones asked for revocation data
    (none: see `sign_fetch`). `archive`: a second time-stamp over all of it (B-LTA). EnvironmentNotReady names what could
    not be reached, SignatureRefused says that a certificate is revoked; nothing of a half-made file is kept.
    """
    data, done = signed, _level(signed)
    if done != "B-LTA" and (archive or done != "B-LT"):
        try:
            if done in ("B-B", "CMS") and not list(_reader(data).embedded_timestamp_signatures):
                data = _with_loop(lambda: _stamp(data, service, _FIELD))
            if done != "B-LT":
                data = _with_loop(lambda: _store(data, [*roots, *stamp_roots], hosts))
            if archive:
                data = _with_loop(lambda: _stamp(data, service, _ARCHIVE))
        except RevokedError as error:
            raise SignatureRefused(
                say(
                    "ใบรับรองของผู้ลงลายมือชื่อ (หรือของตราประทับเวลาในลายมือชื่อ) ถูกเพิกถอนแล้วเมื่อ {when} ลายมือชื่อนี้จึงพิสูจน์ภายหลังไม่ได้",
                    when=moment_words(error.revocation_dt.astimezone()),
                ),
                remedy=say("สอบถามผู้ลงนามก่อนใช้เอกสารนี้ หากต้องลงนามใหม่ให้จัดทำฉบับใหม่"),
            ) from error
        except (TimestampRequestError, OSError, ValueError) as error:
            raise EnvironmentNotReady(
                say("ประทับเวลาไม่ได้ ผู้ให้บริการไม่ตอบหรือตอบผิดรูปแบบ"),
                where=service,
                remedy=say("ตรวจเครือข่ายและ [signature] tsa_url ใน songthan.toml ระบบจะลองใหม่เอง"),
            ) from error
        except (ValidationError, PathError, SignatureValidationError, SigningError) as error:
            raise EnvironmentNotReady(
                say("หาข้อมูลการเพิกถอนใบรับรองไม่ได้ หรือใบรับรองของผู้ประทับเวลาไม่น่าเชื่อถือ ({why})", why=_short(error)),
                where=service,
                remedy=say("ตรวจเครือข่าย และ [signature] tsa_roots กับ revocation_hosts ใน songthan.toml ระบบจะลองใหม่เอง"),
            ) from error
    return data, _level(data)


def _short(error: BaseException) -> str:
    return "".join(c for c in " ".join(str(error).split())[:160] if c.isprintable())


def _reader(data: bytes) -> PdfFileReader:
    return PdfFileReader(BytesIO(data))


def _level(data: bytes) -> str:
    reader = _reader(data)
    signature = next(iter(reader.embedded_regular_signatures))
    # trusted or not is not asked here: only what is there
    return level_of(reader, signature, signature_status(reader, signature, [], [], datetime.now().astimezone()))


async def _stamp(data: bytes, service: str, field: str) -> bytes:
    stamper = PdfTimeStamper(RequestsHTTPTimeStamper(service, timeout=_WAIT_S), field_name=field)
    out = await stamper.async_timestamp_pdf(IncrementalPdfFileWriter(BytesIO(data)), "sha256")
    return out.getvalue()


async def _store(data: bytes, roots: Sequence[x509.Certificate], hosts: Collection[str]) -> bytes:
    """The certificates and lists for the signature and every time-stamp."""
    fetchers = guarded_fetchers(hosts=hosts, wait_s=_WAIT_S)
    reader = _reader(data)
    names = [s.field_name for s in (*reader.embedded_regular_signatures, *reader.embedded_timestamp_signatures)]
    for name in names:
        reader = _reader(data)
        signature = next(s for s in reader.embedded_signatures if s.field_name == name)
        context = ValidationContext(
            trust_roots=list(roots), allow_fetching=True, revocation_mode="hard-fail", fetchers=fetchers
        )
        try:
            data = (await async_add_validation_info(signature, context, embed_roots=False)).getvalue()
        except RevokedError as error:
            if signature.sig_object_type != "/DocTimeStamp":
                raise
            # that says nothing of the director's signature: another service, or the same one with its next certificate
            raise EnvironmentNotReady(
                say("ใบรับรองของผู้ประทับเวลาถูกเพิกถอนแล้ว ตราประทับเวลานี้จึงใช้ไม่ได้"),
                where=name,
                remedy=say("ติดต่อผู้ให้บริการประทับเวลา หรือเปลี่ยน [signature] tsa_url"),
            ) from error
    return data


def _with_loop(make: Callable[[], Coroutine[object, object, bytes]]) -> bytes:
    """A coroutine done in a thread of its own: the caller may be inside a running loop (a Prefect flow)."""
    found: list[object] = []

    def work() -> None:
        try:
            found.append(asyncio.run(make()))
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=work, name="songthan-time-stamp")
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]  # type: ignore[return-value]
