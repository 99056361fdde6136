"""A signature by pen in a bundle: what is kept of it, and what can be checked of it later. It proves less than a certificate.

- `pen.json`, recorded in `proof.json` in the signature's place: who was to sign, the code that was read on the sheet, the sha256
  of mail, scans and pages, and who compared the sheet with the frozen page, when and why he was sure;
- `pen/mail.eml`: the mail as it came, with what our server wrote about its sender (and its sender's DKIM signature, if any);
- `pen/scan-NN.*`: its scans as they came; `pen/pages.pdf`: the same as plain pictures, the page to sign first.

Nothing here is signed by the signer's key. The office's record key vouches that the confirmation was given so and then.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from PIL import Image

from songthan.domain.bundles import Manifest, read_json, sha256_of
from songthan.domain.errors import DataError, ReadRefused, SongthanError
from songthan.domain.language import digits, moment_words, say
from songthan.domain.seal_codes import SealCode, read_payload

__all__ = ["MAIL", "PAGES", "RECORD", "PenReader", "checks", "fitting", "picture_pages", "proof_data", "record_files"]

RECORD, MAIL, PAGES = "pen.json", "pen/mail.eml", "pen/pages.pdf"
_SCAN = re.compile(r"pen/scan-[0-9]{2}\.[a-z]{3,4}")
_LARGEST_RECORD = 1 << 20


def fitting(paths: set[str]) -> bool:
    """Are these exactly the files a signature by pen brings: the record, the mail, the pages and at least one scan?"""
    scans = paths - {RECORD, MAIL, PAGES}
    return {RECORD, MAIL, PAGES} <= paths and bool(scans) and all(_SCAN.fullmatch(p) for p in scans)


def record_files(record: Mapping[str, object]) -> dict[str, str]:
    """Path → sha256 of every file a record names; DataError when it is no record."""
    try:
        items = [*record["scans"], record["pages"], record["mail"]]  # type: ignore[misc]
        found = {str(item["path"]): str(item["sha256"]) for item in items}
    except (KeyError, TypeError) as error:
        raise DataError("บันทึกการลงนามด้วยปากกาผิดรูปแบบ", where=RECORD) from error
    if len(found) != len(items) or not fitting({RECORD, *found}):
        raise DataError("บันทึกการลงนามด้วยปากการะบุแฟ้มไม่ถูกต้อง", where=RECORD)
    return found


def proof_data(record: Mapping[str, object]) -> dict[str, object]:
    """What the chain itself says of it, beside the hash of the record."""
    mail, confirmed = record["mail"], record["confirmed"]
    return {
        "received": mail["received"],  # type: ignore[index]
        "message_sha256": mail["sha256"],  # type: ignore[index]
        "signer": record["signer"],
        "confirmed_by": confirmed["by"],  # type: ignore[index]
        "confirmed_at": confirmed["at"],  # type: ignore[index]
    }


def picture_pages(pictures: Sequence[bytes]) -> bytes:
    """Pictures of our own making (JPEG of 200 dpi) as a PDF, one a page; equal pictures give equal bytes."""
    pages = [Image.open(io.BytesIO(picture), formats=("JPEG",)) for picture in pictures]
    out, long_ago = io.BytesIO(), time.gmtime(0)
    pages[0].save(
        out, "PDF", save_all=True, append_images=pages[1:], resolution=200.0, quality=85, creationDate=long_ago, modDate=long_ago
    )
    return out.getvalue()


class _Runner(Protocol):
    def run(self, job: str, payload: bytes | Path, args: dict | None = None) -> tuple[dict, list[bytes]]: ...


@dataclass(frozen=True, kw_only=True)
class PenReader:
    """Reads scans and mails of a bundle in the sandbox."""

    sandbox: _Runner

    def codes(self, scan: Path) -> dict[int, list[SealCode]]:
        """Sheet number → the codes on it."""
        answer, _ = self.sandbox.run("songthan.adapters.read_scan_sheet:look_job", scan, {})
        found = {int(s["number"]): [read_payload(str(c["text"])) for c in s["codes"]] for s in answer["sheets"]}
        return {number: [c for c in codes if c is not None] for number, codes in found.items()}

    def mail(self, raw: Path) -> tuple[str, set[str]]:
        """The sender's address and the sha256 of every attached file."""
        answer, blobs = self.sandbox.run("songthan.adapters.parse_mail:parse_job", raw, {"authserv_id": ""})
        return str(answer["sender"]).lower(), {sha256_of(bytes(b)) for b in blobs}


def checks(
    folder: Path,
    manifest: Manifest,
    link: Mapping[str, object],
    hashes: Mapping[str, str],
    reader: PenReader,
) -> Iterator[tuple[str, bool, str]]:
    """(name, holds, Thai sentence) of everything that can be checked of a signature by pen; `link` is its place in the chain."""
    record = _read(folder)
    slot = manifest.signature
    wrong = [path for path, digest in record_files(record).items() if hashes.get(path) != digest]
    ours = _of_this_bundle(record, manifest) and slot is not None and link["data"] == proof_data(record)
    for path in wrong:
        yield "pen", False, f"{path}: ไม่ตรงกับที่บันทึกไว้ใน {RECORD}"
    if not ours:
        yield "pen", False, f"{RECORD}: บันทึกการลงนามด้วยปากกาเป็นของชุดอื่น หรือไม่ตรงกับสารบัญหรือ proof.json"
    if wrong or not ours:
        return
    yield "pen", True, _sentence(record)
    yield _mail_check(folder, record, reader)
    yield _code_check(folder, record, manifest, reader)


