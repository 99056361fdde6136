"""Bundles on disk: `ROOT/<deadline>/v<version>/`, written at once and never changed, and their offline verification.

The folder holds the manifest's files, `manifest.json`, and what came later: `signed.pdf`, `trust/*.pem`,
`submission.json`, `receipt.json`, each recorded in `proof.json`, a chain in which every step carries the hash of the
step before it. `SHA256SUMS` lists every file, for `sha256sum -c`.

What is provable, and by what:
- every file of the manifest: by its sha256 there; the manifest itself: its seal stands inside the PDF the director
  signed, so his certificate vouches for all files, exhibits, answers and source messages (strongest);
- `signed.pdf`: by the certificate, against the CALLER's roots. `trust/*.pem` only says which root was trusted then:
  whoever rewrites the whole folder can put another root there, so pass your own roots where it matters;
- `submission.json`, `receipt.json` and the time of reception: only by the chain and `SHA256SUMS`, which nothing signs.
  A flipped byte is found; somebody who recomputes the chain is not. Their outside witnesses are the registry's own mail
  (its sha256 stands in the receipt) and the ledger.
A kill between two of the later writes leaves a folder that does not verify; repeating the same call mends it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from songthan.domain.bundles import Manifest, compare, read_json, safe_path, sha256_of
from songthan.domain.errors import DataError, SongthanError
from songthan.domain.language import digits, say
from songthan.ports import SignaturePort, SignatureReport

__all__ = [
    "VerifyCheck",
    "VerifyReport",
    "add_receipt",
    "add_signature",
    "add_submission",
    "readme",
    "verify_bundle",
    "write_bundle",
]

_STEPS = ("manifest", "signature", "submission", "receipt")
_STAGES = {"manifest": "compiled", "signature": "signed", "submission": "submitted", "receipt": "acknowledged"}
_FORMAT = "songthan-proof/1"
_OURS = frozenset({"manifest.json", "proof.json", "SHA256SUMS"})


@dataclass(frozen=True, kw_only=True)
class VerifyCheck:
    """One question put to a bundle: its name, the answer, and a Thai sentence."""

    name: str
    ok: bool
    detail_th: str


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """`ok` is the whole answer. `stage`: «compiled», «signed», «submitted», «acknowledged» or «broken»."""

    ok: bool
    bundle_id: str
    stage: str
    checks: tuple[VerifyCheck, ...]

    def as_json(self) -> dict[str, object]:
        """The document `songthan verify --json` prints."""
        checks = [{"name": c.name, "ok": c.ok, "detail_th": c.detail_th} for c in self.checks]
        return {"ok": self.ok, "bundle_id": self.bundle_id, "stage": self.stage, "checks": checks}


# --------------------------------------------------------------------------------------------------------- writing


def readme(*, title: str, version: int, frozen: str = "bundle.pdf") -> bytes:
    """README.txt: how anybody checks the bundle with programs that are not ours. UTF-8."""
    return say(
        'ชุดเอกสาร: {title} (ฉบับที่ {version})\n\nแฟ้ม {frozen} คือเอกสารฉบับที่เสนอผู้อำนวยการ แฟ้ม signed.pdf คือฉบับเดียวกันที่ลงลายมือชื่ออิเล็กทรอนิกส์แล้ว\nแฟ้ม manifest.json แสดงค่า sha256 ของทุกแฟ้ม และที่มาของทุกคำตอบและหลักฐาน\nแฟ้ม proof.json แสดงลำดับการลงลายมือชื่อ การส่ง และการรับเอกสาร โฟลเดอร์ evidence คือหลักฐานตามที่ได้รับ\n\nการตรวจสอบด้วยตนเองในโฟลเดอร์นี้ โดยไม่ต้องใช้ระบบส่งทันและไม่ต้องต่ออินเทอร์เน็ต\nChecking this folder by yourself, without Songthan and without a network:\n\n1. ทุกแฟ้มครบถ้วนและไม่ถูกแก้ไข / every file is whole and unchanged\n   sha256sum --check --strict SHA256SUMS\n\n2. ฉบับที่ลงลายมือชื่อคือฉบับที่เสนอ / the signed file begins with the frozen one, byte for byte\n   cmp -n "$(stat -c %s {frozen})" {frozen} signed.pdf && echo same\n\n3. ใบรับรองที่ใช้ตรวจ / the certificates to check against (compare the fingerprint with the issuer\'s own)\n   for f in trust/*.pem; do openssl x509 -in "$f" -noout -subject -dates -fingerprint -sha256; done\n\n4. ลายมือชื่ออิเล็กทรอนิกส์ / the signature\n   pyhanko sign validate --pretty-print $(for f in trust/*.pem; do printf -- \'--trust %s \' "$f"; done) signed.pdf\n   (หรือ / or: pdfsig signed.pdf)\n\n5. ตรวจทั้งหมดในคำสั่งเดียว / all of it at once\n   songthan verify .\n',
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
    files["proof.json"] = _proof_bytes([_step("manifest", {"manifest.json": manifest.sha256}, {}, previous="")])
    files["SHA256SUMS"] = _sums({path: sha256_of(data) for path, data in files.items()})
    for path, data in files.items():
        _write_synced(partial / path, data)
    for directory in sorted({(partial / path).parent for path in files}):
        _sync_folder(directory)
    partial.rename(folder)
    _sync_folder(folder.parent)
    _sync_folder(root)
    return folder


def _same_or_refuse(folder: Path, manifest: Manifest) -> None:
    actual = {p: (h, (folder / p).stat().st_size) for p, h in _hashes(folder).items() if p in manifest.files}
    stored = folder / "manifest.json"
    if compare(manifest, actual) or not stored.is_file() or stored.read_bytes() != manifest.to_json():
        raise SongthanError(
            f"มีชุดเอกสารฉบับที่ {digits(manifest.version)} อยู่แล้วและมีเนื้อหาต่างกัน",
            where=f"{manifest.deadline}/v{manifest.version}",
            remedy="โปรดจัดทำเป็นฉบับใหม่",
        )


def add_signature(
    folder: Path, signed: bytes, *, trust: Mapping[str, bytes], received: datetime, message_sha256: str
) -> None:
    """Keep the director's signed PDF and the roots (file name → PEM) it was checked against, and record them.

    `received` (aware) is when the mail with raw bytes `message_sha256` reached us: the moment the certificate is
    checked for. All three `add_` functions may be repeated with the same content; SongthanError with other content.
    """
    if received.utcoffset() is None:
        raise ValueError("`received` must be an aware datetime")
    files = {"signed.pdf": signed, **{f"trust/{name}": data for name, data in trust.items()}}
    _extend(folder, "signature", files, {"received": received.isoformat(), "message_sha256": message_sha256})


def add_submission(folder: Path, submission: Mapping[str, object]) -> None:
    """Record the mail to the registry: a JSON object with at least `message_id` (text), `sent_at` (ISO) and `files`
    (list of {name, sha256}); every sha256 must be of a file of this bundle."""
    _require(submission, {"message_id": str, "sent_at": str, "files": list}, "submission.json")
    data = {"message_id": submission["message_id"], "sent": sorted(_sent(submission))}
    strange = set(data["sent"]) - set(_hashes(folder).values())
    if strange:
        raise SongthanError("มีแฟ้มที่ส่งไปซึ่งไม่ได้อยู่ในชุดเอกสารนี้", where="submission.json")
    _extend(folder, "submission", {"submission.json": _canonical(submission)}, data)


def add_receipt(folder: Path, receipt: Mapping[str, object]) -> None:
    """Record the registry's answer: a JSON object with at least `number`, `received` (ISO) and `message_sha256`."""
    _require(receipt, {"number": str, "received": str, "message_sha256": str}, "receipt.json")
    _extend(folder, "receipt", {"receipt.json": _canonical(receipt)}, {"number": receipt["number"]})


