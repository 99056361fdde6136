"""New mail: raw bytes into the ledger first, then read, routed by the rules, acted on and filed away."""

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from songthan.steps.confirm_pen import new_pages
from songthan.steps.lease import renew
from songthan.steps.post import post_all
from songthan.steps.report_status import inbox_rows
from songthan.steps.take_in import fetch_new, settle_all
from songthan.workspace import office_for, say


@task(name="เก็บจดหมายใหม่ลงสมุดทะเบียน", retries=3, retry_delay_seconds=[2, 10, 30], cache_policy=NO_CACHE)
def fetch(workspace, state):
    """Raw bytes and the inbox row, durable before anything parses them."""
    return fetch_new(office_for(workspace, state))


@task(name="อ่านและคัดแยกจดหมาย", retries=3, retry_delay_seconds=[2, 10, 30], cache_policy=NO_CACHE)
def settle(workspace, state):
    """Parse, route and act on every row that is not settled."""
    return settle_all(office_for(workspace, state))


@task(name="ส่งจดหมายที่ค้างในตะกร้าออก", retries=2, retry_delay_seconds=[2, 10], cache_policy=NO_CACHE)
def carry_out(workspace, state):
    """Answers and notices that the new mail called for."""
    return post_all(office_for(workspace, state))


@flow(name="รับจดหมายเข้า", flow_run_name="รับจดหมายเข้า", log_prints=True)
def take_in_mail(workspace: str, state: str):
    """Take in whatever lies in the mailbox now."""
    renew(office_for(workspace, state))
    new = fetch(workspace, state)
    settled = settle(workspace, state)
    carry_out(workspace, state)
    for mail, page in new_pages(office_for(workspace, state)):
        create_markdown_artifact(key=f"hold-{mail}", markdown=page, description=say("หน้าลงนามด้วยปากกาในจดหมายที่ {mail} เทียบกับต้นฉบับ", mail=mail))
    print(say("จดหมายใหม่ {new} ฉบับ คัดแยกแล้ว {settled} ฉบับ", new=new, settled=settled))
    if new or settled:
        create_table_artifact(
            key="inbox", table=inbox_rows(office_for(workspace, state)), description=say("จดหมายเข้าล่าสุดและผลการคัดแยก")
        )
