"""The secretary's words on outgoing mail by their names, as the dashboard gives them."""

from __future__ import annotations

from songthan.domain.errors import UsageError
from songthan.steps import outbox
from songthan.steps.bounces import address_works
from songthan.steps.office import Office

_ALL = "all"


def decide_outbox(office: Office, *, decision: str, key: str, reason: str, by: str) -> str:
    """Do what `decision` says (list, release, withhold, sent, again, address-works); what came of it in Thai. Safe to repeat, as
    each of them is. UsageError without a reason or a key."""
    if decision == "list":
        rows = [r for r in outbox.outbox_rows(office) if r.waits in ("word", "person", "withheld")]
        return "\n".join(f"{r.key} ถึง {r.to} เรื่อง {r.subject}" for r in rows) or "ไม่มีจดหมายออกที่รอท่าน"
    if not reason.strip() or not key.strip():
        raise UsageError("ต้องระบุรหัสจดหมายและเหตุผล", where="decide_outbox", remedy="ใส่ช่อง key และ reason (ปล่อยทุกฉบับ: key เป็น all)")
    if decision == "release":
        return outbox.release(office, [] if key.strip() == _ALL else key.split(), reason=reason, by=by).words
    if decision == "address-works":
        return address_works(office, key.strip(), reason=reason).words
    steps = {"withhold": outbox.withhold, "sent": outbox.it_went, "again": outbox.once_more}
    if decision not in steps:
        raise UsageError(f"ไม่รู้จักคำสั่ง «{decision}»", where="decide_outbox", remedy="ใช้ list release withhold sent again หรือ address-works")
    return steps[decision](office, key.strip(), reason=reason, by=by).words
