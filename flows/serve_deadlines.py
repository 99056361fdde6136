"""Every deadline of the plan as a deployment, the intake, the digest and the watch beside them; and serving them all."""

import sys
from datetime import timedelta
from pathlib import Path

from prefect import serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.schedules import Cron, Interval, RRule

sys.path.insert(0, str(Path(__file__).resolve().parent))

from advance_deadline import advance_deadline
from change_duty import change_duty
from decide_hold import decide_hold
from decide_outbox import decide_outbox
from send_digest import send_digest
from take_in_mail import take_in_mail
from watch_over import watch_over

from songthan.steps.schedule import deadline_schedules
from songthan.workspace import claimed, office_for, say

ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


def deployments(workspace: str, state: str) -> list:
    """All deployments of a workspace: one a deadline in date order, then the office's own."""
    office = office_for(workspace, state)
    zone = office.plan.organisation.timezone
    given = {"workspace": workspace, "state": state}
    found = [
        advance_deadline.to_deployment(
            name=item.name,
            description=item.description,
            tags=list(item.tags),
            parameters={**given, "deadline": item.deadline},
            schedules=[RRule(item.rrule, timezone=zone)],
            concurrency_limit=ONE_AT_A_TIME,
        )
        for item in deadline_schedules(office)
    ]
    return found + [
        take_in_mail.to_deployment(
            name=say("รับจดหมายเข้า ทุก ๕ นาที"),
            tags=[say("จดหมาย")],
            parameters=given,
            schedules=[Interval(timedelta(minutes=5), timezone=zone)],
            concurrency_limit=ONE_AT_A_TIME,
        ),
        send_digest.to_deployment(
            name=say("สรุปประจำวัน ทุกเช้าวันทำการ"),
            tags=[say("เลขานุการ")],
            parameters=given,
            schedules=[Cron("35 8 * * 1-5", timezone=zone)],
            concurrency_limit=ONE_AT_A_TIME,
        ),
        watch_over.to_deployment(
            name=say("เฝ้าระวัง ทุก ๑๕ นาที"),
            tags=[say("เฝ้าระวัง")],
            parameters=given,
            schedules=[Interval(timedelta(minutes=15), timezone=zone)],
            concurrency_limit=ONE_AT_A_TIME,
        ),
        decide_hold.to_deployment(
            name=say("วินิจฉัยจดหมายที่พักไว้"), tags=[say("เลขานุการ")], parameters={**given, "mail": 0, "decision": "accept", "reason": ""}
        ),
        decide_outbox.to_deployment(
            name=say("ปล่อยหรือระงับจดหมายออก"), tags=[say("เลขานุการ")], parameters={**given, "decision": "list", "key": "", "reason": ""}
        ),
        change_duty.to_deployment(
            name=say("เปลี่ยนแปลงหน้าที่"),
            tags=[say("เลขานุการ")],
            parameters={**given, "kind": "waive", "what": "", "reason": "", "to": "", "date": "", "date_to": ""},
        ),
    ]


if __name__ == "__main__":
    # as long as this runs, no other state folder works the mailbox
    with claimed(Path(sys.argv[1]), Path(sys.argv[2])):
        # paused deployments lose their scheduled runs: a restart must find them as they were
        serve(*deployments(sys.argv[1], sys.argv[2]), pause_on_shutdown=False, print_starting_message=False, limit=4)
