"""One deadline, one deployment: each run is a short tick that does what is due now and says how everything stands."""

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from songthan.steps.advance import do_batch, next_batches
from songthan.steps.lease import renew
from songthan.steps.post import post_all
from songthan.steps.report_status import artifact_rows, deadline_summary
from songthan.workspace import office_for, say


@task(name="ทำรายการเป็นชุด", task_run_name="{title}", log_prints=True, retries=2, retry_delay_seconds=[2, 10], cache_policy=NO_CACHE)
def do(title, batch, workspace, state):
    """One batch of actions of a kind; every action re-reads its state, so a retry repeats nothing."""
    report = do_batch(office_for(workspace, state), batch)
    print(say("{title}: เสร็จ {done} รอรอบถัดไป {waiting}", title=title, done=report.done, waiting=report.waiting))
    return {"done": report.done, "waiting": report.waiting}


@task(name="ส่งจดหมายที่ค้างในตะกร้าออก", retries=2, retry_delay_seconds=[2, 10], cache_policy=NO_CACHE)
def carry_out(workspace, state):
    """Mails intended by this tick or an earlier one."""
    return post_all(office_for(workspace, state))


@flow(name="เดินงานตามกำหนด", flow_run_name="{deadline}", log_prints=True)
def advance_deadline(deadline: str, workspace: str, state: str):
    """Advance one deadline as far as it goes now."""
    office = office_for(workspace, state)
    renew(office)
    for _ in range(12):
        done = [do(batch.title, batch, workspace, state) for batch in next_batches(office, deadline)]
        if not any(report["done"] for report in done):
            break
    carry_out(workspace, state)
    create_table_artifact(
        key=f"status-{deadline}", table=artifact_rows(office, deadline), description=deadline_summary(office, deadline)
    )
