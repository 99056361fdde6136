"""Bundles on disk: `ROOT/<deadline>/v<version>/`, written at once and never changed (`bundle_verify` checks them).

The folder holds the manifest's files, `manifest.json`, and what came later: `signed.pdf`, `trust/*.pem`, `lasting.pdf`
(the signed file with time-stamp and revocation data), or for a signature by pen `pen.json` and `pen/` (`bundle_pen`);
`submission.json`, `receipt.json`, each recorded in `proof.json`, a
chain in which every step carries the hash of the step before it and the office's signature. `SHA256SUMS` lists every
file, for `sha256sum -c`.

What is provable, and by what:
- every file of the manifest: by its sha256 there; the manifest itself: its seal stands inside the PDF the director
  signed, so his certificate vouches for all files, exhibits, answers and source messages (strongest);
- `signed.pdf`: by the certificate, against the CALLER's roots. `trust/*.pem` only says which root was trusted then:
  whoever rewrites the whole folder can put another root there, so pass your own roots where it matters;
- `submission.json`, `receipt.json` and the time of reception: by the office's record key (`bundle_records`), whose public
  half stands under the seal. Only who holds the office's ledger could write them otherwise; the outside witnesses against
  the office itself are the registry's own mail (its sha256 stands in the receipt) and the time-stamp in `lasting.pdf`.
A kill between two of the later writes leaves a folder that does not verify; repeating the same call mends it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from songthan.adapters import bundle_pen
from songthan.adapters.bundle_records import RecordKey
from songthan.domain.bundles import Manifest, compare, read_json, safe_path, sha256_of
from songthan.domain.errors import DataError, SongthanError
from songthan.domain.language import digits, say

__all__ = [
    "add_lasting",
    "add_pen",
    "add_receipt",
    "add_signature",
    "add_submission",
    "hashes_of",
    "read_proof",
    "readme",
    "sent_files",
    "sums_of",
    "write_bundle",
]

#: The steps in their order. «lasting» may come at any time after the signature: the time-stamp service may be late.
STEPS = ("manifest", "signature", "submission", "receipt")
LASTING = "lasting"
#: Stands in the signature's place.
PEN = "pen"
_FORMAT = "songthan-proof/1"
#: More is no file of a bundle, and nobody waits for its sha256.
_LARGEST = 4 << 30


# --------------------------------------------------------------------------------------------------------- writing


def readme(*, title: str, version: int, frozen: str = "bundle.pdf") -> bytes:
    """README.txt: how anybody checks the bundle with programs that are not ours. UTF-8."""
    return say(
        'ชุดเอกสาร: {title} (ฉบับที่ {version})\n\nแฟ้ม {frozen} คือเอกสารฉบับที่เสนอผู้อำนวยการ แฟ้ม signed.pdf คือฉบับเดียวกันที่ลงลายมือชื่ออิเล็กทรอนิกส์แล้ว\nแฟ้ม lasting.pdf (ถ้ามี) คือ signed.pdf ที่ต่อท้ายด้วยตราประทับเวลาและข้อมูลการเพิกถอนใบรับรอง\nหากผู้อำนวยการลงนามด้วยปากกา จะไม่มี signed.pdf แต่มี pen.json (ผู้ลงนาม รหัสในภาพ ผู้เทียบ เวลา) และโฟลเดอร์ pen (จดหมาย ภาพสแกน pages.pdf)\nแฟ้ม manifest.json แสดงค่า sha256 ของทุกแฟ้ม และที่มาของทุกคำตอบและหลักฐาน\nแฟ้ม proof.json แสดงลำดับการลงลายมือชื่อ การส่ง และการรับเอกสาร โฟลเดอร์ evidence คือหลักฐานตามที่ได้รับ\n\nการตรวจสอบด้วยตนเองในโฟลเดอร์นี้ โดยไม่ต้องใช้ระบบส่งทันและไม่ต้องต่ออินเทอร์เน็ต\nChecking this folder by yourself, without Songthan and without a network:\n\n1. ทุกแฟ้มครบถ้วนและไม่ถูกแก้ไข / every file is whole and unchanged\n   sha256sum --check --strict SHA256SUMS\n\nลงนามด้วยปากกา ข้าม 2 ถึง 4 แล้วเทียบด้วยตา: หน้าแรกของ pen/pages.pdf กับหน้าที่มีรหัส (QR) ของ {frozen}\nSigned by pen: skip 2 to 4; hold the first page of pen/pages.pdf against the page of {frozen} that bears the QR code.\n\n2. ฉบับที่ลงลายมือชื่อคือฉบับที่เสนอ / the signed file begins with the frozen one, byte for byte\n   cmp -n "$(stat -c %s {frozen})" {frozen} signed.pdf && echo same\n\n3. ใบรับรองที่ใช้ตรวจ / the certificates to check against (compare the fingerprint with the issuer\'s own)\n   for f in trust/*.pem; do openssl x509 -in "$f" -noout -subject -dates -fingerprint -sha256; done\n\n4. ลายมือชื่ออิเล็กทรอนิกส์ / the signature\n   pyhanko sign validate --no-revocation-check --pretty-print $(for f in trust/*.pem; do printf -- \'--trust %s \' "$f"; done) signed.pdf\n   (หรือ / or: pdfsig signed.pdf)\n\n5. ตรวจทั้งหมดในคำสั่งเดียว / all of it at once\n   songthan verify .\n',
        title=title,
        version=digits(version),
        frozen=frozen,
    ).encode()


def write_bundle(root: Path, manifest: Manifest, contents: Mapping[str, bytes]) -> Path:
    """Write the bundle's folder; returns it. `contents` holds the bytes of exactly the manifest's files.

    Safe to repeat: the folder appears whole or not at all (written beside, synced, renamed), and an existing folder
    with the same content is left as it is. SongthanError when the version exists with other content: a correction
    after freezing needs a new version.
    """
    breaks = compare(manifest, {path: (sha256_of(data), len(data)) for path, data in contents.items()})
    if breaks:
        raise SongthanError(breaks[0].message_th, where="manifest.json", remedy="โปรดจัดทำสารบัญใหม่จากแฟ้มที่จะบันทึก")
    if not safe_path(manifest.deadline) or "/" in manifest.deadline:
        raise DataError("รหัสกำหนดส่งใช้เป็นชื่อโฟลเดอร์ไม่ได้", where=manifest.deadline)
    folder = root / manifest.deadline / f"v{manifest.version}"
    if folder.exists():
        _same_or_refuse(folder, manifest)
        return folder
    partial = folder.with_name(f".v{manifest.version}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    files = {**contents, "manifest.json": manifest.to_json()}
    files["proof.json"] = _proof_bytes([_step("manifest", {"manifest.json": manifest.sha256}, {}, "", None)])
    files["SHA256SUMS"] = sums_of({path: sha256_of(data) for path, data in files.items()})
    for path, data in files.items():
        _write_synced(partial / path, data)
    for directory in sorted({(partial / path).parent for path in files}):
        _sync_folder(directory)
    partial.rename(folder)
    _sync_folder(folder.parent)
    _sync_folder(root)
    return folder


def _same_or_refuse(folder: Path, manifest: Manifest) -> None:
    actual = {p: (h, (folder / p).stat().st_size) for p, h in hashes_of(folder).items() if p in manifest.files}
    stored = folder / "manifest.json"
    if compare(manifest, actual) or not stored.is_file() or stored.read_bytes() != manifest.to_json():
        raise SongthanError(
            f"มีชุดเอกสารฉบับที่ {digits(manifest.version)} อยู่แล้วและมีเนื้อหาต่างกัน",
            where=f"{manifest.deadline}/v{manifest.version}",
            remedy="โปรดจัดทำเป็นฉบับใหม่",
        )


def add_signature(
    folder: Path,
    signed: bytes,
    *,
    trust: Mapping[str, bytes],
    received: datetime,
    message_sha256: str,
    key: RecordKey | None = None,
) -> None:
    """Keep the director's signed PDF and the roots (file name → PEM) it was checked against, and record them.

    `received` (aware) is when the mail with raw bytes `message_sha256` reached us: the moment the certificate is
    checked for. `key` signs the record. All `add_` functions may be repeated with the same content; SongthanError with
    other content.
    """
    if received.utcoffset() is None:
        raise ValueError("`received` must be an aware datetime")
    files = {"signed.pdf": signed, **{f"trust/{name}": data for name, data in trust.items()}}
    _extend(folder, "signature", files, {"received": received.isoformat(), "message_sha256": message_sha256}, key)


def add_pen(
    folder: Path, record: Mapping[str, object], files: Mapping[str, bytes], *, key: RecordKey | None = None
) -> None:
    """Keep what proves a signature by pen: the record (`steps.confirm_pen` makes it) and the files it names by path."""
    if bundle_pen.record_files(record) != {path: sha256_of(data) for path, data in files.items()}:
        raise SongthanError("แฟ้มของการลงนามด้วยปากกาไม่ตรงกับบันทึก", where=bundle_pen.RECORD)
    kept = {**files, bundle_pen.RECORD: _canonical(record)}
    _extend(folder, PEN, kept, bundle_pen.proof_data(record), key)


def add_lasting(
    folder: Path,
    lasting: bytes,
    *,
    trust: Mapping[str, bytes],
    at: datetime,
    level: str,
    key: RecordKey | None = None,
) -> None:
    """Keep the signed PDF with time-stamp and revocation data behind it, and the time-stamp's roots («tsa-….pem» → PEM)."""
    if not lasting.startswith((folder / "signed.pdf").read_bytes()):
        raise SongthanError("แฟ้มที่ประทับเวลาไม่ได้ต่อจากแฟ้มที่ผู้อำนวยการลงลายมือชื่อ", where="lasting.pdf")
    files = {"lasting.pdf": lasting, **{f"trust/{name}": data for name, data in trust.items()}}
    # when it was recorded first counts: repeating the same file changes nothing
    links = read_proof((folder / "proof.json").read_bytes())
    done = next((dict(link["data"]) for link in links if link["step"] == LASTING), None)  # type: ignore[call-overload]
    _extend(folder, LASTING, files, done or {"at": at.isoformat(), "level": level}, key)


