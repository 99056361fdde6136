"""The secretary's word on a held mail, from the dashboard: run it with the number of the mail and a reason."""

from typing import Literal

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from songthan.steps.confirm_pen import picture_of
from songthan.steps.holds import accept_hold, reject_hold, release_hold, reopen_hold
from songthan.steps.post import post_all
from songthan.workspace import office_for, say


@flow(name="วินิจฉัยจดหมายที่พักไว้", flow_run_name="จดหมายที่ {mail} {decision}", log_prints=True)
def decide_hold(
    mail: int,
    decision: Literal["show", "accept", "reject", "release", "reopen"],
    reason: str,
    workspace: str,
    state: str,
    by: str = "",
):
    """Accept or reject mail number `mail`, take it out of quarantine or take a decision back; the reason is kept. `by` is who
    compared a page signed by pen; «show» draws that page beside the frozen one and decides nothing."""
    office = office_for(workspace, state)
    if decision == "show":
        create_markdown_artifact(key=f"hold-{mail}", markdown=picture_of(office, mail))
        return
    if decision == "accept":
        print(accept_hold(office, mail, reason, by=by, account="dashboard"))
    else:
        steps = {"reject": reject_hold, "release": release_hold, "reopen": reopen_hold}
        print(steps[decision](office, mail, reason))
    post_all(office)
    print(say("บันทึกคำวินิจฉัยจดหมายที่ {mail} แล้ว: {decision} ({reason})", mail=mail, decision=decision, reason=reason))
