"""Puts the report together and freezes it: merged form, memo, evidence, one PDF to sign, manifest.

Safe to repeat: everything is made from the ledger, the time in it is the ledger's (when the deadline was collected),
the folder appears whole or not at all, and a version that is recorded is not made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from songthan.domain.assignments import AssignmentState, DeadlineState
from songthan.domain.bundles import (
    AnswerSource,
    Exhibit,
    FileEntry,
    Manifest,
    MessageSource,
    SignatureSlot,
    seal_of,
    sha256_of,
)
from songthan.domain.decisions import Compile
from songthan.domain.errors import LedgerError, MailError, SongthanError
from songthan.domain.evidence import activity_of, place_in
from songthan.domain.forms import Answer
from songthan.domain.language import day_words, say
from songthan.domain.plans import Deadline, Member
from songthan.steps.answer_places import page_of_answers, page_of_exhibits
from songthan.steps.bundle_documents import Papers, make_papers
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.signing_officer import (
    acting_officer,
    capacity_of,
    certificate_names,
    open_versions,
    signing_officer,
    slot_of,
)
from songthan.steps.take_in import fetch_new, settle_all

SIGNATURE_FIELD = "songthan_director"


def compile_bundle(office: Office, action: Compile) -> bool:
    """Freeze the next version of a deadline's report and move the deadline to COMPILED.

    The mailbox is emptied first; False, and nothing frozen, while an answer that just came waits for its judgement. False
    too when it could not be made (LibreOffice, fonts, a template): the secretary is told why, once for each reason, and the
    next tick tries again.
    """
    deadline = office.plan.deadline(action.deadline)
    fetch_new(office)
    settle_all(office)
    if any(r["state"] == AssignmentState.RECEIVED.value for r in office.ledger.assignment_rows(deadline.id)):
        return False
    latest = office.ledger.bundles.latest(deadline.id)
    if latest is None:
        version = 1 + max((int(str(b["version"])) for b in office.ledger.bundles.all(deadline.id)), default=0)
        if not _frozen(office, deadline, version, signing_officer(office)):
            return False
    with office.ledger.transaction():
        # reopened by the secretary while it was made: this version is void
        if office.ledger.bundles.latest(deadline.id) is None:
            return False
        office.ledger.move_deadline(deadline.id, DeadlineState.COMPILED, office.clock.now())
    return True


def _frozen(office: Office, deadline: Deadline, version: int, signer: Member, capacity: str = "") -> bool:
    """Freeze a version; False when it could not be made, and the secretary was told why."""
    try:
        _freeze(office, deadline, version, signer, capacity)
    except (MailError, LedgerError):
        raise
    except SongthanError as error:
        _tell_why(office, deadline, error)
        return False
    office.tick("frozen")
    return True


def _tell_why(office: Office, deadline: Deadline, error: SongthanError) -> None:
    print(f"{deadline.id}: {error}")
    tell_secretary(
        office,
        key=f"{deadline.id}/alarm/not-made/{sha256_of(str(error))[:12]}",
        deadline=deadline.id,
        title=say("ยังจัดทำรายงานไม่สำเร็จ {title}", title=deadline.title),
        what=say(
            "รวบรวม{title} ครบแล้ว แต่จัดทำชุดเอกสารไม่สำเร็จ: {reason} ระบบพักไว้โดยไม่เสนอผู้อำนวยการ และลองใหม่ทุกรอบ กำหนดส่ง{external}",
            title=deadline.title,
            reason=str(error),
            external=day_words(deadline.external, weekday=True),
        ),
        actions=[say("ตรวจความพร้อมของเครื่องด้วยคำสั่งด้านล่าง"), say("หากยังไม่สำเร็จภายในวันนี้ ให้เตรียมส่งรายงานด้วยวิธีเดิม")],
        commands=[("songthan doctor", say("ตรวจความพร้อมของเครื่อง")), ("songthan status", say("ดูสถานะทุกรายการ"))],
    )


def _collected_at(office: Office, deadline: str) -> datetime:
    """When everything was settled: the time every date of the bundle is taken from, so that a rerun gives the same."""
    events = [e for e in office.ledger.events(deadline) if e["kind"] == "deadline-collected"]
    return office.calendar.local(datetime.fromisoformat(str(events[-1]["at"])))


def freeze_for_acting(office: Office, deadline: Deadline) -> int | None:
    """The same report once more, to be signed by who acts for the director, beside the director's own version; its number,
    None when it could not be made (the secretary was told why).

    Safe to repeat: the version is made once while the director's counts. One for somebody who acted before is void.
    """
    acting = acting_officer(office)
    assert acting is not None
    for made in open_versions(office, deadline.id):
        slot, number = slot_of(office, made), int(str(made["version"]))
        if slot.capacity and slot.signer == acting.full_name:
            return number
        if slot.capacity:
            office.ledger.bundles.note(deadline.id, number, office.clock.now(), "bundle-void", void=1)
    version = 1 + max((int(str(b["version"])) for b in office.ledger.bundles.all(deadline.id)), default=0)
    return version if _frozen(office, deadline, version, acting, capacity_of(office)) else None


def _freeze(office: Office, deadline: Deadline, version: int, signer: Member, capacity: str) -> None:
    created = _collected_at(office, deadline.id)
    returns = office.ledger.returns.accepted(deadline.id)
    answers, sources = _answers(office, deadline, returns)
    exhibits = _exhibits(office, deadline, answers)
    pages = {e.number: office.press.exhibit_pages(office.blobs.get(e.sha256)) for e in exhibits}
    office.tick("gathered")

    papers = make_papers(
        office,
        deadline,
        answers=answers,
        exhibits=exhibits,
        exhibit_pages={n: office.press.pages(pdf) for n, pdf in pages.items()},
        created=created,
        signer=signer,
        capacity=capacity,
    )
    office.tick("converted")
    exhibits = page_of_exhibits(office, papers, exhibits, pages)

    contents: dict[str, bytes] = {"README.txt": office.press.readme(title=deadline.title, version=version)}
    for name, data in papers.documents.items():
        # a memo of one page bears no number
        pdf = papers.pdfs[name]
        contents[f"{name}.docx"], contents[f"{name}.pdf"] = data, pdf if name == "memo" else office.press.numbered(pdf)
    contents.update({e.path: office.blobs.get(e.sha256) for e in exhibits})
    head = {
        "deadline": deadline.id,
        "version": version,
        "created": created,
        "exhibits": exhibits,
        "answers": page_of_answers(office, papers, sources, answers),
        "messages": _messages(office, returns, office.ledger.returns.evidence(deadline.id)),
        "signature": SignatureSlot(
            file="bundle.pdf",
            field=SIGNATURE_FIELD,
            signer=signer.full_name,
            holders=certificate_names(office, signer),
            capacity=capacity,
        ),
        "recorder": office.press.recorder,
        "replaces": _replaces(office, deadline, version),
    }
    seal = seal_of(**head, files=_entries(contents))
    contents["bundle.pdf"] = _bundle_pdf(office, deadline, papers, exhibits, pages, created, seal, signer, version)
    manifest = Manifest(**head, files=_entries(contents))
    folder = office.press.write(manifest, contents)
    frozen = office.blobs.put(contents["bundle.pdf"])
    office.tick("written")
    office.ledger.bundles.add(
        deadline.id,
        version,
        folder=str(folder.relative_to(office.state)),
        manifest=manifest.sha256,
        frozen=frozen,
        at=office.clock.now(),
    )


def _replaces(office: Office, deadline: Deadline, version: int) -> str:
    """The manifest of the version before this one; «» when there is none (a number alone may be used up)."""
    rows = [b for b in office.ledger.bundles.all(deadline.id) if b["manifest"] and int(str(b["version"])) < version]
    return str(max(rows, key=lambda b: int(str(b["version"])))["manifest"]) if rows else ""


def _bundle_pdf(
    office: Office,
    deadline: Deadline,
    papers: Papers,
    exhibits: tuple[Exhibit, ...],
    pages: Mapping[int, bytes | None],
    created: datetime,
    seal: str,
    signer: Member,
    version: int,
) -> bytes:
    """Memo, reports, evidence list, evidence: one PDF with the director's empty signature field on the memo."""
    here = office.press.sign_here(papers.pdfs["memo"], signer.full_name)
    pdfs = {**papers.pdfs, "memo": here.pdf}
    merged = office.press.assemble(
        [(papers.titles[name], pdfs[name]) for name in papers.documents],
        [(e, pages[e.number]) for e in exhibits],
        title=deadline.title,
        created=created,
        seal=seal,
        code=(here.page, *here.code, deadline.id, version),
    )
    return office.signatures.prepare(merged, field=SIGNATURE_FIELD, page=here.page, box=here.box)


