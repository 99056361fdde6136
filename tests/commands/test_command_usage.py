"""A command typed wrongly is answered in Thai, whatever was wrong."""

from __future__ import annotations

import re

import pytest
from command_runner import run

WRONG = [
    (("plan", "import", "ไม่มี.docx"), "ไม่มีแฟ้มหรือโฟลเดอร์ «ไม่มี.docx»"),
    (("plan", "chek"), "ไม่มีคำสั่ง chek"),
    (("leave", "add", "m04", "--until", "17/3/2566"), "ยังไม่ได้ระบุ --from"),
    (("leave", "add", "m04", "--from", "๑๓", "มี.ค.", "๒๕๖๖", "--until", "17/3/2566"), "เครื่องหมายคำพูด"),
    (("extend", "2566-q2", "--inernal", "1"), "--internal"),
    (("rehearse", "2566-q2", "--speed", "slow"), "«slow» ไม่ใช่ค่าที่เลือกได้"),
    (("plan", "import", ".", "--year", "x"), "--year: «x» ไม่ใช่จำนวน"),
    (("plan", "import", "--year", "99", "x"), "99 ไม่อยู่ในช่วง"),
    (("calendar", "--ics"), "--ics"),
    (("reassign",), "ยังไม่ได้ระบุ SEAT"),
    (("hold",), "ยังไม่ได้ระบุคำสั่งย่อย (accept, list"),
]


@pytest.mark.parametrize(("args", "said"), WRONG)
def test_wrong_use_is_told_in_thai(args: tuple[str, ...], said: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert said in result.output and "วิธีแก้" in result.output
    first = result.output.splitlines()[0]
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}", first), "no English sentence"
