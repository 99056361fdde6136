"""How everything stands, for people and for `songthan status`. Reads only."""

from __future__ import annotations

import re
from collections import Counter

from songthan.domain.assignments import STATE_TH, AssignmentState
from songthan.domain.ladders import ladder_for
from songthan.domain.language import day_words, digits, moment_words, phrase, say
from songthan.domain.plans import Deadline
from songthan.steps.bounces import marked_rows
from songthan.steps.count_mail import last_count
from songthan.steps.fill_form import short_title
from songthan.steps.given_number import memo_number
from songthan.steps.leave_book import leave_rows
from songthan.steps.office import Office
from songthan.steps.outbox import outbox_rows

ROUTE_TH = {"accept": phrase("รับ"), "note": phrase("บันทึก"), "hold": phrase("พักรอตรวจ"), "quarantine": phrase("กักกัน")}


def assignment_status(office: Office, deadline: str) -> list[dict[str, object]]:
    """One row an assignment, with the machine's own words (for `--json`)."""
    rows = []
    waits = {row.key: row.waits for row in outbox_rows(office)}
    for row in office.ledger.assignment_rows(deadline):
        assignment = office.ledger.as_assignment(row)
        member = office.plan.roster.member(assignment.member)
        rows.append(
            {
                "id": assignment.id,
                "deadline": deadline,
                "form": assignment.form,
                "seat": assignment.seat,
                "member": member.full_name,
                "activities": list(assignment.activities),
                "state": assignment.state.value,
                "state_th": _words(assignment.state, waits.get(str(row["asked_mail"]), "")),
                "asked_on": row["asked_on"],
                "corrections": row["corrections"],
                "away_until": row["absent_until"],
            }
        )
    return rows


def _words(state: AssignmentState, waits: str) -> str:
    """A duty's state in words; one whose request waits for the secretary, or was withheld, is not merely «not yet due»."""
    if state is AssignmentState.PLANNED and waits == "word":
        return say("ยังไม่ได้ส่ง รอท่านปล่อย")
    if state is AssignmentState.PLANNED and waits == "withheld":
        return say("ยังไม่ได้ส่ง ท่านระงับไว้")
    return say(STATE_TH[state.value])


def deadline_status(office: Office, deadline_id: str) -> dict[str, object]:
    """One deadline: its state, its dates, how many assignments stand where."""
    deadline = office.plan.deadline(deadline_id)
    ladder = ladder_for(deadline, office.calendar)
    rows = assignment_status(office, deadline_id)
    states = Counter(str(r["state"]) for r in rows)
    bundle = office.ledger.bundles.latest(deadline_id) or {}
    state = office.ledger.deadline_state(deadline_id)
    return {
        "deadline": deadline_id,
        "title": deadline.title,
        "brief": brief(office, deadline),
        "state": state.value,
        "state_th": say(STATE_TH[state.value]),
        "opens": ladder.opens.isoformat(),
        "internal": deadline.internal.isoformat(),
        "internal_printed": deadline.printed_internal.isoformat() if deadline.printed_internal else None,
        "members_until": deadline.members_until.isoformat(),
        "reopened_until": deadline.reopened_until.isoformat() if deadline.reopened_until else None,
        "external": deadline.external.isoformat(),
        "target": ladder.target.isoformat(),
        # a duty that was waived before anybody was asked for it was never asked
        "asked": sum(1 for r in rows if r["state"] not in ("PLANNED", "WAIVED") or (r["state"] == "WAIVED" and r["asked_on"])),
        "accepted": states["ACCEPTED"],
        "corrected": sum(1 for r in rows if r["corrections"]),
        "lapsed": states["LAPSED"],
        "waived": states["WAIVED"],
        "waiting": states["ASKED"] + states["NEEDS_CORRECTION"] + states["RECEIVED"],
        "submitted_at": bundle.get("submitted_at"),
        "receipt": bundle.get("receipt"),
        "version": bundle.get("version"),
        "voided": [int(str(b["version"])) for b in office.ledger.bundles.all(deadline_id) if b["void"] and b["folder"]],
        "memo_number": memo_number(office, deadline) or None,
        "assignments": rows,
    }


def brief(office: Office, deadline: Deadline) -> str:
    """A deadline in a few words: «ไตรมาสที่ ๒ ปี ๒๕๖๖», its own short name, or the short names of its forms."""
    if deadline.quarter or deadline.short:
        return short_title(deadline)
    return ", ".join(office.plan.channels[form].short for form in deadline.forms)


def office_status(office: Office) -> dict[str, object]:
    """Everything `songthan status --json` prints."""
    counts = office.ledger.inbox.counts()
    return {
        "now": office.calendar.local(office.clock.now()).isoformat(),
        "practice": office.practice,
        "deadlines": [deadline_status(office, d.id) for d in office.plan.deadlines],
        "leaves": leave_rows(office),
        "held": counts.get("hold", 0),
        "open_holds": len(office.ledger.inbox.holds()),
        "quarantined": counts.get("quarantine", 0),
        "noted": counts.get("note", 0),
        "mails_in": counts["all"],
        "mails_out": office.ledger.outbox.sent_count(),
        "outbox": _outbox(office),
        "bounced_addresses": marked_rows(office),
        "mailbox_count": _counted(office),
    }


def _outbox(office: Office) -> dict[str, object]:
    """How many outgoing mails wait, and for what."""
    waits = Counter(row.waits for row in outbox_rows(office))
    return {
        "held_kinds": sorted(office.held_kinds), "waiting_for_release": waits["word"], "in_doubt": waits["person"],
        "withheld": waits["withheld"], "to_be_sent": waits["hours"] + waits["server"],
    }  # fmt: skip


