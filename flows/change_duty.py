"""The secretary's decision about a duty, a seat or a date, from the dashboard: run it with what is to change and why."""

from typing import Literal

from prefect import flow
from prefect.states import Completed

from songthan.steps.change_duties import change_duty as change
from songthan.steps.post import post_all
from songthan.workspace import office_for


@flow(name="เปลี่ยนแปลงหน้าที่", flow_run_name="{kind} {what}", log_prints=True)
def change_duty(
    kind: Literal["waive", "reopen", "reassign", "extend", "receipt", "number"],
    what: str,
    reason: str,
    workspace: str,
    state: str,
    to: str = "",
    date: str = "",
    date_to: str = "",
):
    """waive, reopen: what = duty or deadline (to = whose) · reassign: what = seat, to = member · extend: what = deadline, date · receipt, number: to = number."""
    office = office_for(workspace, state)
    outcome = change(office, kind=kind, what=what, to=to, date=date, date_to=date_to, reason=reason, by="dashboard")
    print(outcome.words)
    post_all(office)
    return Completed(message=outcome.words)
