"""Every working morning: how everything stands, to the secretary. Its absence is noticed, so it is also «I am alive»."""

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from songthan.steps.send_digest import send_digest as send
from songthan.workspace import office_for


@task(name="ส่งสรุปประจำวันถึงเลขานุการ", retries=3, retry_delay_seconds=[5, 60, 300], cache_policy=NO_CACHE)
def write(workspace, state):
    """One digest a day; the second of the day does nothing."""
    return send(office_for(workspace, state))


@flow(name="สรุปประจำวัน", flow_run_name="สรุปประจำวัน", log_prints=True)
def send_digest(workspace: str, state: str):
    """The day's digest."""
    write(workspace, state)
