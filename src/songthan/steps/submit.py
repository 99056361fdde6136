"""Hands the signed report in by the forms' channel rules, and takes the registry's receipt.

Safe to repeat: the website folder is written whole; one mail per version, or one per part where the files are too large
for one (their keys, all meant in one transaction); the deadline moves when every one is proven sent; the receipt is
recorded once.
"""

from __future__ import annotations

import functools
import mimetypes
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from songthan.domain.assignments import DeadlineState
from songthan.domain.bundles import Manifest
from songthan.domain.decisions import Submit
from songthan.domain.language import current, day_words, digits, moment_words, phrase, say
from songthan.domain.mail_parts import mail_parts
from songthan.domain.messages import Message, OutgoingFile
from songthan.domain.plans import Deadline
from songthan.domain.routing import own_words
from songthan.domain.thai import canonical, to_arabic_digits
from songthan.steps.confirm_pen import keep_pen
from songthan.steps.fill_form import DOCX, safe_name, short_title
from songthan.steps.given_number import memo_number
from songthan.steps.letters import queue
from songthan.steps.make_lasting import may_be_handed_in
from songthan.steps.office import Office
from songthan.steps.post import post_each
from songthan.steps.publish import publish, upload
from songthan.steps.signing_officer import signer_of, slot_of

_CHANNEL_TH = {"word": phrase("ไฟล์ WORD"), "pdf": phrase("ไฟล์ PDF")}
#: «เลขรับที่ สว ๔๑๒๓/๒๕๖๖», «เลขทะเบียนรับ 123/2566», «receipt number R 123/2027»…: the word, an optional ที่, then the number with its year.
_WORDS = r"เลขทะเบียนรับ|เลขที่รับ|เลขรับ|ทะเบียนรับ|(?:receipt|registration|registry)\s+(?:number|no\.?)"
_NUMBER = (
    r"\s*(?:ที่|เลขที่|:)?\s*"
    r"((?:[ก-ฮA-Z]{1,4}\.?\s*)?[0-9๐-๙]+(?:\.[0-9๐-๙]+)?\s*/\s*[0-9๐-๙]{4})(?![0-9๐-๙])"
)


@functools.lru_cache(maxsize=4)
def _receipt(words: tuple[str, ...]) -> re.Pattern[str]:
    """The pattern with the office's own words for «receipt number» beside the Thai and the English ones."""
    own = "".join(rf"|{re.escape(w)}" for w in words)
    return re.compile(f"(?:{_WORDS}{own}){_NUMBER}", re.IGNORECASE)


def registry_key(deadline: str, version: int, part: int = 1) -> str:
    """The key of the mail to the registry, or of its further parts."""
    return f"{deadline}/registry/v{version}" + (f"/part{part}" if part > 1 else "")


def submit(office: Office, action: Submit) -> bool:
    """Hand the report in by the forms' channel rules: the website folder, then the registry.

    True when everything is proven done and recorded. What goes to the website only needs nobody's receipt; the registry does
    not wait for the website (`publish.upload_rest` goes on trying).
    """
    deadline = office.plan.deadline(action.deadline)
    bundle = office.ledger.bundles.get(deadline.id, action.version)
    if bundle is None or bundle["void"] or not bundle["signed"]:
        return True
    if office.ledger.outbox.state(registry_key(deadline.id, action.version)) == "none" and not may_be_handed_in(office, bundle):
        return False
    keep_pen(office, bundle)
    published = publish(office, deadline, bundle)
    office.tick("published")
    uploaded = upload(office, deadline, bundle)
    if not any(office.plan.channels[form].registry for form in deadline.forms):
        if uploaded:
            _record_publication(office, deadline, bundle, published)
        return uploaded
    with office.ledger.transaction():
        # the last moment at which the secretary may have reopened it; after the intent she may not
        if (office.ledger.bundles.get(deadline.id, action.version) or {}).get("void"):
            return True
        if office.ledger.outbox.state(registry_key(deadline.id, action.version)) == "none":
            _queue(office, deadline, bundle)
    keys = registry_mails(office, deadline.id, action.version)
    if not all(post_each(office, keys)):
        return False
    rows = [office.ledger.outbox.get(key) or {} for key in keys]
    mails = [office.ledger.outbox.mail(key) for key in keys]
    last = max(str(row["sent_at"]) for row in rows)
    submission: dict[str, object] = {
        "message_id": str(rows[0]["message_id"]),
        "sent_at": last,
        "to": list(mails[0].to),
        "files": [{"name": f.name, "sha256": f.sha256} for mail in mails for f in mail.files],
    }
    if len(keys) > 1:
        submission["parts"] = [
            {"message_id": str(row["message_id"]), "sent_at": str(row["sent_at"]), "files": [f.sha256 for f in mail.files]}
            for row, mail in zip(rows, mails, strict=True)
        ]
    office.press.add_submission(office.state / str(bundle["folder"]), submission)
    _move_to_submitted(office, deadline, action.version, last)
    return True