def _entries(contents: Mapping[str, bytes]) -> dict[str, FileEntry]:
    roles = {"report": "report", "memo": "memo", "appendix": "appendix", "bundle": "frozen", "README": "readme"}
    return {
        path: FileEntry(
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            role=roles.get(path.partition(".")[0].partition("-")[0], "evidence"),
        )
        for path, data in contents.items()
    }


def _answers(
    office: Office, deadline: Deadline, returns: list[dict[str, object]]
) -> tuple[dict[str, dict[str, Answer]], tuple[tuple[str, AnswerSource], ...]]:
    """form id → field id → answer, and form and source of each. Sources of a whole form are named `<form>:<field>`."""
    forms = {str(r["id"]): str(r["form"]) for r in office.ledger.assignment_rows(deadline.id)}
    answers: dict[str, dict[str, Answer]] = {}
    sources = []
    for row in returns:
        form = forms[str(row["assignment"])]
        prefix = "" if office.forms[form].repeat else f"{form}:"
        for field_id, answer in office.ledger.returns.form(int(str(row["id"]))).answers.items():
            if field_id in answers.setdefault(form, {}):
                continue
            answers[form][field_id] = answer
            source = AnswerSource(
                field=f"{prefix}{field_id}",
                value_sha256=hashlib.sha256((answer.value or "").encode()).hexdigest(),
                attachment_sha256=str(row["attachment"]),
                message_sha256=str(row["raw"]),
                method=answer.method,
            )
            sources.append((form, source))
    return answers, tuple(sources)


