"""The secretary's word on mail that goes out, from the dashboard: run it with the mail's key (or all) and a reason."""

from typing import Literal

from prefect import flow

from songthan.steps.decide_outbox import decide_outbox as decide
from songthan.steps.post import post_all
from songthan.workspace import office_for


@flow(name="ปล่อยหรือระงับจดหมายออก", flow_run_name="{decision} {key}", log_prints=True)
def decide_outbox(
    decision: Literal["list", "release", "withhold", "sent", "again", "address-works"],
    key: str,
    reason: str,
    workspace: str,
    state: str,
):
    """list: what waits · release, withhold, sent, again: the mail with this key (release: or all) · address-works: an address."""
    office = office_for(workspace, state)
    print(decide(office, decision=decision, key=key, reason=reason, by="dashboard"))
    post_all(office)
