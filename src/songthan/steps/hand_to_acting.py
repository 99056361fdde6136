"""The director is silent: the report goes to who acts for him, as a version of its own that says so.

Safe to repeat: the version is made once, its mail has a key of its own, and the secretary is told once. The director's
version stays; whichever is signed first counts (`ask_director.settle_versions`).
"""

from __future__ import annotations

from songthan.domain.assignments import DeadlineState
from songthan.domain.decisions import AskDirector, HandToActing
from songthan.domain.language import digits, say
from songthan.steps.ask_director import ask_director
from songthan.steps.compile_bundle import freeze_for_acting
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.signing_officer import acting_officer, signing_officer
from songthan.steps.take_in import fetch_new, settle_all


def hand_to_acting(office: Office, action: HandToActing) -> bool:
    """Freeze and mail the acting director's version; True when the mail is proven sent, or is not needed any more;
    False too when the version could not be made."""
    deadline = office.plan.deadline(action.deadline)
    # his answer may lie in the mailbox
    fetch_new(office)
    settle_all(office)
    acting = acting_officer(office)
    if acting is None or office.ledger.deadline_state(deadline.id) is not DeadlineState.WITH_DIRECTOR:
        return True
    version = freeze_for_acting(office, deadline)
    if version is None:
        return False
    tell_secretary(
        office,
        key=f"{deadline.id}/acting/v{version}",
        deadline=deadline.id,
        title=say("เสนอผู้ทำการแทนลงนาม {title}", title=deadline.title),
        what=say(
            "{director} ยังไม่ได้ตอบเรื่องลงนาม ระบบจึงจัดทำฉบับที่ {version} เสนอ {acting} ตามลำดับวันในแผน ลายมือชื่อของผู้อำนวยการในฉบับเดิมยังใช้ได้ ฉบับใดลงนามก่อนใช้ฉบับนั้น",
            director=signing_officer(office).full_name, version=digits(version), acting=acting.full_name,
        ),
        actions=(say("หากผู้อำนวยการประสงค์จะลงนามเอง โปรดแจ้งผู้ทำการแทนด้วย"),),
        commands=[("songthan status", say("ดูสถานะทุกรายการ"))],
    )  # fmt: skip
    return ask_director(office, AskDirector(deadline=deadline.id, version=version))
