"""The evidence zip: a bundle with everything a stranger needs to check it years later without Songthan.

Equal bundles give equal bytes: names sorted, one date for all, nothing compressed. The commands in its README.txt are the
lines of its check.sh; a test runs them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from songthan.adapters import bundle_pen
from songthan.adapters.bundle_files import hashes_of, read_proof
from songthan.adapters.bundle_verify import VerifyCheck, VerifyReport, broken
from songthan.adapters.bundle_zip import unpack_zip, write_zip
from songthan.domain.bundles import Manifest, read_json
from songthan.domain.errors import DataError
from songthan.domain.provenance import records_in_words, sources_of

__all__ = ["export_bundle", "verify_evidence"]

_TRUST_WORDS = (
    "ใบรับรองรากใน bundle/trust ต้องเทียบลายนิ้วมือกับที่ได้จากผู้ออกใบรับรองเอง",
    "Compare the roots in bundle/trust with those of the issuer himself:",
    '    for f in bundle/trust/*.pem; do openssl x509 -in "$f" -noout -subject -fingerprint -sha256; done',
)


class _Piece(Protocol):
    stamp: bool
    der: bytes
    parts: tuple[tuple[int, int], tuple[int, int]]
    certificates: tuple[bytes, ...]
    at: datetime | None
    issuer: bytes
    answers: tuple[int, ...]


class _Carried(Protocol):
    pieces: tuple[_Piece, ...]
    lists: tuple[bytes, ...]
    answers: tuple[bytes, ...]
    certificates: tuple[bytes, ...]


class _EvidenceOf(Protocol):
    def __call__(self, pdf: bytes, trust: Sequence[bytes]) -> _Carried: ...


def export_bundle(folder: Path, target: Path, *, evidence_of: _EvidenceOf) -> None:
    """Write `target`, whole or not at all. `folder` was verified before."""
    manifest = Manifest.from_json((folder / "manifest.json").read_bytes())
    kept = {f"bundle/{path}": folder / path for path in hashes_of(folder)}
    write_zip(target, f"{manifest.deadline}-v{manifest.version}", {**_made(folder, manifest, evidence_of), **kept})


def verify_evidence(
    source: Path, *, check: Callable[[Path], VerifyReport], evidence_of: _EvidenceOf
) -> VerifyReport:
    """Of an exported zip: is it written as ours are, is the bundle in it in order (`check`), and is what lies beside the
    bundle what the bundle says? Unpacked into a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="songthan-evidence-") as place:
        try:
            top = unpack_zip(source, Path(place))
        except DataError as error:
            return broken(f"{source.name}: {error.th}")
        report = check(top / "bundle")
        if not report.ok:
            return report
        wrong = _differences(top, evidence_of)
    words = f"{source.name}: แฟ้ม {', '.join(wrong)} ไม่ตรงกับชุดเอกสาร (แฟ้มที่ส่งออกจากรุ่นอื่นของระบบ: แตก zip แล้วตรวจโฟลเดอร์ bundle)" if wrong else "แฟ้มประกอบใน zip ตรงกับชุดเอกสาร"
    checks = (*report.checks, VerifyCheck(name="evidence", ok=not wrong, detail_th=words))
    return replace(report, checks=checks, ok=not wrong, stage="broken" if wrong else report.stage)


def _differences(top: Path, evidence_of: _EvidenceOf) -> list[str]:
    """The files beside a verified bundle that are not what the bundle says, sorted."""
    folder = top / "bundle"
    made = _made(folder, Manifest.from_json((folder / "manifest.json").read_bytes()), evidence_of)
    found = {path: top / path for path in hashes_of(top) if not path.startswith("bundle/")}
    wrong = [name for name in made if name not in found or found[name].read_bytes() != made[name]]
    return sorted({*wrong, *(name for name in found if name not in made)})


def _made(folder: Path, manifest: Manifest, evidence_of: _EvidenceOf) -> dict[str, bytes]:
    """What lies beside the bundle in the zip: name → bytes."""
    evidence = _evidence(folder, evidence_of)
    checks = list(_checks(folder, manifest, evidence))
    pen = _pen_words(folder, manifest) if (folder / bundle_pen.RECORD).is_file() else []
    return {
        **{name: data for name, (data, _) in evidence.items()},
        "chain.txt": _chain(folder, manifest),
        "check.sh": _script(checks),
        "README.txt": _readme(manifest, checks, lasting=(folder / "lasting.pdf").is_file(), pen=pen),
    }


