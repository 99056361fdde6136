"""The tests' hands: an office over twins, members who fill forms as Word would (lxml, tag by tag), mails as bytes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from lxml import etree

from songthan.domain.messages import MailRef
from songthan.domain.plans import Member, Plan
from songthan.steps.advance import BatchReport, advance
from songthan.steps.office import Office
from songthan.steps.post import post_all
from songthan.steps.take_in import fetch_new, settle_all
from songthan.testing.mailbox import Delivery, MemoryMailbox
from songthan.testing.office import AUTHSERV, SettableClock, memory_office, plan_of

ROOT = Path(__file__).resolve().parents[2]
Q2 = "2566-q2"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
COMPLETE = {
    "percent": "๑๐๐", "done": "จัดกิจกรรมแล้ว {{ 7*7 }} & <ข>", "output_reached": "yes", "outcome_reached": "yes",
    "evidence": "ไม่มี",
}  # fmt: skip


def at(text: str) -> datetime:
    """«2023-03-01 09:00», in the office's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Bangkok"))


def small_plan() -> Plan:
    """Quarter two with three activities of three seats."""
    plan = plan_of(ROOT / "plans" / "2566", deadlines=(Q2,))
    wanted: dict[str, str] = {}
    for activity in plan.activities:
        wanted.setdefault(activity.seats[0], activity.id)
    chosen = [wanted[seat] for seat in ("s04", "s06", "s08")]
    return replace(plan, activities=tuple(a for a in plan.activities if a.id in chosen))


class Desk:
    """One office and what happens around it."""

    def __init__(
        self, state: Path, *, now: str = "2023-03-01 09:00", plan: Plan | None = None, ledger=None, deadline: str = Q2
    ) -> None:
        self.deadline = deadline
        self.mailbox = MemoryMailbox(domain="bfa.example")
        self.clock = SettableClock(at(now))
        self.office: Office = memory_office(
            ROOT, state, plan=plan or small_plan(), clock=self.clock, mailbox=self.mailbox, ledger=ledger
        )
        self._mails = 0

    # the office's life

    def tick(self, now: str | None = None) -> list[BatchReport]:
        """What one visit of every flow does."""
        if now:
            self.clock.moment = at(now)
        fetch_new(self.office)
        settle_all(self.office)
        reports = advance(self.office, self.deadline)
        post_all(self.office)
        return reports

    @property
    def ledger(self):
        return self.office.ledger

    def member(self, seat: str) -> Member:
        return self.office.plan.roster.holder(seat)

    @property
    def secretary(self) -> Member:
        return self.office.plan.roster.member(self.office.plan.roster.secretary)

    def states(self) -> dict[str, str]:
        """seat → state."""
        return {str(r["seat"]): str(r["state"]) for r in self.ledger.assignment_rows(self.deadline)}

    def mails(self, member: Member, kind: str | None = None) -> list[Delivery]:
        """What this person got from the office, of one kind or of all."""
        found = self.mailbox.delivered_to(member.email)
        return [d for d in found if kind is None or d.mail.kind == kind]

    def last_row(self) -> dict[str, object]:
        return self.ledger.inbox.latest(1)[0]

    # what people do

    def form_of(self, member: Member, kind: str = "request") -> bytes:
        """The Word file in the newest mail of this kind."""
        return next(data for _, type_, data in self.mails(member, kind)[-1].files if type_ == DOCX)

    def reply(
        self,
        sender: Member,
        *,
        to: Delivery | None = None,
        files: tuple[tuple[str, str, bytes], ...] = (),
        body: str = "เรียน เลขานุการ ขอส่งรายงานตามแบบ",
        subject: str = "",
        address: str = "",
        name: str = "",
        verdict: str = "pass",
        headers: dict[str, str] | None = None,
        message_id: str = "",
    ) -> MailRef:
        """A mail arrives from `sender` (or from `address`, under `name`)."""
        self._mails += 1
        address = address or sender.email
        message_id = message_id or f"<reply-{self._mails}@{address.partition('@')[2]}>"
        raw = self.raw(
            sender, to=to, files=files, body=body, subject=subject, address=address, name=name, verdict=verdict,
            headers=headers, message_id=message_id,
        )  # fmt: skip
        return self.mailbox.receive(raw, received=self.clock.now())

    def raw(self, sender, *, to, files, body, subject, address, name, verdict, headers, message_id) -> bytes:
        """The mail's bytes, as our own server would hand them over."""
        mail = EmailMessage()
        domain = address.partition("@")[2]
        if verdict != "none":
            mail["Authentication-Results"] = f"{AUTHSERV}; dmarc={verdict} action=none header.from={domain}"
        mail["From"] = f"{name or sender.full_name} <{address}>"
        mail["To"] = self.office.plan.roster.mailbox
        mail["Subject"] = subject or (f"Re: {to.mail.subject}" if to else "แบบรายงาน")
        mail["Message-ID"] = message_id
        if to:
            mail["In-Reply-To"] = to.message_id
        for key, value in (headers or {}).items():
            mail[key] = value
        mail.set_content(body)
        for filename, type_, data in files:
            main, _, sub = type_.partition("/")
            mail.add_attachment(data, maintype=main, subtype=sub, filename=filename)
        return mail.as_bytes()

    def answer(self, seat: str, *, by: Member | None = None, kind: str = "request", **changes: object) -> MailRef:
        """The holder of `seat` (or `by` for him) fills the newest form of this kind and mails it back."""
        writer = by or self.member(seat)
        form = fill(self.form_of(writer, kind), **changes)
        return self.reply(writer, to=self.mails(writer, kind)[-1], files=(("แบบรายงาน.docx", DOCX, form),))


def fill(form: bytes, **changes: object) -> bytes:
    """Type the same answers into every row; `changes` replaces some, None leaves a field as it came."""
    return type_into(form, {**COMPLETE, **changes})


def type_into(form: bytes, answers: dict[str, object]) -> bytes:
    """Type these answers, by control name or (for all rows) by the field's key."""
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in members:
            archive.writestr(info, _typed(data, answers) if info.filename == "word/document.xml" else data)
    return out.getvalue()


def _typed(document: bytes, answers: dict[str, object]) -> bytes:
    root = etree.fromstring(document)
    for control in root.iter(f"{W}sdt"):
        properties, content = control.find(f"{W}sdtPr"), control.find(f"{W}sdtContent")
        tag = properties.find(f"{W}tag").get(f"{W}val")
        field, _, choice = tag.partition("=")
        text = answers.get(field, answers.get(field.rpartition(".")[2]))
        if text is None:
            continue
        if choice:
            properties.find(f"{W14}checkbox/{W14}checked").set(f"{W14}val", str(int(choice == text)))
            next(content.iter(f"{W}t")).text = "☒" if choice == text else "☐"
            continue
        hint = properties.find(f"{W}showingPlcHdr")
        if hint is not None:
            properties.remove(hint)
        for child in list(content):
            content.remove(child)
        etree.SubElement(etree.SubElement(content, f"{W}r"), f"{W}t").text = str(text)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def answers_of(form: bytes) -> dict[str, str]:
    """Field id → the text standing in its control."""
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        root = etree.fromstring(archive.read("word/document.xml"))
    return {
        c.find(f"{W}sdtPr/{W}tag").get(f"{W}val"): "".join(c.find(f"{W}sdtContent").itertext(f"{W}t"))
        for c in root.iter(f"{W}sdt")
    }