def _counted(office: Office) -> dict[str, object] | None:
    """The newest nightly count."""
    found = last_count(office)
    if found is None:
        return None
    return {"at": found.at.isoformat(), "mailbox": found.there, "ledger": found.known, "equal": found.equal}


def artifact_rows(office: Office, deadline: str) -> list[dict[str, object]]:
    """The status table of one deadline in Thai, for the dashboard."""
    numbers = {a.id: a.number for a in office.plan.activities}
    rows = []
    for n, row in enumerate(assignment_status(office, deadline), 1):
        rows.append(
            {
                say("ลำดับ"): digits(n),
                say("ผู้รับผิดชอบ"): row["member"],
                say("กิจกรรม"): " ".join(numbers[a] for a in row["activities"]),  # type: ignore[attr-defined]
                say("สถานะ"): row["state_th"],
                say("แก้ไข (ครั้ง)"): digits(row["corrections"] or 0),
            }
        )
    return rows or [
        {
            say("ลำดับ"): "-",
            say("ผู้รับผิดชอบ"): "-",
            say("กิจกรรม"): "-",
            say("สถานะ"): say("ยังไม่เปิดรอบ"),
            say("แก้ไข (ครั้ง)"): "-",
        }
    ]


def moved_words(office: Office, deadline: Deadline) -> str:
    """«สมาชิกส่งภายใน ๑๗ มีนาคม ๒๕๖๖ (เดิม ๑๕ มีนาคม ๒๕๖๖)» when the secretary moved the members' date, else empty."""
    if deadline.printed_internal is None:
        return ""
    before = office.printed_plan.deadline(deadline.id).members_until
    return say("สมาชิกส่งภายใน {day} (เดิม {before})", day=day_words(deadline.members_until), before=day_words(before))


def version_words(status: dict[str, object]) -> str:
    """Which version stands, which ones count no more, and the memo's number; «» when there is nothing to say."""
    voided = ", ".join(digits(v) for v in status["voided"])  # type: ignore[attr-defined]
    parts = [
        say("ฉบับที่ {number}", number=digits(status["version"])) if status["version"] and voided else "",
        say("ฉบับที่ยกเลิกแล้ว: {numbers}", numbers=voided) if voided else "",
        say("เลขที่หนังสือ {number}", number=digits(status["memo_number"])) if status["memo_number"] else "",
    ]
    return " · ".join(part for part in parts if part)


def deadline_summary(office: Office, deadline: str) -> str:
    """A paragraph over the table."""
    status = deadline_status(office, deadline)
    practice = say("ระบบซ้อม: จดหมายไม่ได้ส่งออกนอกเครื่อง\n\n") if office.practice else ""
    now = office.calendar.local(office.clock.now())
    found = office.plan.deadline(deadline)
    moved = moved_words(office, found)
    target = ladder_for(found, office.calendar).target
    return say(
        "{practice}**{title}** สถานะ: {state} · ขอไป {asked} รับครบ {accepted} รออยู่ {waiting} · {moved}กำหนดส่ง {target} · ณ วันที่ {now}",
        practice=practice,
        title=status["title"],
        state=status["state_th"],
        asked=digits(status["asked"]),
        accepted=digits(status["accepted"]),
        waiting=digits(status["waiting"]),
        moved=f"{moved} · " if moved else "",
        target=day_words(target),
        now=moment_words(now),
    )


def inbox_rows(office: Office, last: int = 40) -> list[dict[str, object]]:
    """The newest received mails and what became of them, in Thai."""
    rows = office.ledger.inbox.latest(last)
    return [
        {
            say("ที่"): digits(row["id"]),
            say("ผู้ส่ง"): shown(row["sender"]),
            say("เรื่อง"): shown(row["subject"]),
            say("ผล"): say(ROUTE_TH.get(str(row["route"]), phrase("กำลังอ่าน"))),
            say("เหตุผล"): shown(row["reason"], 600),
        }
        for row in rows
    ]


#: Signs of Markdown and HTML, each as a sign that looks alike and does nothing (a backslash would be shown as it is in
#: the dashboard's search and in plain views).
_PLAIN = {ord(a): b for a, b in zip("<>[]()`|*_#!~\\", "‹›［］（）ˋ¦∗ˍ♯ǃ∼⧵", strict=True)} | {
    c: " " for c in (*range(0x20), 0x7F, 0x2028, 0x2029)
}


def shown(text: object, limit: int = 200) -> str:
    """A stranger's text as one plain cell of the dashboard, which renders table cells as Markdown with HTML: no link, no
    picture (it would be fetched by the secretary's browser), no code; «-» when empty."""
    plain = str(text or "").translate(_PLAIN).replace("://", "：//").replace("www.", "www․").replace("WWW.", "WWW․")
    plain = re.sub(r"^\s*([-+=]|\d+[.)])", r"·\1", plain).strip()
    return (plain[:limit] + "…" if len(plain) > limit else plain) or "-"


def owing(office: Office, deadline: str) -> list[tuple[str, bool]]:
    """Who still owes an answer: the name, and whether only a correction is waited for."""
    states = {AssignmentState.ASKED.value: False, AssignmentState.NEEDS_CORRECTION.value: True}
    rows = assignment_status(office, deadline)
    return [(str(r["member"]), states[str(r["state"])]) for r in rows if r["state"] in states]