def registry_mails(office: Office, deadline: str, version: int) -> list[str]:
    """The keys of every part of a submission, as many as were meant."""
    keys = []
    while office.ledger.outbox.state(key := registry_key(deadline, version, len(keys) + 1)) != "none":
        keys.append(key)
    return keys


def _move_to_submitted(office: Office, deadline: Deadline, version: int, at: str) -> None:
    with office.ledger.transaction():
        office.ledger.bundles.note(deadline.id, version, office.clock.now(), "bundle-submitted", submitted_at=at)
        office.ledger.move_deadline(deadline.id, DeadlineState.SUBMITTED, office.clock.now())


def _record_publication(office: Office, deadline: Deadline, bundle: dict[str, object], files: list[dict[str, str]]) -> None:
    """A deadline that goes to the website only: publishing it is handing it in, and its own proof."""
    at = str(bundle["signed_at"])
    office.press.add_submission(
        office.state / str(bundle["folder"]),
        {"message_id": f"website:{deadline.id}", "sent_at": at, "to": ["website"], "files": files},
    )
    _move_to_submitted(office, deadline, int(str(bundle["version"])), at)
    with office.ledger.transaction():
        office.ledger.bundles.note(
            deadline.id, int(str(bundle["version"])), office.clock.now(), "bundle-published", receipt=say("เผยแพร่บนเว็บไซต์"), receipt_at=at
        )
        office.ledger.move_deadline(deadline.id, DeadlineState.ACKNOWLEDGED, office.clock.now())


def _queue(office: Office, deadline: Deadline, bundle: dict[str, object]) -> None:
    """Mean every part of the submission. What the registry enters (the reports) comes first, the evidence after it."""
    channels = [office.plan.channels[form] for form in deadline.forms]
    files = _files(office, deadline, bundle, {kind for c in channels for kind in c.registry})
    parts = mail_parts([office.blobs.path(f.sha256).stat().st_size for f in files], office.largest_mail)
    for number, indexes in enumerate(parts, 1):
        part = say(" (ส่วนที่ {number}/{count})", number=digits(number), count=digits(len(parts))) if len(parts) > 1 else ""
        key = registry_key(deadline.id, int(str(bundle["version"])), number)
        _queue_part(office, deadline, bundle, key, [files[i] for i in indexes], part)


def _queue_part(
    office: Office, deadline: Deadline, bundle: dict[str, object], key: str, files: list[OutgoingFile], part: str
) -> None:
    channels = [office.plan.channels[form] for form in deadline.forms]
    slot = slot_of(office, bundle)
    signer = signer_of(office, bundle)
    position = slot.capacity or (signer.position if signer else "")
    words = say(" และ ").join(dict.fromkeys(say(_CHANNEL_TH.get(kind, kind)) for c in channels for kind in c.registry))
    created = office.calendar.local(datetime.fromisoformat(str(bundle["created_at"])))
    signed_at = office.calendar.local(datetime.fromisoformat(str(bundle["signed_at"])))
    queue(
        office,
        key=key,
        kind="registry",
        to=office.plan.roster.registry.email,
        deadline=deadline.id,
        files=files,
        context={
            "subject_th": deadline.title + part,
            "registry": {"name": office.plan.roster.registry.name},
            "memo": {"number": digits(memo_number(office, deadline)), "date_th": day_words(created.date())},
            "channel": say("ระบบสารบรรณ ({words})", words=words),
            "files": [f.name for f in files],
            "signed_by": f"{slot.signer} {position}".strip(),
            "by_pen": bool(bundle["pen"]),
            "signed_at_th": moment_words(signed_at),
            "bundle_sha256": str(bundle["frozen"] if bundle["pen"] else bundle["signed"]),
        },
    )