def _evidence(folder: Path, evidence_of: _EvidenceOf) -> dict[str, tuple[bytes, _Piece | None]]:
    """Name in the zip → bytes, and for a signature or time-stamp what it covers."""
    place = next((p for n in ("lasting.pdf", "signed.pdf") if (p := folder / n).is_file()), None)
    if place is None:
        return {}
    carried = evidence_of(place.read_bytes(), [path.read_bytes() for path in sorted((folder / "trust").glob("*.pem"))])
    made: dict[str, tuple[bytes, _Piece | None]] = {}
    for number, piece in enumerate(carried.pieces, 1):
        name = f"time-stamp/{number}" if piece.stamp else f"signature/{number}"
        made[f"{name}.{'tst' if piece.stamp else 'p7s'}"] = (piece.der, piece)
        made[f"{name}-certificate.pem"] = (piece.certificates[0], None)
        others = b"".join(piece.certificates[1:] + carried.certificates)
        if others:
            made[f"{name}-others.pem"] = (others, None)
        if piece.issuer and piece.answers:
            made[f"{name}-issuer.pem"] = (piece.issuer, None)
    for number, data in enumerate(carried.lists, 1):
        made[f"revocation/{number}.crl"] = (data, None)
    for number, data in enumerate(carried.answers, 1):
        made[f"revocation/{number}.ocsp"] = (data, None)
    return made


def _checks(
    folder: Path, manifest: Manifest, made: Mapping[str, tuple[bytes, _Piece | None]]
) -> Iterator[tuple[str, list[str]]]:
    """What each group of commands shows, in Thai and English, and the commands; all in the zip's top folder."""
    yield (
        "ทุกแฟ้มครบถ้วนและไม่ถูกแก้ไข / every file is whole and unchanged",
        [
            "(cd bundle && sha256sum --check --strict --quiet SHA256SUMS)",
            # sha256sum does not see a file that is not listed
            'test "$(find bundle -type f | wc -l)" -eq "$(($(wc -l < bundle/SHA256SUMS) + 1))"',
        ],
    )
    slot = manifest.signature
    if (folder / bundle_pen.RECORD).is_file():
        yield _pen_check(folder)
    if slot is None or not made:
        return
    yield (
        "แฟ้มที่ลงลายมือชื่อขึ้นต้นด้วยฉบับที่เสนอ ทุกไบต์ / the signed file begins with the frozen one, byte for byte",
        [f'cmp -n "$(stat -c %s bundle/{slot.file})" bundle/{slot.file} bundle/signed.pdf'],
    )
    source = "bundle/lasting.pdf" if (folder / "lasting.pdf").is_file() else "bundle/signed.pdf"
    if source == "bundle/lasting.pdf":
        yield (
            "แฟ้มที่ประทับเวลาขึ้นต้นด้วยแฟ้มที่ลงลายมือชื่อ ทุกไบต์ / the stamped file begins with the signed one, byte for byte",
            [f'cmp -n "$(stat -c %s bundle/signed.pdf)" bundle/signed.pdf {source}'],
        )
    for name, (_, piece) in made.items():
        if piece is not None:
            yield from _piece_checks(folder, source, name, piece, made)


def _pen_check(folder: Path) -> tuple[str, list[str]]:
    """Signed by pen: what the record says of mail, scans and pages, held against the files."""
    record = read_json((folder / bundle_pen.RECORD).read_bytes(), where=bundle_pen.RECORD)
    place = f"bundle/{bundle_pen.RECORD}"
    same = [
        f'grep -q "$(sha256sum bundle/{path} | cut -d\' \' -f1)" {place}' for path in sorted(bundle_pen.record_files(record))
    ]
    return (
        "ลงนามด้วยปากกา: จดหมาย ภาพสแกน และบันทึกการยืนยันตรงกัน / signed by pen: mail, scans and the record of the confirmation agree",
        [*same, f"grep -E '\"(by|at|reason|signer|capacity|text)\":' {place}"],
    )


