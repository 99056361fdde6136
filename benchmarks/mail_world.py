"""What the mail benchmarks play with: an office whose forms are out, and the members' answers as raw mails."""

from __future__ import annotations

import io
import json
import os
import random
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from songthan import workspace
from songthan.adapters.exchange import ExchangeMailbox, ExchangeSettings
from songthan.adapters.form_files import load_form
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.assignments import Assignment, AssignmentState, DeadlineState, assignments_for
from songthan.domain.forms import FormIdentity
from songthan.domain.plans import Plan
from songthan.ports import Mailbox
from songthan.practice.exchange import RunningExchange, start
from songthan.steps.fill_form import DOCX, slice_context
from songthan.steps.office import Office
from songthan.testing.office import AUTHSERV, SettableClock

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = "2566-q2"
ACTIVITIES = slice(8, 15)  # of the quarter's, in the plan's order: seven, which make three pages
FORM_BYTES = 40_000
NOW = datetime(2023, 3, 8, 9, 0, tzinfo=ZoneInfo("Asia/Bangkok"))
OWN, MEMBER, PASSWORD = "songthan@bfa.example", "member@bfa.example", "practice-secret"
ACCOUNTS = f"""
server_name = "{AUTHSERV}"
domains = ["elsewhere.example"]
[[mailboxes]]
address = "{OWN}"
name = "Songthan"
password = "{PASSWORD}"
[[mailboxes]]
address = "{MEMBER}"
name = "Member"
password = "{PASSWORD}"
"""


def asked_office(state: Path, mailbox: Mailbox) -> Office:
    """The real office on a new state folder (sandbox, ledger and blobs on disk), every form of the quarter asked for."""
    state.mkdir(parents=True, exist_ok=True)
    office = replace(workspace.open_office(ROOT, state), mailbox=mailbox, clock=SettableClock(NOW))
    assert office.plan.roster.mailbox == OWN
    with office.ledger.transaction():
        office.ledger.add_assignments(assignments(office.plan, office.ledger.salt), NOW)
        office.ledger.move_deadline(DEADLINE, DeadlineState.OPEN, NOW)
        for row in office.ledger.assignment_rows(DEADLINE):
            office.ledger.move_assignment(str(row["id"]), AssignmentState.ASKED, NOW, asked_on="2023-03-01")
    return office


def assignments(plan: Plan, salt: str) -> tuple[Assignment, ...]:
    """One for every seat, each with the same seven activities (three pages)."""
    deadline = plan.deadline(DEADLINE)
    rows = tuple(a.id for a in plan.activities_of(deadline)[ACTIVITIES])
    spec = load_form(ROOT / "templates/docx", "f3")
    return tuple(replace(a, activities=rows) for a in assignments_for(plan, deadline, salt=salt, forms={"f3": spec}))


def answers(office: Office, number: int, *, authenticated: bool = True) -> Iterator[tuple[str, bytes]]:
    """(sender, raw mail) of `number` answers, none like another: a form of 40 KB each, filled and valid."""
    renderer, spec = DocxRenderer(ROOT / "templates/docx"), load_form(ROOT / "templates/docx", "f3")
    rows = [office.ledger.as_assignment(r) for r in office.ledger.assignment_rows(DEADLINE)]
    for n in range(number):
        assignment = rows[n % len(rows)]
        identity = FormIdentity(form="f3", version=spec.version, deadline=DEADLINE, assignment=assignment.id, token=assignment.token)
        form = renderer.form(spec=spec, identity=identity, context=_context(office.plan, assignment, n))
        member = office.plan.roster.member(assignment.member)
        yield member.email, raw_mail(member.full_name, member.email, n, _as_large(form, n), authenticated=authenticated)


def _context(plan: Plan, assignment: Assignment, n: int) -> dict[str, object]:
    given = {
        "percent": "100", "done": f"จัดกิจกรรมครั้งที่ {n} แล้ว & เผยแพร่ทางเว็บไซต์ภายใน\nมีผู้เข้าร่วม {n + 10} คน",
        "output_reached": "yes", "outcome_reached": "yes", "evidence": "ไม่มี", "note": f"ฉบับที่ {n}",
    }  # fmt: skip
    filled = {a: {k: {"value": v, "carried": False} for k, v in given.items()} for a in assignment.activities}
    return slice_context(plan, plan.deadline(DEADLINE), assignment, filled)


def _as_large(form: bytes, n: int) -> bytes:
    """The form with the preview picture that Word keeps in a file, so large that the file has 40 KB."""
    out = io.BytesIO(form)
    with zipfile.ZipFile(out, "a") as package:
        missing = FORM_BYTES - len(form) - 200
        package.writestr("docProps/thumbnail.jpeg", b"\xff\xd8\xff" + random.Random(n).randbytes(max(missing, 0)))
    return out.getvalue()


