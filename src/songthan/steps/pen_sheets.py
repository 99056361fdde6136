"""Scans of the page to sign: found in the mail, and held against the frozen versions. Reads only.

What must be on paper is the page to sign, whole and with its code: the code's seal stands for every other page, file and
answer of the version. Further pages may come along; one that carries the code of another version speaks against all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path

from songthan.domain.assignments import DeadlineState
from songthan.domain.language import digits, phrase, say
from songthan.domain.messages import Attachment, Message
from songthan.domain.routing import SIGNING_THREADS
from songthan.domain.seal_codes import SealCode, Sheet, SheetComparison, SheetFile, codes_on
from songthan.steps.fill_form import short_title
from songthan.steps.office import Office
from songthan.steps.signing_officer import manifest_of, open_versions, signer_of, slot_of

#: Files of one mail that are looked at for the code; each may cost seconds.
MOST_FILES = 12
#: The purpose a mail is held for whose page signed by pen cannot count, in place of the rule's «pen».
DOUBTFUL_PEN = "pen-doubt"
_ROLES = frozenset({"form", "evidence"})

#: Why a scan cannot count → what the secretary reads, and what `templates/mail/pen_again.txt` says to the sender.
REASONS_TH: Mapping[str, str] = {
    "older": phrase("หน้าลงนามด้วยปากกาเป็นของฉบับที่ {version} ซึ่งยกเลิกแล้ว ฉบับที่รอลงนามคือฉบับที่ {latest}"),
    "other": phrase("หน้าลงนามด้วยปากกาเป็นของเอกสารที่ขณะนี้ไม่ได้รอลงนาม ({deadline} ฉบับที่ {version})"),
    "unknown": phrase("รหัสในหน้าลงนามด้วยปากกาไม่ใช่ของเอกสารที่สำนักนี้จัดทำ ({deadline} ฉบับที่ {version})"),
    "seal": phrase("รหัสในหน้าลงนามด้วยปากกาอ้างถึง {deadline} ฉบับที่ {version} แต่รหัสชุดเอกสารไม่ตรงกับฉบับที่เสนอ อาจเป็นรหัสที่ทำขึ้น โปรดสอบถามผู้ส่งทางโทรศัพท์"),
    "mixed": phrase("หน้ากระดาษที่ส่งมามีรหัสของเอกสารมากกว่าหนึ่งฉบับ ระบบไม่ทราบว่าลงนามในฉบับใด"),
    "person": phrase("หน้าลงนามด้วยปากกาเป็นของเอกสารที่รอ{signer} ลงนาม แต่ไม่ได้ส่งมาจากกล่องจดหมายของท่านผู้นั้น จึงยังใช้ไม่ได้"),
    "bare": phrase("ผู้ลงนามส่งภาพถ่ายหรือไฟล์สแกนกลับมา แต่ไม่พบรหัส (QR) ของหน้าลงนามในภาพ จึงไม่ทราบว่าเป็นเอกสารฉบับใด"),
    "cropped": phrase("ภาพหน้าลงนามด้วยปากกาไม่ครบทั้งหน้า ส่วนที่พิมพ์ไว้บางส่วนอยู่นอกภาพ"),
    "unproven": phrase("ได้รับหน้าลงนามด้วยปากกา แต่เครื่องแม่ข่ายไม่ได้รับรองว่าส่งมาจากกล่องจดหมายของท่านผู้ลงนามจริง จึงใช้ไม่ได้"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lookout:
    """What reading threads must know while reports wait for signatures: the frozen files."""

    frozen: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class PenSheet:
    """The page to sign as it came: which file and sheet, its code, the version and deadline it is of."""

    attachment: Attachment
    sheet: Sheet
    code: SealCode
    bundle: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class PenDoubt:
    """Why the scan of a mail cannot count: a key of REASONS_TH and its words; `deadline` where it is known."""

    kind: str
    words: Mapping[str, object]
    deadline: str = ""

    @property
    def reason(self) -> str:
        return say(REASONS_TH[self.kind], **self.words)


def lookout(office: Office) -> Lookout | None:
    """None while no report waits for a signature: then nobody's pictures are looked at for codes of pages to sign."""
    waiting = [d.id for d in office.plan.deadlines if office.ledger.deadline_state(d.id) is DeadlineState.WITH_DIRECTOR]
    frozen = [str(b["frozen"]) for d in waiting for b in open_versions(office, d)]
    return Lookout(frozen=tuple(office.blobs.path(f) for f in frozen)) if frozen else None


