"""Is a bundle whole, unchanged and signed? Offline, by anybody, with nothing but the folder (and roots of one's own).

What each check proves stands in `bundle_files`. Nothing in the folder is believed before it is checked: every name is
looked at, every PDF is opened in the sandbox, and whatever breaks is an answer, not an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from songthan.adapters import bundle_pen
from songthan.adapters.bundle_files import LASTING, PEN, hashes_of, read_proof, sent_files, sums_of
from songthan.adapters.bundle_records import signed_by
from songthan.domain.bundles import Manifest, compare, read_json
from songthan.domain.errors import DataError, SongthanError
from songthan.domain.language import digits, moment_words, say
from songthan.domain.signatures import SignatureReport
from songthan.ports import SignaturePort

__all__ = ["VerifyCheck", "VerifyReport", "broken", "verify_bundle"]

_STAGES = {"manifest": "compiled", "signature": "signed", "pen": "signed", "submission": "submitted", "receipt": "acknowledged"}
_OURS = frozenset({"manifest.json", "proof.json", "SHA256SUMS"})
#: A manifest names every answer with its source: some hundred bytes each.
_LARGEST_LIST = 64 << 20


@dataclass(frozen=True, kw_only=True)
class VerifyCheck:
    """One question put to a bundle: its name, the answer, and a Thai sentence."""

    name: str
    ok: bool
    detail_th: str


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """`ok` is the whole answer. `stage`: «compiled», «signed», «submitted», «acknowledged» or «broken».

    `level`: the PAdES level of the file that proves most («»: no valid signature); `at`: the day it was asked for;
    `signed_by`: «certificate», «pen» or «»; `manifest` and `records`: what the bundle says of its own making, as read (None: it could not be).
    """

    ok: bool
    bundle_id: str
    stage: str
    checks: tuple[VerifyCheck, ...]
    level: str = ""
    signer: str = ""
    signed_at: datetime | None = None
    signed_by: str = ""
    at: datetime | None = None
    manifest: Manifest | None = None
    records: tuple[Mapping[str, object], ...] = ()

    def as_json(self) -> dict[str, object]:
        """The document `songthan verify --json` prints."""
        checks = [{"name": c.name, "ok": c.ok, "detail_th": c.detail_th} for c in self.checks]
        return {
            "ok": self.ok,
            "bundle_id": self.bundle_id,
            "stage": self.stage,
            "checks": checks,
            "level": self.level,
            "signer": self.signer,
            "signed_at": self.signed_at.isoformat() if self.signed_at else None,
            "signed_by": self.signed_by,
            "at": self.at.isoformat() if self.at else None,
        }


def verify_bundle(
    folder: Path,
    *,
    signatures: SignaturePort,
    read_seal: Callable[[bytes], str | None],
    pen: bundle_pen.PenReader | None = None,
    roots: Sequence[bytes] = (),
    stamp_roots: Sequence[bytes] = (),
    require_signature: bool = True,
    at: datetime | None = None,
) -> VerifyReport:
    """Is this bundle whole, unchanged and signed? Reads only `folder`; never raises for a broken one.

    `read_seal` is `assemble_pdf.read_seal`. The signature is checked for the day it was received, against `trust/*.pem`
    and, where given, also against the caller's `roots` (and `stamp_roots` of the time-stamp service). `at` (aware; now):
    the day at which the bundle must still prove itself. An unsigned bundle is not ok when its manifest awaits a
    signature, unless `require_signature` is False. `pen` reads the scans and the mail of a signature by pen; without it a
    bundle that has one is not ok.
    """
    check = _Verification(folder, signatures, read_seal, pen, tuple(roots), tuple(stamp_roots), at or datetime.now(UTC))
    try:
        check.run(require_signature)
    except (SongthanError, OSError) as error:
        where = getattr(error, "where", "") or getattr(error, "filename", "") or ""
        reason = getattr(error, "th", "") or say("อ่านแฟ้มในชุดเอกสารไม่ได้ หรือแฟ้มไม่ครบ")
        check.say("bundle", False, f"{Path(str(where)).name}: {reason}" if where else reason)
    except Exception as error:  # made by a stranger to break us: that is an answer too
        check.say("bundle", False, say("อ่านชุดเอกสารไม่ได้ เนื้อหาผิดรูปแบบ ({kind})", kind=type(error).__name__))
    ok = bool(check.checks) and all(c.ok for c in check.checks)
    return VerifyReport(
        ok=ok,
        bundle_id=check.bundle_id,
        stage=check.stage if ok else "broken",
        checks=tuple(check.checks),
        level=check.level,
        signer=check.signer,
        signed_at=check.signed_at,
        signed_by=check.signed_by if ok else "",
        at=check.at,
        manifest=check.manifest,
        records=check.records,
    )


def broken(reason: str, *, at: datetime | None = None) -> VerifyReport:
    """The answer about something that does not even come to be looked at as a bundle."""
    check = VerifyCheck(name="bundle", ok=False, detail_th=reason)
    return VerifyReport(ok=False, bundle_id="", stage="broken", checks=(check,), at=at or datetime.now(UTC))


class _Verification:
    def __init__(
        self,
        folder: Path,
        signatures: SignaturePort,
        read_seal: Callable[[bytes], str | None],
        pen: bundle_pen.PenReader | None,
        roots: tuple[bytes, ...],
        stamp_roots: tuple[bytes, ...],
        at: datetime,
    ) -> None:
        self._folder, self._signatures, self._read_seal = folder, signatures, read_seal
        self._pen_reader, self.signed_by = pen, ""
        self._roots, self._stamp_roots, self.at = roots, stamp_roots, at
        self.checks: list[VerifyCheck] = []
        self.bundle_id, self.stage, self.level, self.signer = "", "broken", "", ""
        self.signed_at: datetime | None = None
        self.manifest: Manifest | None = None
        self.records: tuple[Mapping[str, object], ...] = ()

    def say(self, name: str, ok: bool, detail: str) -> None:
        self.checks.append(VerifyCheck(name=name, ok=ok, detail_th=detail))

    def run(self, require_signature: bool) -> None:
        if not self._folder.is_dir():
            raise DataError("ไม่พบโฟลเดอร์ชุดเอกสาร", where=self._folder.name)
        hashes = hashes_of(self._folder)
        manifest = Manifest.from_json(self._list("manifest.json"))
        self.manifest, self.bundle_id = manifest, manifest.bundle_id
        self.say("manifest", True, f"สารบัญสมบูรณ์ รหัสชุดเอกสาร {manifest.bundle_id}")
        chain = read_proof(self._list("proof.json"))
        self.records = tuple(chain)
        self.stage = next(_STAGES[step] for link in reversed(chain) if (step := str(link["step"])) in _STAGES)
        recorded = {path: digest for link in chain for path, digest in dict(link["files"]).items()}  # type: ignore
        self._contents(manifest, hashes, recorded)
        self._proof(hashes, recorded)
        self._records(manifest, chain)
        self._sums(hashes)
        self._seal(manifest)
        if _link(chain, PEN) is not None:
            self._pen(manifest, chain, hashes)
        else:
            self._signature(manifest, chain, require_signature)
        self._submission(chain, hashes)
        self._receipt(chain)

    def _bytes(self, path: str) -> bytes:
        return (self._folder / path).read_bytes()

    def _list(self, path: str) -> bytes:
        if (self._folder / path).stat().st_size > _LARGEST_LIST:
            raise DataError("แฟ้มใหญ่เกินกว่าจะเป็นรายการของชุดเอกสาร", where=path)
        return self._bytes(path)

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

    def _records(self, manifest: Manifest, chain: Sequence[Mapping[str, object]]) -> None:
        """Every step after the freeze is signed with the key the manifest names; a bundle of before has neither."""
        later = [link for link in chain if link["step"] != "manifest"]
        if not manifest.recorder:
            if any("signature" in link for link in chain):
                self.say("records", False, "proof.json มีลายมือชื่อของระบบทั้งที่สารบัญไม่ได้ระบุกุญแจ")
            return
        wrong = [
            str(link["step"])
            for link in later
            if not signed_by(manifest.recorder, str(link["link"]), link.get("signature"))
        ]
        for step in wrong:
            self.say("records", False, f"บันทึกขั้นตอน {step} ใน proof.json ไม่ได้มาจากระบบที่จัดทำชุดเอกสารนี้ หรือถูกแก้ไข")
        if later and not wrong:
            self.say("records", True, "บันทึกทุกขั้นตอนมาจากระบบที่จัดทำชุดเอกสารนี้")

    def _sums(self, hashes: Mapping[str, str]) -> None:
        same = self._bytes("SHA256SUMS") == sums_of(hashes)
        self.say("sums", same, "รายการ SHA256SUMS ตรงกับทุกแฟ้ม" if same else "รายการ SHA256SUMS ไม่ตรงกับแฟ้มที่มีอยู่")

    def _seal(self, manifest: Manifest) -> None:
        if manifest.signature is None:
            return
        file = manifest.signature.file
        same = self._read_seal(self._bytes(file)) == manifest.seal
        self.say(
            "seal",
            same,
            "เอกสารที่ลงลายมือชื่อผูกกับสารบัญนี้" if same else f"เอกสารที่ลงลายมือชื่อ ({file}) ไม่ได้ผูกกับสารบัญนี้ สารบัญถูกแก้ไขหรือเป็นของชุดอื่น",
        )

    # ------------------------------------------------------------------------------------------------- signature

    def _signature(self, manifest: Manifest, chain: Sequence[Mapping[str, object]], required: bool) -> None:
        link = _link(chain, "signature")
        if link is None:
            if manifest.signature is not None:
                self.say("signature", not required, "ชุดเอกสารนี้ยังไม่ได้ลงลายมือชื่อ (ไม่มี signed.pdf)")
            return
        if manifest.signature is None:
            self.say("signature", False, "มี signed.pdf ทั้งที่สารบัญไม่ได้กำหนดเอกสารที่ต้องลงลายมือชื่อ")
            return
        trust, stamps = self._trust(link)
        received = _moment(dict(link["data"]).get("received"))  # type: ignore[call-overload]
        report = self._judge("signed.pdf", manifest, trust, received, stamps)
        self.signed_by = "certificate"
        self.level, self.signer, self.signed_at = report.level if report.valid else "", report.signer, report.signed_at
        self.say("signature", report.valid, _signature_sentence(report, "signed.pdf"))
        scope = report.covers_whole_document and report.only_signature_added
        self.say(
            "scope",
            scope,
            "ลายมือชื่อครอบคลุมเอกสารทั้งฉบับและไม่มีสิ่งอื่นเพิ่มเติม"
            if scope
            else "signed.pdf: ลายมือชื่อไม่ครอบคลุมเอกสารทั้งฉบับ หรือมีสิ่งอื่นเพิ่มเติม",
        )
        if self._roots:
            outside = self._judge("signed.pdf", manifest, self._roots, received, self._stamps(stamps))
            good = say("ใบรับรองของผู้ลงลายมือชื่อสืบไปถึงใบรับรองรากที่ผู้ตรวจให้มา")
            self.say("signature-roots", outside.valid, good if outside.valid else _signature_sentence(outside, "signed.pdf"))
        self._lasting(manifest, chain, trust, received, outside if self._roots and report.valid else report)

    def _pen(self, manifest: Manifest, chain: Sequence[Mapping[str, object]], hashes: Mapping[str, str]) -> None:
        """Signed by pen: no certificate speaks for it; what was kept of it must hold together."""
        link = _link(chain, PEN)
        if link is None or self._pen_reader is None:
            self.say("pen", False, "ตรวจการลงนามด้วยปากกาไม่ได้ ไม่มีตัวอ่านภาพสแกน")
            return
        for name, ok, detail in bundle_pen.checks(self._folder, manifest, link, hashes, self._pen_reader):
            self.say(name, ok, detail)
        self.signed_by, self.signer = "pen", manifest.signature.signer if manifest.signature else ""
        self.signed_at = _moment(dict(link["data"]).get("received"))  # type: ignore[call-overload]

    def _trust(self, link: Mapping[str, object]) -> tuple[list[bytes], list[bytes]]:
        """The roots a step recorded: the signer's, and the time-stamp service's own («tsa-…»)."""
        paths = [p for p in sorted(dict(link["files"])) if p.startswith("trust/")]  # type: ignore[call-overload]
        stamps = [p for p in paths if p.startswith("trust/tsa-")]
        return [self._bytes(p) for p in paths if p not in stamps], [self._bytes(p) for p in stamps]

    def _stamps(self, recorded: Sequence[bytes]) -> Sequence[bytes]:
        """For judging with the caller's roots: they speak for the time as well where he gives no others for it."""
        return self._stamp_roots or (*self._roots, *recorded)

    def _judge(
        self,
        file: str,
        manifest: Manifest,
        roots: Sequence[bytes],
        moment: datetime,
        stamp_roots: Sequence[bytes] = (),
    ) -> SignatureReport:
        slot = manifest.signature
        assert slot is not None
        return self._signatures.verify(
            self._bytes(file),
            frozen=self._bytes(slot.file),
            trust_roots=roots,
            at=moment,
            holders=(slot.signer, *slot.holders),
            stamp_roots=stamp_roots,
            now=max(self.at, moment),
        )

    def _lasting(
        self,
        manifest: Manifest,
        chain: Sequence[Mapping[str, object]],
        trust: Sequence[bytes],
        received: datetime,
        report: SignatureReport,
    ) -> None:
        """Does the bundle still prove the signature at the day asked for? By `lasting.pdf` where there is one."""
        link, file = _link(chain, LASTING), "signed.pdf"
        if link is not None:
            file, (_, stamps) = "lasting.pdf", self._trust(link)
            if not self._bytes(file).startswith(self._bytes("signed.pdf")):
                self.say("lasting", False, "lasting.pdf ไม่ได้ต่อจาก signed.pdf ที่ผู้อำนวยการลงลายมือชื่อ")
                return
            at = max(received, _moment(dict(link["data"]).get("at")))  # type: ignore[call-overload]
            report = self._judge(
                file, manifest, self._roots or trust, at, self._stamps(stamps) if self._roots else stamps
            )
            if not report.valid:
                self.say("lasting", False, _signature_sentence(report, file))
                return
            self.level = report.level
        if not report.valid:
            return
        ok = report.lasting
        words = _lasting_sentence(report, self.at) if ok else " และ ".join(report.lasting_th)
        self.say("lasting", ok, f"{file} ระดับ {report.level}: {words}")

    # -------------------------------------------------------------------------------------------------- handing in

    def _submission(self, chain: Sequence[Mapping[str, object]], hashes: Mapping[str, str]) -> None:
        link = _link(chain, "submission")
        if link is None:
            return
        found = read_json(self._list("submission.json"), where="submission.json")
        sent, facts = sent_files(found), dict(link["data"])  # type: ignore[call-overload]
        listed = sorted(sent) == facts.get("sent") and found.get("message_id") == facts.get("message_id")
        listed = listed and sent <= set(hashes.values())
        self.say(
            "submission",
            listed,
            "ทุกแฟ้มที่ส่งอยู่ในชุดเอกสารนี้" if listed else "submission.json: มีแฟ้มที่ส่งไปซึ่งไม่ได้อยู่ในชุดเอกสารนี้ หรือไม่ตรงกับ proof.json",
        )

    def _receipt(self, chain: Sequence[Mapping[str, object]]) -> None:
        link = _link(chain, "receipt")
        if link is None:
            return
        found = read_json(self._list("receipt.json"), where="receipt.json")
        same = found.get("number") == dict(link["data"]).get("number")  # type: ignore[call-overload]
        self.say(
            "receipt", same, f"เลขรับ {found.get('number')}" if same else "receipt.json: เลขรับไม่ตรงกับที่บันทึกไว้ใน proof.json"
        )