def raw_mail(name: str, address: str, n: int, form: bytes, *, authenticated: bool) -> bytes:
    mail = EmailMessage()
    if authenticated:
        mail["Authentication-Results"] = f"{AUTHSERV}; dmarc=pass action=none header.from={address.partition('@')[2]}"
    mail["From"] = f"{name} <{address}>"
    mail["To"], mail["Subject"], mail["Message-ID"] = OWN, f"ส่งแบบรายงาน {n}", f"<answer-{n}@bfa.example>"
    mail["Date"] = "Wed, 08 Mar 2023 09:00:00 +0700"
    mail.set_content(f"เรียน เลขานุการ ขอส่งรายงานตามแบบ ครั้งที่ {n}")
    main, _, sub = DOCX.partition("/")
    mail.add_attachment(form, maintype=main, subtype=sub, filename="แบบรายงาน.docx")
    return mail.as_bytes()


@contextmanager
def practice(folder: Path) -> Iterator[tuple[RunningExchange, ExchangeMailbox]]:
    """A practice Exchange in a process of its own, and the office's mailbox on it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "accounts.toml").write_text(ACCOUNTS, encoding="utf-8")
    with start(folder / "db", folder / "accounts.toml", folder / "log", control=True) as server:
        settings = ExchangeSettings(
            endpoint=server.url, username=OWN, password=PASSWORD, mailbox=OWN, domain="bfa.example", sender_name="Songthan"
        )
        mailbox = ExchangeMailbox(settings)
        try:
            yield server, mailbox
        finally:
            mailbox.close()


def deliver_outside(server: RunningExchange, mails: Sequence[tuple[str, bytes]]) -> None:
    """The mails come from outside through the server's own door."""
    for sender, raw in mails:
        query = urllib.parse.urlencode({"to": OWN, "mail_from": sender, "auth": "pass"})
        with urllib.request.urlopen(f"{server.base}/practice/outside?{query}", data=raw, timeout=60) as answer:
            json.load(answer)


def fill_ledger(office: Office, number: int) -> None:
    """Mail of years gone by: rows of the inbox, settled, every twentieth held and decided."""
    from songthan.adapters.ledger_mail import dump
    from songthan.domain.messages import Message

    dice, columns = random.Random(7), "mailbox_id, sha256, received, fetched_at, message_id, sender, subject, state, attempts, route, rule, parsed, folder, decision"
    rows = []
    for n in range(number):
        at = NOW - timedelta(hours=number - n)
        sha256 = dice.randbytes(32).hex()
        message = Message(sha256=sha256, received=at, sender=MEMBER, subject="เก่า", message_id=f"<old-{n}@bfa.example>", body="ขอส่งรายงาน")
        held = n % 20 == 0
        rows.append((f"old-{n}", sha256, at.isoformat(), at.isoformat(), message.message_id, MEMBER, "เก่า", "settled", 1,
                     "hold" if held else "accept", "old", dump(message), "บันทึก", "reject" if held else None))  # fmt: skip
    ledger = office.ledger
    with ledger.transaction():
        places = ",".join("?" * len(columns.split(",")))
        ledger.db.conn.executemany(f"insert into inbox ({columns}) values ({places})", rows)
        ledger.db.conn.executemany("insert into events (at, kind, subject, data) values (?, 'mail-stored', ?, '{}')",
                                   [(r[2], f"inbox/{n}") for n, r in enumerate(rows)])  # fmt: skip
        outgoing = [(f"old/{n}", "request", DEADLINE, MEMBER, "sent", r[2], r[2], f"<out-{n}@bfa.example>", "{}", "[]") for n, r in enumerate(rows)]
        ledger.db.conn.executemany(
            "insert into outbox (key, kind, deadline, recipient, state, intended_at, sent_at, message_id, mail, subjects) "
            "values (?,?,?,?,?,?,?,?,?,?)", outgoing)  # fmt: skip


def memory(pid: int | str = "self") -> float:
    """Memory of one process now, MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds() -> float:
    """CPU time used so far by this process and everything living below it."""
    children = {int(p): _stat(int(p)) for p in os.listdir("/proc") if p.isdigit()}
    ours, total = {os.getpid()}, sum(os.times()[:4])
    while more := {pid for pid, stat in children.items() if stat and stat[0] in ours} - ours:
        ours |= more
        total += sum(children[pid][1] for pid in more)
    return total


def _stat(pid: int) -> tuple[int, float] | None:
    """(parent, CPU seconds) of a process; None when it has just ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load() -> str:
    return " ".join(f"{n:.1f}" for n in os.getloadavg())