def _pen_words(folder: Path, manifest: Manifest) -> list[str]:
    """What the README says of a signature by pen: what it proves, and what only eyes can."""
    record = read_json((folder / bundle_pen.RECORD).read_bytes(), where=bundle_pen.RECORD)
    confirmed, slot = record["confirmed"], manifest.signature
    assert isinstance(confirmed, dict) and slot is not None
    page, scan = record["page"], record["code"]["path"]  # type: ignore[index]
    who = bundle_pen.signer_words(record)
    # the same in every office's language: a zip is checked by writing this page again
    at = datetime.fromisoformat(str(confirmed["at"])).isoformat(sep=" ", timespec="minutes")
    return [
        "",
        f"ลงนามด้วยปากกา ไม่มีลายมือชื่ออิเล็กทรอนิกส์ ผู้ลงนาม {who} ยืนยันด้วยตาโดย {confirmed['by']} เมื่อ {at}",
        f"Signed by pen; there is no cryptographic signature. Signer: {who}; compared by eye by {confirmed['by']} at {at}.",
        "",
        f"เทียบเอง: เปิด bundle/{bundle_pen.PAGES} หน้าแรก คู่กับหน้าที่ {page} ของ bundle/{slot.file} ข้อความต้องเหมือนกันทุกบรรทัด",
        f"By your own eyes: the first page of bundle/{bundle_pen.PAGES} beside page {page} of bundle/{slot.file}; every line must be the same.",
        f"อ่านรหัส QR ใน bundle/{scan} ด้วยโทรศัพท์ ต้องได้ / a telephone reads the QR code in bundle/{scan} as:",
        f"    {record['code']['text']}",  # type: ignore[index]
        f"จดหมายที่นำมา พร้อมคำรับรองผู้ส่งของเครื่องแม่ข่าย / the mail it came in, with our server's word on its sender: bundle/{bundle_pen.MAIL}",
    ]


def _piece_checks(
    folder: Path,
    source: str,
    name: str,
    piece: _Piece,
    made: Mapping[str, tuple[bytes, _Piece | None]],
) -> Iterator[tuple[str, list[str]]]:
    stem = name.rpartition(".")[0]
    trust = "tsa" if piece.stamp and any((folder / "trust").glob("tsa-*.pem")) else "root"
    untrusted = f" -untrusted {stem}-others.pem" if f"{stem}-others.pem" in made else ""
    when = f" -attime {int(piece.at.timestamp())}" if piece.at else ""
    (start, length), (after, rest) = piece.parts
    asked = [line for number in piece.answers for line in _asked(stem, number, when)] if f"{stem}-issuer.pem" in made else []
    cut = [
        f'cat bundle/trust/{trust}-*.pem > "$box/roots.pem"',
        f'(tail -c +{start + 1} {source} | head -c {length}; tail -c +{after + 1} {source} | head -c {rest}) > "$box/data"',
    ]
    if piece.stamp:
        yield (
            "ตราประทับเวลา / the time-stamp (the time it tells: openssl ts -reply -token_in -in … -text)",
            [
                *cut,
                f'openssl ts -verify -token_in -in {name} -data "$box/data" -CAfile "$box/roots.pem"{untrusted}{when}',
                f"openssl ts -reply -token_in -in {name} -text",
                *asked,
            ],
        )
        return
    lists = [n for n in made if n.endswith(".crl")]
    told = [f"openssl x509 -in {stem}-certificate.pem -noout -subject -issuer -dates -serial"]
    revoked = ""
    if lists:
        convert = [f'openssl crl -inform DER -in {n} >> "$box/lists.pem"' for n in lists]
        told += ['rm -f "$box/lists.pem"', *convert]
        # the lists were drawn up after the signature: looked at without a date
        told.append(f'openssl crl -in "$box/lists.pem" -noout -text | grep -c "Serial Number: $(openssl x509 -in {stem}-certificate.pem -noout -serial | cut -d= -f2)" | grep -qx 0')
    yield (
        "ลายมือชื่อและใบรับรองของผู้ลงนาม / the signature and its certificate, at the time of signing",
        [
            *cut,
            f'openssl cms -verify -inform DER -in {name} -binary -content "$box/data" -CAfile "$box/roots.pem"{revoked} -purpose any{when} -out /dev/null',
            f'openssl verify -CAfile "$box/roots.pem"{untrusted} -purpose any{when} {stem}-certificate.pem',
            *told,
            *asked,
        ],
    )