def add_submission(folder: Path, submission: Mapping[str, object], *, key: RecordKey | None = None) -> None:
    """Record the mail to the registry: a JSON object with at least `message_id` (text), `sent_at` (ISO) and `files`
    (list of {name, sha256}); every sha256 must be of a file of this bundle."""
    _require(submission, {"message_id": str, "sent_at": str, "files": list}, "submission.json")
    data = {"message_id": submission["message_id"], "sent": sorted(sent_files(submission))}
    strange = set(data["sent"]) - set(hashes_of(folder).values())
    if strange:
        raise SongthanError("มีแฟ้มที่ส่งไปซึ่งไม่ได้อยู่ในชุดเอกสารนี้", where="submission.json")
    _extend(folder, "submission", {"submission.json": _canonical(submission)}, data, key)


def add_receipt(folder: Path, receipt: Mapping[str, object], *, key: RecordKey | None = None) -> None:
    """Record the registry's answer: a JSON object with at least `number`, `received` (ISO) and `message_sha256`."""
    _require(receipt, {"number": str, "received": str, "message_sha256": str}, "receipt.json")
    _extend(folder, "receipt", {"receipt.json": _canonical(receipt)}, {"number": receipt["number"]}, key)


def _require(record: Mapping[str, object], keys: Mapping[str, type], where: str) -> None:
    for key, kind in keys.items():
        if not isinstance(record.get(key), kind):
            raise DataError(f"ขาดข้อมูล {key} หรือข้อมูลผิดชนิด", where=where)