def _require(record: Mapping[str, object], keys: Mapping[str, type], where: str) -> None:
    for key, kind in keys.items():
        if not isinstance(record.get(key), kind):
            raise DataError(f"ขาดข้อมูล {key} หรือข้อมูลผิดชนิด", where=where)


def _sent(submission: Mapping[str, object]) -> set[str]:
    files = submission.get("files")
    if not isinstance(files, list) or not all(isinstance(f, dict) and isinstance(f.get("sha256"), str) for f in files):
        raise DataError("รายการแฟ้มที่ส่งผิดรูปแบบ", where="submission.json")
    return {f["sha256"] for f in files}


def _extend(folder: Path, step: str, files: Mapping[str, bytes], data: Mapping[str, object]) -> None:
    if not _fitting(step, set(files)):
        raise DataError("ชื่อแฟ้มของขั้นตอนนี้ใช้ในชุดเอกสารไม่ได้ (ใบรับรองต้องชื่อลงท้ายด้วย .pem)", where="proof.json")
    chain = _read_proof((folder / "proof.json").read_bytes())
    done = next((link for link in chain if link["step"] == step), None)
    before = [link for link in chain if _STEPS.index(str(link["step"])) < _STEPS.index(step)]
    new = _step(step, {p: sha256_of(d) for p, d in files.items()}, data, previous=str(before[-1]["link"]))
    if (done is not None and done != new) or (done is None and len(before) != len(chain)):
        raise SongthanError("ขั้นตอนนี้บันทึกไว้แล้วด้วยเนื้อหาอื่น หรือบันทึกผิดลำดับ", where=f"{folder.name}/{step}")
    for path, content in files.items():
        _replace(folder, path, content)
    if done is None:
        _replace(folder, "proof.json", _proof_bytes([*chain, new]))
    _replace(folder, "SHA256SUMS", _sums(_hashes(folder)))


