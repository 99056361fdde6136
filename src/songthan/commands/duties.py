"""`songthan waive`, `reopen`, `reassign`, `extend`, `receipt`, `number`: the secretary's decisions about duties, dates and proof."""

from __future__ import annotations

from pathlib import Path

import click

from songthan.commands.paper import at_the_desk, json_option, ledger_option, office_at, tell

# not click's `required`: the step says in Thai what is missing
_REASON = click.option("--reason", default="", metavar="เหตุผล", help="ต้องระบุ บันทึกในสมุดทะเบียน และพิมพ์ในจดหมาย")
_KEPT = click.option("--reason", default="", metavar="เหตุผล", help="ต้องระบุ บันทึกในสมุดทะเบียน (ไม่พิมพ์ในจดหมาย)")


def _decide(state: Path | None, as_json: bool, **given: str) -> None:
    from songthan.steps.change_duties import change_duty

    tell(change_duty(office_at(state), by=at_the_desk(), **given), as_json)


@click.command()
@click.argument("duty")
@click.argument("member", default="")
@_REASON
@ledger_option
@json_option
def waive(duty: str, member: str, reason: str, state: Path | None, as_json: bool) -> None:
    """ยกเว้นรายการหนึ่ง: DUTY คือรหัสรายการ (2566-q2.f3.s04) หรือกำหนดส่งตามด้วยบุคคล (waive)."""
    _decide(state, as_json, kind="waive", what=duty, to=member, reason=reason)


@click.command()
@click.argument("duty")
@click.argument("member", default="")
@click.option("--until", default="", metavar="วันที่", help="รอคำตอบถึงวันใด (ปกติเที่ยงของวันทำการถัดไป; วันนี้: จัดทำรายงานใหม่ทันที)")
@_REASON
@ledger_option
@json_option
def reopen(duty: str, member: str, until: str, reason: str, state: Path | None, as_json: bool) -> None:
    """ขอใหม่: DUTY คือรหัสรายการ หรือกำหนดส่งที่จัดทำรายงานแล้วแต่ยังไม่ส่งสารบรรณ (reopen)."""
    _decide(state, as_json, kind="reopen", what=duty, to=member, date=until, reason=reason)


@click.command()
@click.argument("seat")
@click.option("--to", "to", default="", metavar="บุคคล", help="ผู้รับโอน: รหัสบุคคล อีเมล หรือส่วนหนึ่งของชื่อ")
@_KEPT
@ledger_option
@json_option
def reassign(seat: str, to: str, reason: str, state: Path | None, as_json: bool) -> None:
    """โอนตำแหน่ง SEAT (s04) หรือทุกตำแหน่งของบุคคล (m04) พร้อมงานที่ยังค้างให้ผู้อื่น (reassign)."""
    _decide(state, as_json, kind="reassign", what=seat, to=to, reason=reason)


@click.command()
@click.argument("deadline")
@click.option("--internal", default="", metavar="วันที่", help='วันใหม่ของสมาชิก เช่น 2023-03-17, 17/3/2566 หรือ "๑๗ มี.ค. ๒๕๖๖"')
@click.option("--internal-to", default="", metavar="วันที่", help="วันสุดท้าย ถ้ากำหนดเป็นช่วง")
@_REASON
@ledger_option
@json_option
def extend(deadline: str, internal: str, internal_to: str, reason: str, state: Path | None, as_json: bool) -> None:
    """เปลี่ยนกำหนดของสมาชิกในกำหนดส่งหนึ่ง วันส่งจริงไม่เปลี่ยน (extend)."""
    _decide(state, as_json, kind="extend", what=deadline, date=internal, date_to=internal_to, reason=reason)


@click.command()
@click.argument("deadline")
@click.argument("number")
@click.option("--mail", type=int, help="เลขที่จดหมายที่พักไว้ซึ่งมีเลขรับ (จะเป็นการรับจดหมายนั้นด้วย)")
@_KEPT
@ledger_option
@json_option
def receipt(deadline: str, number: str, mail: int | None, reason: str, state: Path | None, as_json: bool) -> None:
    """บันทึกเลขรับ NUMBER ของงานสารบรรณด้วยตนเอง เมื่อเลขมาทางกระดาษ โทรศัพท์ หรือระบบอ่านจากจดหมายไม่ได้ (receipt)."""
    from songthan.steps.enter_receipt import enter_receipt

    tell(enter_receipt(office_at(state), deadline, number, mail=mail, reason=reason, by=at_the_desk()), as_json)


@click.command()
@click.argument("deadline")
@click.argument("number")
@click.option("--reason", default="", metavar="เหตุผล", help="ไม่บังคับ พิมพ์ในจดหมายถึงผู้อำนวยการเมื่อต้องเสนอลงนามใหม่")
@ledger_option
@json_option
def number(deadline: str, number: str, reason: str, state: Path | None, as_json: bool) -> None:
    """บันทึกเลขที่หนังสือ NUMBER ของบันทึกข้อความปะหน้า ก่อนผู้อำนวยการลงนาม (number)."""
    _decide(state, as_json, kind="number", what=deadline, to=number, reason=reason)


COMMANDS = [waive, reopen, reassign, extend, receipt, number]