def sent_files(submission: Mapping[str, object]) -> set[str]:
    files = submission.get("files")
    if not isinstance(files, list) or not all(isinstance(f, dict) and isinstance(f.get("sha256"), str) for f in files):
        raise DataError("รายการแฟ้มที่ส่งผิดรูปแบบ", where="submission.json")
    return {f["sha256"] for f in files}


def _extend(
    folder: Path, step: str, files: Mapping[str, bytes], data: Mapping[str, object], key: RecordKey | None
) -> None:
    if not _fitting(step, set(files)):
        raise DataError("ชื่อแฟ้มของขั้นตอนนี้ใช้ในชุดเอกสารไม่ได้ (ใบรับรองต้องชื่อลงท้ายด้วย .pem)", where="proof.json")
    key = _key_of(folder, key)
    chain = read_proof((folder / "proof.json").read_bytes())
    steps = [str(link["step"]) for link in chain]
    place = steps.index(step) if step in steps else len(chain)
    new = _step(step, {p: sha256_of(d) for p, d in files.items()}, data, str(chain[place - 1]["link"]), key)
    if not _in_order([*steps[:place], step]) or (step in steps and chain[place] != new):
        raise SongthanError("ขั้นตอนนี้บันทึกไว้แล้วด้วยเนื้อหาอื่น หรือบันทึกผิดลำดับ", where=f"{folder.name}/{step}")
    for path, content in files.items():
        _replace(folder, path, content)
    if step not in steps:
        _replace(folder, "proof.json", _proof_bytes([*chain, new]))
    _replace(folder, "SHA256SUMS", sums_of(hashes_of(folder)))


def _key_of(folder: Path, key: RecordKey | None) -> RecordKey | None:
    """The key the manifest awaits; None for a bundle of before. SongthanError for another office's key."""
    awaited = Manifest.from_json((folder / "manifest.json").read_bytes()).recorder
    if not awaited:
        return None
    if key is None or key.public != awaited:
        raise SongthanError(
            "ชุดเอกสารนี้จัดทำจากสมุดทะเบียนอื่น จึงบันทึกต่อไม่ได้",
            where=folder.name,
            remedy="ใช้โฟลเดอร์สถานะที่จัดทำชุดเอกสารนี้ หรือกู้คืนสมุดทะเบียนจากสำเนาสำรอง",
        )
    return key


