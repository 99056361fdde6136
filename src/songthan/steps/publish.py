"""What a form's channel rule puts on the website: into the folder, and from there to the web server where the office says how.

Safe to repeat: the folder is written whole, the same file again changes nothing; an upload is repeated until it is proven
done, and copying the same folder again does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from songthan.domain.errors import PublishFailed
from songthan.domain.language import digits, say
from songthan.domain.plans import Deadline
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office

_UPLOADED = "website-uploaded"


def publish(office: Office, deadline: Deadline, bundle: Mapping[str, object]) -> list[dict[str, str]]:
    """The reports whose rule says so, as PDF, in the website folder (evidence and answers' letters stay inside)."""
    folder = office.state / str(bundle["folder"])
    signed_at = office.calendar.local(datetime.fromisoformat(str(bundle["signed_at"])))
    done = []
    for form in deadline.forms:
        if "pdf" not in office.plan.channels[form].website:
            continue
        stem = "report" if len(deadline.forms) == 1 else f"report-{form}"
        data = (folder / f"{stem}.pdf").read_bytes()
        sha256 = office.blobs.put(data)
        name = f"{deadline.id}-{form}.pdf"
        office.website.publish(name, data, title=office.forms[form].title, sha256=sha256, at=signed_at)
        done.append({"name": name, "sha256": sha256})
    if done and not office.website.uploads:
        tell_secretary(
            office,
            key=f"{deadline.id}/website/v{bundle['version']}",
            deadline=deadline.id,
            title=say("ไฟล์พร้อมนำลงเว็บไซต์ {title}", title=deadline.title),
            what=(
                say("ระบบวางไฟล์ PDF ของรายงานที่ผู้อำนวยการลงนามเสนอแล้ว {count} ไฟล์ พร้อมหน้าสารบัญ ไว้ในโฟลเดอร์ {folder} แล้ว (ลายมือชื่ออยู่ในบันทึกข้อความของชุดเอกสาร ไม่ได้อยู่ในไฟล์ที่เผยแพร่)", count=digits(len(done)), folder=office.state / 'website')
            ),
            actions=(say("ขอให้ผู้ดูแลเว็บไซต์คัดลอกทั้งโฟลเดอร์ website ขึ้นเว็บไซต์ของสำนัก แล้วเปิดหน้าเว็บตรวจดูหนึ่งครั้ง"),),
            commands=[("songthan status", say("ดูสถานะทุกรายการ"))],
        )
    return done


def upload(office: Office, deadline: Deadline, bundle: Mapping[str, object]) -> bool:
    """Copy the folder to the web server by the office's own command; True when that is done or not wanted.

    A failure is told once a day; the next round tries again.
    """
    subject = f"{deadline.id}/v{bundle['version']}"
    if not office.website.uploads or not goes_to_website(office, deadline) or office.ledger.has_event(_UPLOADED, subject):
        return True
    now = office.clock.now()
    try:
        office.website.upload()
    except PublishFailed as error:
        day = office.calendar.local(now).date().isoformat()
        tell_secretary(
            office,
            key=f"{subject}/upload/{day}",
            deadline=deadline.id,
            title=say("นำรายงานลงเว็บไซต์ไม่สำเร็จ {title}", title=deadline.title),
            what=say("คำสั่งนำลงเว็บไซต์ของสำนักไม่สำเร็จ ไฟล์ยังอยู่ในโฟลเดอร์ website ครบ ระบบจะลองใหม่เอง: {why}", why=error.th),
            actions=(say("แจ้งผู้ดูแลเว็บไซต์ หากใกล้ครบกำหนดให้คัดลอกโฟลเดอร์ website ขึ้นเว็บไซต์ด้วยมือ"),),
        )
        return False
    office.tick("uploaded")
    with office.ledger.transaction():
        if not office.ledger.has_event(_UPLOADED, subject):
            office.ledger.record(_UPLOADED, subject, now)
    return True


def upload_rest(office: Office) -> int:
    """Try again what did not reach the web server when its report went to the registry. Returns how many are still left."""
    left = 0
    for deadline in office.plan.deadlines:
        bundle = office.ledger.bundles.latest(deadline.id)
        if bundle is not None and bundle["submitted_at"] and not bundle["void"]:
            left += not upload(office, deadline, bundle)
    return left


def goes_to_website(office: Office, deadline: Deadline) -> bool:
    """Does the channel rule of one of its forms say so?"""
    return any("pdf" in office.plan.channels[form].website for form in deadline.forms)