def _files(
    office: Office, deadline: Deadline, bundle: dict[str, object], kinds: set[str]
) -> tuple[OutgoingFile, ...]:  # fmt: skip
    """What the forms' channel rules ask for: F3's box wants the WORD file alone, others the signed PDF as well (signed by pen:
    the frozen PDF and the scanned page with the ink).

    A form's summary goes with it; evidence files follow where the rule says so.
    """
    folder = office.state / str(bundle["folder"])
    found = []
    for form in deadline.forms:
        if "word" not in office.plan.channels[form].registry:
            continue
        stem = "report" if len(deadline.forms) == 1 else f"report-{form}"
        for path, title in ((f"{stem}-cover.docx", say("บทสรุป")), (f"{stem}.docx", say("รายงาน"))):
            if (folder / path).is_file():
                sha256 = office.blobs.put((folder / path).read_bytes())
                name = file_title(office, deadline, form if len(deadline.forms) > 1 else "")
                found.append(OutgoingFile(name=f"{title} {name}.docx", type=DOCX, sha256=sha256))
    if "pdf" in kinds:
        name = say("รายงาน {title}.pdf", title=file_title(office, deadline))
        signed = str(bundle["signed"])
        found.append(OutgoingFile(name=name, type="application/pdf", sha256=str(bundle["frozen"]) if bundle["pen"] else signed))
        if bundle["pen"]:
            name = say("หน้าลงนาม {title}.pdf", title=file_title(office, deadline))
            found.append(OutgoingFile(name=name, type="application/pdf", sha256=signed))
    if any(office.plan.channels[f].evidence or office.plan.channels[f].pictures for f in deadline.forms):
        found += _evidence(office, folder)
    return tuple(found)


def file_title(office: Office, deadline: Deadline, form: str = "") -> str:
    """«ไตรมาสที่ ๒ ปี ๒๕๖๖ สำนัก…», «F1 รายงานองค์กรคุณธรรม ปี ๒๕๖๖ สำนัก…»: short enough for every file system."""
    bureau = office.plan.organisation.name
    year = say("ปี {year}", year=digits(office.plan.fiscal_year))
    if deadline.quarter and not form:
        return safe_name(f"{short_title(deadline)} {bureau}")
    spec = office.forms[form or deadline.forms[0]]
    short = (spec.short or form.upper()) if form or len(deadline.forms) == 1 else ""
    head = short if form.upper() in short else f"{form.upper()} {short}"
    return safe_name(" ".join(f"{head} {year} {bureau}".split()))


def _evidence(office: Office, folder: Path) -> list[OutgoingFile]:
    """The exhibits under the names their senders gave them, numbered as in the list of evidence."""
    listed = Manifest.from_json((folder / "manifest.json").read_bytes()).exhibits
    return [
        OutgoingFile(
            name=say("หลักฐาน {number} {name}", number=digits(e.number), name=safe_name(e.name)),
            type=mimetypes.guess_type(e.path)[0] or "application/octet-stream",
            sha256=office.blobs.put((folder / e.path).read_bytes()),
        )
        for e in listed
    ]


def receipt_number(text: str) -> str | None:
    """The registry's number in its answer, as written (white space folded), or None when none or several stand there.

    Quoted mail does not count: what we wrote ourselves is no receipt. One number in Thai and in Arabic digits is one.
    """
    found = [" ".join(match.split()) for match in _receipt(current().receipt).findall(canonical(own_words(text)))]
    return found[0] if len({"".join(to_arabic_digits(n).split()) for n in found}) == 1 else None


def record_receipt(office: Office, deadline: Deadline, number: str, message: Message, inbox_id: int) -> None:
    """Keep the number the registry's mail names with the bundle and move the deadline to ACKNOWLEDGED."""
    source = {"message_sha256": message.sha256}
    keep_receipt(office, deadline, number, received=message.received, inbox_id=inbox_id, source=source)


def keep_receipt(
    office: Office, deadline: Deadline, number: str, *, received: datetime, inbox_id: int | None, source: Mapping[str, str]
) -> None:
    """Keep the registry's number with the bundle and move the deadline to ACKNOWLEDGED; once.

    `source` says whence it is known: the sha256 of the mail («» when it came otherwise), who entered it and why.
    """
    bundle = office.ledger.bundles.latest(deadline.id)
    if bundle is None or bundle["receipt"]:
        return
    now = office.clock.now()
    office.press.add_receipt(
        office.state / str(bundle["folder"]),
        {"number": number, "received": received.isoformat(), "number_th": digits(number), **source},
    )
    with office.ledger.transaction():
        office.ledger.bundles.note(
            deadline.id,
            int(str(bundle["version"])),
            now,
            "bundle-acknowledged",
            receipt=number,
            receipt_at=received.isoformat(),
            receipt_inbox=inbox_id,
        )
        office.ledger.move_deadline(deadline.id, DeadlineState.ACKNOWLEDGED, now)