def _in_order(steps: Sequence[str]) -> bool:
    """Manifest first, nothing twice, the others as in STEPS without a gap before them (a signature by pen in the place of the
    electronic one, never both); «lasting» after the electronic signature."""
    plain = ["signature" if step == PEN else step for step in steps if step != LASTING]
    if plain[:1] != ["manifest"] or len(set(plain)) != len(plain) or len(set(steps)) != len(steps) or not set(plain) <= set(STEPS):
        return False
    places = [STEPS.index(step) for step in plain]
    return places == sorted(places) and (LASTING not in steps or "signature" in steps[: steps.index(LASTING)])


def _step(
    step: str, files: Mapping[str, str], data: Mapping[str, object], previous: str, key: RecordKey | None
) -> dict[str, object]:
    body: dict[str, object] = {"step": step, "files": dict(files), "data": dict(data), "previous": previous}
    link = sha256_of(_canonical(body))
    return {**body, "link": link, **({"signature": key.sign(link)} if key else {})}


def _canonical(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode("utf-8")


def _proof_bytes(chain: Sequence[Mapping[str, object]]) -> bytes:
    return _canonical({"format": _FORMAT, "chain": list(chain)})


def read_proof(data: bytes) -> list[dict[str, object]]:
    """The chain, each link proven; DataError otherwise. The office's signatures are the caller's to check."""
    refusal = DataError("ลำดับหลักฐานการลงลายมือชื่อและการส่งไม่ต่อเนื่องหรือถูกแก้ไข", where="proof.json")
    found = read_json(data, where="proof.json")
    chain = found.get("chain")
    if set(found) != {"format", "chain"} or found["format"] != _FORMAT or not isinstance(chain, list) or not chain:
        raise refusal
    previous = ""
    for link in chain:
        if not isinstance(link, dict) or set(link) - {"signature"} != {"step", "files", "data", "previous", "link"}:
            raise refusal
        files, facts, step = link["files"], link["data"], link["step"]
        if not isinstance(files, dict) or not isinstance(facts, dict) or step not in (*STEPS, LASTING, PEN):
            raise refusal
        plain = {name: value for name, value in link.items() if name != "signature"}
        if not _fitting(step, set(files)) or plain != _step(step, files, facts, previous, None):
            raise refusal
        previous = str(link["link"])
    if not _in_order([link["step"] for link in chain]) or _proof_bytes(chain) != data:
        raise refusal
    return chain


def _fitting(step: str, paths: set[str]) -> bool:
    """May this step bring exactly these files? Otherwise a rewritten chain could explain any extra file away."""
    if step == PEN:
        return bundle_pen.fitting(paths)
    if step in ("signature", LASTING):
        name, prefix = ("signed.pdf", "trust/") if step == "signature" else ("lasting.pdf", "trust/tsa-")
        roots = {p for p in paths if safe_path(p) and p.count("/") == 1 and p.startswith(prefix) and p.endswith(".pem")}
        return paths - roots == {name}
    return paths == {{"manifest": "manifest.json", "submission": "submission.json", "receipt": "receipt.json"}[step]}


def sums_of(hashes: Mapping[str, str]) -> bytes:
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes) if path != "SHA256SUMS").encode("ascii")


def _write_synced(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _replace(folder: Path, path: str, data: bytes) -> None:
    """Put `data` at `path` of the bundle in one step. The unfinished copy lies beside the bundle's folder."""
    beside = folder.with_name(f".{folder.name}.{Path(path).name}.partial")
    _write_synced(beside, data)
    target = folder / path
    target.parent.mkdir(exist_ok=True)
    beside.replace(target)
    _sync_folder(target.parent)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hashes_of(folder: Path) -> dict[str, str]:
    """Relative path → sha256 of every file; DataError for a link, an empty folder or anything else that is no plain file."""
    found = {}
    for place, folders, names in os.walk(folder):
        if not folders and not names and Path(place) != folder:
            raise DataError(f"มีโฟลเดอร์ว่าง {_name(Path(place), folder)} เกินมา", where=folder.name)
        for name in folders + names:
            path = Path(place) / name
            if path.is_symlink() or not (path.is_dir() if name in folders else path.is_file()):
                raise DataError(f"{_name(path, folder)} ไม่ใช่แฟ้มธรรมดา", where=folder.name)
            if name in names:
                found[_name(path, folder)] = _sha256(path, folder)
    return found


def _name(path: Path, folder: Path) -> str:
    """The path inside the bundle; a name that is no text is shown with marks in its place."""
    return path.relative_to(folder).as_posix().encode("utf-8", "replace").decode("utf-8")


def _sha256(path: Path, folder: Path) -> str:
    if path.stat().st_size > _LARGEST:
        raise DataError(f"แฟ้ม {_name(path, folder)} ใหญ่เกินกว่าจะเป็นแฟ้มของชุดเอกสาร", where=folder.name)
    with path.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