def _asked(stem: str, number: int, when: str) -> list[str]:
    """The authority's own answer about the certificate: signed by whom it should be, and «good»."""
    return [
        f"openssl ocsp -respin revocation/{number}.ocsp -issuer {stem}-issuer.pem -cert {stem}-certificate.pem"
        # how old the answer has become by today is not asked: 31 years
        f' -CAfile "$box/roots.pem"{when} -no_nonce -validity_period 999999999 > "$box/answer" 2>&1',
        'grep -x "Response verify OK" "$box/answer"',
        f'grep -x "{stem}-certificate.pem: good" "$box/answer"',
    ]


def _script(checks: list[tuple[str, list[str]]]) -> bytes:
    lines = ["#!/bin/sh", "# The commands of README.txt, one after the other; stops at the first that does not hold.", "set -eu"]
    lines += ['cd "$(dirname "$0")"', 'box="$(mktemp -d)"', "trap 'rm -rf \"$box\"' EXIT"]
    for title, commands in checks:
        lines += ["", f"echo '# {title}'", *commands]
    return ("\n".join([*lines, "", "echo OK"]) + "\n").encode()


def _chain(folder: Path, manifest: Manifest) -> bytes:
    records = records_in_words(read_proof((folder / "proof.json").read_bytes()))
    lines = [line for source in sources_of(manifest) for line in source.in_words()]
    return ("\n".join([*lines, *records]) + "\n").encode()


def _readme(manifest: Manifest, checks: list[tuple[str, list[str]]], *, lasting: bool, pen: list[str]) -> bytes:
    trust = "$(for f in bundle/trust/*.pem; do printf -- '--trust %s ' \"$f\"; done)"
    # its own look at revocation asks the network anew; what was kept is openssl's above
    pyhanko = f"pyhanko sign validate --no-revocation-check {trust} --pretty-print bundle/"
    parts = [
        f"หลักฐานของชุดเอกสาร {manifest.bundle_id} ({manifest.deadline} ฉบับที่ {manifest.version})",
        f"Evidence of the bundle {manifest.bundle_id} ({manifest.deadline}, version {manifest.version})",
        "",
        "คำเตือน: มีข้อมูลส่วนบุคคล (ชื่อ ที่อยู่อีเมล ภาพ และเอกสารหลักฐาน) ส่งต่อเท่าที่จำเป็นต่อการตรวจสอบเท่านั้น",
        "Warning: personal data inside (names, mail addresses, pictures). Pass it on only where the check needs it.",
        "",
        "ตรวจได้โดยไม่ใช้ระบบส่งทันและไม่ใช้เครือข่าย ด้วย sha256sum, openssl และ pyhanko",
        "Checked without Songthan and without a network, with sha256sum, openssl and pyhanko.",
        "sh check.sh ทำทุกคำสั่งใน ๑ ถึงข้อสุดท้ายก่อน pyhanko / runs every command below but pyhanko.",
        "ผู้มีระบบส่งทัน: songthan verify ตามด้วยแฟ้ม zip นี้ / with Songthan at hand: songthan verify and this zip.",
        "",
        "bundle/       ชุดเอกสารตามที่เก็บไว้ / the bundle as it was kept",
        "chain.txt     ที่มาของทุกคำตอบ: จดหมายใด ของใคร เมื่อใด อยู่หน้าใด / the way of every answer",
        "signature/    ลายมือชื่อ (CMS) และใบรับรอง / the signature and its certificates",
        "time-stamp/   ตราประทับเวลา (RFC 3161) / time-stamps",
        "revocation/   ข้อมูลการเพิกถอนใบรับรอง / revocation lists and OCSP answers",
        "",
        *(pen or _TRUST_WORDS),
        "",
        'คำสั่งต่อไปนี้ใช้ที่พักแฟ้ม / the following use a place for files: box="$(mktemp -d)"',
    ]
    for number, (title, commands) in enumerate(checks, 1):
        parts += ["", f"{number}. {title}", *(f"    {command}" for command in commands)]
    if pen:
        return "\n".join([*parts, ""]).encode()
    parts += ["", f"{len(checks) + 1}. ลายมือชื่อใน PDF ด้วย pyHanko / the signature in the PDF, with pyHanko", f"    {pyhanko}signed.pdf"]
    if lasting:
        parts.append(f"    {pyhanko}lasting.pdf")
    parts += [
        "    เมื่อใบรับรองหมดอายุแล้ว เพิ่ม --validation-time ด้วยวันในตราประทับเวลา / once the certificate has run out, add",
        "    --validation-time with the day of the time-stamp",
        "",
    ]
    return "\n".join(parts).encode()