def _read(folder: Path) -> Mapping[str, object]:
    path = folder / RECORD
    if path.stat().st_size > _LARGEST_RECORD:
        raise DataError("แฟ้มใหญ่เกินกว่าจะเป็นบันทึกการลงนาม", where=RECORD)
    record = read_json(path.read_bytes(), where=RECORD)
    confirmed = record.get("confirmed")
    if record.get("kind") != "pen" or not isinstance(confirmed, dict) or not all(
        isinstance(confirmed.get(k), str) and str(confirmed[k]).strip() for k in ("by", "at", "reason")
    ):
        raise DataError("บันทึกการลงนามด้วยปากกาผิดรูปแบบ หรือไม่มีผู้ยืนยัน", where=RECORD)
    return record


def _of_this_bundle(record: Mapping[str, object], manifest: Manifest) -> bool:
    slot = manifest.signature
    mail = record.get("mail")
    return slot is not None and isinstance(mail, Mapping) and mail.get("authentication") == "pass" and (
        (record.get("deadline"), record.get("version"), record.get("bundle_id"), record.get("seal"))
        == (manifest.deadline, manifest.version, manifest.bundle_id, manifest.seal)
        and (record.get("signer"), record.get("capacity")) == (slot.signer, slot.capacity)
    )


def signer_words(record: Mapping[str, object]) -> str:
    """The signer's name, and as what he signed."""
    return f"{record['signer']} ({record['capacity']})" if record.get("capacity") else str(record["signer"])


def _sentence(record: Mapping[str, object]) -> str:
    confirmed = record["confirmed"]
    return say(
        "ลงนามด้วยปากกา ผู้ลงนาม {signer} ไม่มีลายมือชื่ออิเล็กทรอนิกส์ ยืนยันด้วยตาโดย {by} เมื่อ {at} เหตุผล: {reason}",
        signer=signer_words(record),
        by=confirmed["by"],  # type: ignore[index]
        at=moment_words(datetime.fromisoformat(str(confirmed["at"]))),  # type: ignore[index]
        reason=confirmed["reason"],  # type: ignore[index]
    )


def _mail_check(folder: Path, record: Mapping[str, object], reader: PenReader) -> tuple[str, bool, str]:
    """Did the scans come in this mail, and from the address that was recorded?"""
    mail, scans = record["mail"], record["scans"]
    try:
        sender, files = reader.mail(folder / MAIL)
    except (ReadRefused, SongthanError, KeyError, TypeError, ValueError):
        return "pen-mail", False, f"{MAIL}: อ่านจดหมายที่นำภาพสแกนมาไม่ได้"
    if sender != str(mail["sender"]).lower():  # type: ignore[index]
        return "pen-mail", False, f"{MAIL}: ผู้ส่งไม่ตรงกับที่บันทึกไว้"
    missing = [str(s["path"]) for s in scans if s["sha256"] not in files]  # type: ignore[attr-defined]
    if missing:
        return "pen-mail", False, f"{missing[0]}: ภาพสแกนไม่ได้อยู่ในจดหมาย {MAIL}"
    return "pen-mail", True, f"ภาพสแกนมาในจดหมายของ {sender} (ผลการรับรองผู้ส่งขณะรับ: {mail['authentication']}) จำนวน {digits(len(scans))} แฟ้ม"  # type: ignore[index, arg-type]


def _code_check(
    folder: Path, record: Mapping[str, object], manifest: Manifest, reader: PenReader
) -> tuple[str, bool, str]:
    """Is the code on the sheet this bundle's, read once more; and does no other sheet carry another's?"""
    wanted = SealCode(deadline=manifest.deadline, version=manifest.version, seal=manifest.seal)
    code, seen = record["code"], []
    place = str(code["path"])  # type: ignore[index]
    try:
        for scan in record["scans"]:  # type: ignore[attr-defined]
            found = reader.codes(folder / str(scan["path"]))
            seen += [c for codes in found.values() for c in codes]
            if scan["path"] == place and wanted not in found.get(int(code["sheet"]), []):  # type: ignore[index]
                return "pen-code", False, f"{place}: ไม่พบรหัส (QR) ของชุดเอกสารนี้ในหน้าลงนาม"
    except (ReadRefused, KeyError, TypeError, ValueError):
        return "pen-code", False, f"{place}: อ่านภาพสแกนไม่ได้"
    if wanted not in seen or any(c != wanted for c in seen):
        return "pen-code", False, f"{place}: มีรหัส (QR) ของเอกสารอื่น หรือไม่พบรหัสของชุดเอกสารนี้"
    return "pen-code", True, f"รหัส (QR) ในหน้าลงนามตรงกับชุดเอกสารนี้ รหัส {wanted.short}"