def read_sheets(office: Office, message: Message, watch: Lookout | None) -> tuple[SheetFile, ...]:
    """The scans and photographs of a mail, looked at in the sandbox. Slow, asks the ledger nothing: may run in any thread.

    Nothing of a forged mail is opened; and where a file begins with a frozen version and goes on, it is its electronic
    signature, and no scan is looked for.
    """
    if watch is None or message.authentication == "fail":
        return ()
    found: list[SheetFile] = []
    for attachment in _candidates(message):
        file = office.blobs.checked(attachment.sha256)
        same = [_goes_on(file, frozen) for frozen in watch.frozen]
        if True in same:
            return ()
        if None not in same:
            found.append(office.sheets.look(file, attachment.sha256))
    return tuple(f for f in found if f.sheets or f.partly)


def _candidates(message: Message) -> list[Attachment]:
    files = {
        a.sha256: a
        for a in message.attachments
        if a.role in _ROLES and (a.type == "application/pdf" or a.type.startswith("image/"))
    }
    return list(files.values())[:MOST_FILES]


def _goes_on(file: Path, frozen: Path) -> bool | None:
    """Does the file begin with the frozen one? True: and goes on; None: it is the frozen one; False: no."""
    size, whole = frozen.stat().st_size, file.stat().st_size
    if whole < size:
        return False
    with file.open("rb") as one, frozen.open("rb") as other:
        while piece := other.read(1 << 20):
            if one.read(len(piece)) != piece:
                return False
    return True if whole > size else None


def kind_of_sheets(
    office: Office, files: Sequence[SheetFile], *, signs: bool, forms: int, owes: bool, thread: str | None
) -> str:
    """`RoutingFacts.sheets`. Of others than the signer only a page of a report that waits counts as «coded», and none beside a
    form: evidence may well hold last quarter's memo. The signer's pictures without a code are «bare» when he answers our
    letter about the signature, or sends them out of the blue and owes no form."""
    codes = codes_on(files)
    if codes:
        waiting = any(office.ledger.deadline_state(c.deadline) is DeadlineState.WITH_DIRECTOR for c in codes)
        return "coded" if signs or (waiting and not forms) else "none"
    about = thread in SIGNING_THREADS or not (owes or forms)
    return "bare" if signs and about and any(f.sheets for f in files) else "none"


def judge_sheets(office: Office, message: Message, files: Sequence[SheetFile]) -> PenSheet | PenDoubt:
    """The page to sign in a mail's scans, as far as a machine can say; or why it cannot count."""
    codes = codes_on(files)
    if not codes:
        return PenDoubt(kind="bare", words={}, deadline=_waiting_of(office, message))
    if len(codes) > 1:
        return PenDoubt(kind="mixed", words={}, deadline=_deadline(office, codes[0]))
    (code,) = codes
    words = {"deadline": _title(office, code), "version": digits(code.version)}
    doubt = _judge_code(office, message, code, words)
    if doubt is not None:
        return doubt
    bundle = office.ledger.bundles.get(code.deadline, code.version)
    assert bundle is not None
    whole = None
    for file, sheet in ((f, s) for f in files for s in f.sheets if s.codes):
        attachment = next(a for a in message.attachments if a.sha256 == file.sha256)
        found = PenSheet(attachment=attachment, sheet=sheet, code=code, bundle=bundle)
        if _is_whole(office, found):
            whole = whole or found
    return whole or PenDoubt(kind="cropped", words=words, deadline=code.deadline)