def _step(step: str, files: Mapping[str, str], data: Mapping[str, object], *, previous: str) -> dict[str, object]:
    body: dict[str, object] = {"step": step, "files": dict(files), "data": dict(data), "previous": previous}
    return {**body, "link": sha256_of(_canonical(body))}


def _canonical(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode("utf-8")


def _proof_bytes(chain: Sequence[Mapping[str, object]]) -> bytes:
    return _canonical({"format": _FORMAT, "chain": list(chain)})


def _read_proof(data: bytes) -> list[dict[str, object]]:
    """The chain, each link proven; DataError otherwise."""
    refusal = DataError("ลำดับหลักฐานการลงลายมือชื่อและการส่งไม่ต่อเนื่องหรือถูกแก้ไข", where="proof.json")
    found = read_json(data, where="proof.json")
    chain = found.get("chain")
    if set(found) != {"format", "chain"} or found["format"] != _FORMAT or not isinstance(chain, list) or not chain:
        raise refusal
    previous, order = "", -1
    for number, link in enumerate(chain):
        if not isinstance(link, dict) or set(link) != {"step", "files", "data", "previous", "link"}:
            raise refusal
        files, facts, place = link["files"], link["data"], _STEPS.index(link["step"]) if link["step"] in _STEPS else -1
        if not isinstance(files, dict) or not isinstance(facts, dict) or place <= order or (number == 0 and place != 0):
            raise refusal
        if not _fitting(link["step"], set(files)) or link != _step(link["step"], files, facts, previous=previous):
            raise refusal
        previous, order = str(link["link"]), place
    if _proof_bytes(chain) != data:
        raise refusal
    return chain


def _fitting(step: str, paths: set[str]) -> bool:
    """May this step bring exactly these files? Otherwise a rewritten chain could explain any extra file away."""
    if step == "signature":
        roots = {
            p for p in paths if safe_path(p) and p.count("/") == 1 and p.startswith("trust/") and p.endswith(".pem")
        }
        return paths - roots == {"signed.pdf"}
    return paths == {{"manifest": "manifest.json", "submission": "submission.json", "receipt": "receipt.json"}[step]}


def _sums(hashes: Mapping[str, str]) -> bytes:
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


# ------------------------------------------------------------------------------------------------------- verifying


def verify_bundle(
    folder: Path,
    *,
    signatures: SignaturePort,
    read_seal: Callable[[bytes], str | None],
    roots: Sequence[bytes] = (),
    require_signature: bool = True,
) -> VerifyReport:
    """Is this bundle whole, unchanged and signed? Offline; reads only `folder`; never raises for a broken one.

    `read_seal` is `assemble_pdf.read_seal`. The signature is checked against `trust/*.pem` and, where given, also
    against the caller's `roots` (see the module's text on what that adds). An unsigned bundle is not ok when its
    manifest awaits a signature, unless `require_signature` is False.
    """
    check = _Verification(folder, signatures, read_seal, tuple(roots), require_signature)
    try:
        check.run()
    except (DataError, OSError) as error:
        check.say("bundle", False, getattr(error, "th", "อ่านแฟ้มในชุดเอกสารไม่ได้ หรือแฟ้มไม่ครบ"))
    ok = all(c.ok for c in check.checks)
    return VerifyReport(
        ok=ok, bundle_id=check.bundle_id, stage=check.stage if ok else "broken", checks=tuple(check.checks)
    )


class _Verification:
    def __init__(
        self,
        folder: Path,
        signatures: SignaturePort,
        read_seal: Callable[[bytes], str | None],
        roots: tuple[bytes, ...],
        require_signature: bool,
    ) -> None:
        self._folder, self._signatures, self._read_seal = folder, signatures, read_seal
        self._roots, self._require = roots, require_signature
        self.checks: list[VerifyCheck] = []
        self.bundle_id, self.stage = "", "broken"

    def say(self, name: str, ok: bool, detail: str) -> None:
        self.checks.append(VerifyCheck(name=name, ok=ok, detail_th=detail))

    def run(self) -> None:
        hashes = _hashes(self._folder)
        manifest = Manifest.from_json(self._bytes("manifest.json"))
        self.bundle_id = manifest.bundle_id
        self.say("manifest", True, f"สารบัญสมบูรณ์ รหัสชุดเอกสาร {manifest.bundle_id}")
        chain = _read_proof(self._bytes("proof.json"))
        self.stage = _STAGES[str(chain[-1]["step"])]
        recorded = {path: digest for link in chain for path, digest in dict(link["files"]).items()}  # type: ignore
        self._contents(manifest, hashes, recorded)
        self._proof(hashes, recorded)
        self._sums(hashes)
        self._seal(manifest)
        self._signature(manifest, chain)
        self._submission(chain, hashes)

    def _bytes(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()

    def _contents(self, manifest: Manifest, hashes: Mapping[str, str], recorded: Mapping[str, object]) -> None:
        later = _OURS | (set(recorded) - set(manifest.files))
        actual = {p: (h, (self._folder / p).stat().st_size) for p, h in hashes.items() if p not in later}
        breaks = compare(manifest, actual)
        for broken in breaks:
            self.say("files", False, broken.message_th)
        if not breaks:
            self.say("files", True, f"แฟ้มครบถ้วนและตรงกับสารบัญ จำนวน {digits(len(manifest.files))} แฟ้ม")

    def _proof(self, hashes: Mapping[str, str], recorded: Mapping[str, object]) -> None:
        wrong = sorted(path for path, digest in recorded.items() if hashes.get(path) != digest)
        for path in wrong:
            self.say("proof", False, f"แฟ้ม {path} ไม่พบหรือไม่ตรงกับที่บันทึกไว้ใน proof.json")
        if not wrong:
            self.say("proof", True, "ลำดับหลักฐานการลงลายมือชื่อและการส่งต่อเนื่องและตรงกัน")

    def _sums(self, hashes: Mapping[str, str]) -> None:
        same = self._bytes("SHA256SUMS") == _sums(hashes)
        self.say("sums", same, "รายการ SHA256SUMS ตรงกับทุกแฟ้ม" if same else "รายการ SHA256SUMS ไม่ตรงกับแฟ้มที่มีอยู่")

    def _seal(self, manifest: Manifest) -> None:
        if manifest.signature is None:
            return
        same = self._read_seal(self._bytes(manifest.signature.file)) == manifest.seal
        self.say("seal", same, "เอกสารที่ลงลายมือชื่อผูกกับสารบัญนี้" if same else "เอกสารที่ลงลายมือชื่อไม่ได้ผูกกับสารบัญนี้")

    def _signature(self, manifest: Manifest, chain: Sequence[Mapping[str, object]]) -> None:
        link = next((link for link in chain if link["step"] == "signature"), None)
        if link is None:
            if manifest.signature is not None:
                self.say("signature", not self._require, "ชุดเอกสารนี้ยังไม่ได้ลงลายมือชื่อ")
            return
        if manifest.signature is None:
            self.say("signature", False, "มีลายมือชื่อทั้งที่สารบัญไม่ได้กำหนดเอกสารที่ต้องลงลายมือชื่อ")
            return
        facts = dict(link["data"])  # type: ignore[call-overload]
        try:
            received = datetime.fromisoformat(str(facts.get("received")))
        except ValueError as error:
            raise DataError("เวลาที่ได้รับเอกสารผิดรูปแบบ", where="proof.json") from error
        trust = [self._bytes(p) for p in sorted(dict(link["files"])) if p.startswith("trust/")]  # type: ignore
        for name, given in (("signature", trust), ("signature-roots", list(self._roots))):
            if name == "signature" or given:
                self._judge(name, manifest.signature.file, given, received)

    def _judge(self, name: str, frozen: str, roots: list[bytes], received: datetime) -> None:
        if received.utcoffset() is None:
            raise DataError("เวลาที่ได้รับเอกสารไม่ได้ระบุเขตเวลา", where="proof.json")
        report = self._signatures.verify(
            self._bytes("signed.pdf"), frozen=self._bytes(frozen), trust_roots=roots, at=received
        )
        self.say(name, report.valid, _signature_sentence(report))
        if name == "signature":
            scope = report.covers_whole_document and report.only_signature_added
            self.say(
                "scope",
                scope,
                "ลายมือชื่อครอบคลุมเอกสารทั้งฉบับและไม่มีสิ่งอื่นเพิ่มเติม" if scope else "ลายมือชื่อไม่ครอบคลุมเอกสารทั้งฉบับ หรือมีสิ่งอื่นเพิ่มเติม",
            )

    def _submission(self, chain: Sequence[Mapping[str, object]], hashes: Mapping[str, str]) -> None:
        link = next((link for link in chain if link["step"] == "submission"), None)
        if link is None:
            return
        sent = _sent(read_json(self._bytes("submission.json"), where="submission.json"))
        listed = sorted(sent) == dict(link["data"]).get("sent") and sent <= set(hashes.values())  # type: ignore
        self.say("submission", listed, "ทุกแฟ้มที่ส่งอยู่ในชุดเอกสารนี้" if listed else "มีแฟ้มที่ส่งไปซึ่งไม่ได้อยู่ในชุดเอกสารนี้")


def _signature_sentence(report: SignatureReport) -> str:
    if report.valid:
        return say("ลายมือชื่ออิเล็กทรอนิกส์ถูกต้อง ระดับ {level} ผู้ลงลายมือชื่อ {signer}", level=report.level, signer=report.signer)
    return say(" และ ").join(report.reasons_th) or say("ลายมือชื่ออิเล็กทรอนิกส์ไม่ถูกต้อง")


def _hashes(folder: Path) -> dict[str, str]:
    """Relative path → sha256 of every file; DataError for a link or anything else that is no plain file."""
    found = {}
    for place, folders, names in os.walk(folder):
        for name in folders + names:
            path = Path(place) / name
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_dir() if name in folders else path.is_file()):
                raise DataError(f"{relative} ไม่ใช่แฟ้มธรรมดา", where=folder.name)
            if name in names:
                with path.open("rb") as data:
                    found[relative] = hashlib.file_digest(data, "sha256").hexdigest()
    return found