def _exhibits(
    office: Office, deadline: Deadline, answers: Mapping[str, Mapping[str, Answer]]
) -> tuple[Exhibit, ...]:
    """Numbered as the report names them: form by form, in the plan's order of activities, then as the answers name the
    files, then as they came."""
    order = {a.id: n for n, a in enumerate(office.plan.activities)}
    assignments = {r["id"]: office.ledger.as_assignment(r) for r in office.ledger.assignment_rows(deadline.id)}
    found = []
    for row in office.ledger.returns.evidence(deadline.id):
        assignment = assignments[row["assignment"]]
        if assignment.state.value != "ACCEPTED":
            continue
        given = answers.get(assignment.form, {})
        named = {a: given[f"{a}.evidence"].value or "" for a in assignment.activities if f"{a}.evidence" in given}
        activity = activity_of(str(row["name"]), assignment.activities, named) if assignment.activities else assignment.form
        lines = named.get(activity, "") if assignment.activities else _evidence_of(office, assignment.form, given)
        place = deadline.forms.index(assignment.form), order.get(activity, 0), place_in(str(row["name"]), lines)
        found.append(((*place, str(row["received"]), str(row["name"])), activity, row))
    found.sort(key=lambda item: item[0])
    return tuple(
        Exhibit(
            number=n,
            activity=activity,
            name=str(row["name"]),
            type=str(row["type"]),
            sha256=str(row["sha256"]),
            size=int(str(row["size"])),
            message_sha256=str(row["raw"]),
            sender=str(row["sender"]),
            received=datetime.fromisoformat(str(row["received"])),
        )
        for n, (_, activity, row) in enumerate(found, 1)
    )


def _evidence_of(office: Office, form: str, given: Mapping[str, Answer]) -> str:
    """All evidence answers of a whole form, in the form's order."""
    fields = (f.key for f in office.forms[form].fields if f.kind == "evidence")
    return "\n".join((given[key].value or "") for key in fields if key in given)


def _messages(office: Office, *tables: list[dict[str, object]]) -> tuple[MessageSource, ...]:
    names = {m.id: m.full_name for m in office.plan.roster.members}
    found = {}
    for row in (row for table in tables for row in table):
        found.setdefault(
            str(row["raw"]),
            MessageSource(
                sha256=str(row["raw"]),
                sender=str(row["sender"]),
                received=datetime.fromisoformat(str(row["received"])),
                message_id=str(row["message_id"] or ""),
                whose=names.get(str(row["member"]), ""),
            ),
        )
    return tuple(sorted(found.values(), key=lambda m: (m.received, m.sha256)))