def _is_whole(office: Office, found: PenSheet) -> bool:
    """Is the whole page in the picture? An office to try rules with has the manifests only, and takes that as said."""
    return not _memo(office, found.bundle).is_file() or compare(office, found).whole


def _memo(office: Office, bundle: Mapping[str, object]) -> Path:
    return office.state / str(bundle["folder"]) / "memo.pdf"


def _judge_code(office: Office, message: Message, code: SealCode, words: Mapping[str, object]) -> PenDoubt | None:
    """What speaks against the code itself and against who sent it."""
    bundle = office.ledger.bundles.get(code.deadline, code.version)
    known = bundle is not None and bool(bundle["folder"])
    if not known or bundle is None:
        return PenDoubt(kind="unknown", words=words)
    if manifest_of(office, bundle).seal != code.seal:
        return PenDoubt(kind="seal", words=words, deadline=_deadline(office, code))
    if office.ledger.deadline_state(code.deadline) is not DeadlineState.WITH_DIRECTOR:
        return PenDoubt(kind="other", words=words, deadline=_deadline(office, code))
    if bundle["void"]:
        latest = office.ledger.bundles.latest(code.deadline)
        number = digits(latest["version"]) if latest else "-"
        return PenDoubt(kind="older", words={**words, "latest": number}, deadline=_deadline(office, code))
    sender, signer = office.plan.roster.by_address(message.sender), signer_of(office, bundle)
    if sender is None or signer is None or sender.id != signer.id or _by_delegate(message):
        name = slot_of(office, bundle).signer
        return PenDoubt(kind="person", words={**words, "signer": name}, deadline=_deadline(office, code))
    if message.authentication != "pass" or "several-senders" in message.defects:
        return PenDoubt(kind="unproven", words=words, deadline=_deadline(office, code))
    return None


def _by_delegate(message: Message) -> bool:
    """Did somebody else press the button in his name (RFC 5322, 3.6.2: a «Sender» beside «From»)?"""
    told = (value for name, value in message.headers if name.lower() == "sender")
    return any(address and address.lower() != message.sender.lower() for _, address in map(parseaddr, told))


def compare(office: Office, found: PenSheet, *, words: bool = False) -> SheetComparison:
    """The sheet laid over the frozen page it is a scan of."""
    number, (left, low, right, high) = place_to_sign(office, found.bundle)
    frozen, (wide, tall) = office.press.page_picture(office.blobs.get(str(found.bundle["frozen"])), number)
    return office.sheets.compare(
        office.blobs.checked(found.attachment.sha256),
        found.sheet.number,
        code=found.code.payload,
        frozen=frozen,
        box=(left / wide, 1 - high / tall, right / wide, 1 - low / tall),
        words=words,
    )


def place_to_sign(office: Office, bundle: Mapping[str, object]) -> tuple[int, tuple[float, float, float, float]]:
    """The index of the page to sign in the frozen PDF (the memo comes first in it), and the signature's place on it in
    points."""
    memo = _memo(office, bundle).read_bytes()
    here = office.press.sign_here(memo, slot_of(office, bundle).signer)
    return here.page, here.box


def _deadline(office: Office, code: SealCode) -> str:
    """The code's deadline where the plan has it."""
    return code.deadline if code.deadline in {d.id for d in office.plan.deadlines} else ""


def _title(office: Office, code: SealCode) -> str:
    known = _deadline(office, code)
    return short_title(office.plan.deadline(known)) if known else code.deadline


def _waiting_of(office: Office, message: Message) -> str:
    """The one report that waits for the sender's signature; «» for none or several."""
    sender = office.plan.roster.by_address(message.sender)
    found = [
        d.id
        for d in office.plan.deadlines
        if office.ledger.deadline_state(d.id) is DeadlineState.WITH_DIRECTOR
        and any(signer_of(office, b) == sender for b in open_versions(office, d.id))
    ]
    return found[0] if len(found) == 1 else ""
