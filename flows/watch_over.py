"""Looks after the whole: mail counts, mails left behind, the clock, the disk. Tells the secretary what needs a person."""

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from songthan.steps.count_mail import count_if_due
from songthan.steps.make_lasting import make_lasting
from songthan.steps.post import post_all
from songthan.steps.publish import upload_rest
from songthan.steps.watch import findings, tell
from songthan.workspace import office_for, say


@task(name="ตรวจความเรียบร้อย", retries=2, retry_delay_seconds=[5, 30], cache_policy=NO_CACHE)
def look(workspace, state):
    """What is not as it should be, as rows in Thai; new findings are told once a day."""
    office = office_for(workspace, state)
    found = findings(office) + make_lasting(office)
    tell(office, found)
    upload_rest(office)
    post_all(office)
    return [{say("เรื่อง"): f.title, say("รายละเอียด"): f.what} for f in found]


@task(name="นับจดหมายประจำคืน", retries=2, retry_delay_seconds=[5, 30], cache_policy=NO_CACHE)
def count(workspace, state):
    """The whole mailbox against the ledger, once a day; what was missed is taken in."""
    return count_if_due(office_for(workspace, state))


@flow(name="เฝ้าระวัง", flow_run_name="เฝ้าระวัง", log_prints=True)
def watch_over(workspace: str, state: str):
    """One look at everything."""
    counted = count(workspace, state)
    rows = look(workspace, state)
    table = rows or [{say("เรื่อง"): say("เรียบร้อย"), say("รายละเอียด"): say("ไม่พบสิ่งผิดปกติ")}]
    create_table_artifact(key="watch", table=table, description=f'{say("ผลการเฝ้าระวังครั้งล่าสุด")} {counted}')