def _link(chain: Sequence[Mapping[str, object]], step: str) -> Mapping[str, object] | None:
    return next((link for link in chain if link["step"] == step), None)


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
        aware = moment.utcoffset() is not None and datetime(1990, 1, 1, tzinfo=UTC) < moment < datetime(2200, 1, 1, tzinfo=UTC)
    except ValueError as error:
        raise DataError("เวลาที่ได้รับเอกสารผิดรูปแบบ", where="proof.json") from error
    if not aware:
        raise DataError("เวลาที่ได้รับเอกสารไม่ได้ระบุเขตเวลา หรือเป็นไปไม่ได้", where="proof.json")
    return moment


def _signature_sentence(report: SignatureReport, file: str) -> str:
    if report.valid:
        return say("ลายมือชื่ออิเล็กทรอนิกส์ถูกต้อง ระดับ {level} ผู้ลงลายมือชื่อ {signer}", level=report.level, signer=report.signer)
    return f"{file}: " + (say(" และ ").join(report.reasons_th) or say("ลายมือชื่ออิเล็กทรอนิกส์ไม่ถูกต้อง"))


def _lasting_sentence(report: SignatureReport, at: datetime) -> str:
    until = report.certificate_until
    if until is not None and until < at and report.stamped_at is not None:
        return f"พิสูจน์ได้ด้วยตราประทับเวลา ({moment_words(report.stamped_at)}) แม้ใบรับรองหมดอายุแล้ว ({moment_words(until)})"
    if until is None:
        return "ยังพิสูจน์ได้"
    stamped = "มีตราประทับเวลาแล้ว" if report.stamped_at else "หลังจากนั้นต้องมีตราประทับเวลาจึงจะพิสูจน์ได้"
    return f"ใบรับรองยังไม่หมดอายุ (ถึง {moment_words(until)}) {stamped}"
