"""A practice office for the cast's tests: the real practice Exchange, 21 people, and a hand that plays Songthan."""

import json
import os
import shutil
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import contract_paper
import pytest

from songthan.practice.cast.ews import Post
from songthan.practice.cast.letters import Draft, write
from songthan.practice.exchange import start

OFFICE = "report@senate-office.example"
IDS = [f"m{n:02}" for n in range(1, 23) if n != 15]
START = datetime.fromisoformat("2023-03-02T09:00:00+07:00")


class Office:
    """Songthan played by hand: sends as the office mailbox and reads it. Everything lies in `folder`."""

    def __init__(self, folder: Path, url: str, soffice: str, fontconfig: str | None) -> None:
        self.folder, self.url = folder, url
        self.post = Post(url=url, address=OFFICE, password="office-pw")
        self.count = 0
        self.people = folder / "people.json"
        self.people.write_text(json.dumps({
            "office": {"mailbox": OFFICE}, "members": [person(i) for i in IDS], "director": "m01",
            "acting_director": "m02", "secretary": "m21", "headcount": 48, "soffice": soffice, "fontconfig": fontconfig,
            "registry": {"name": "กลุ่มงานสารบรรณ", "email": "registry@senate-office.example", "password": "r-pw"},
        }), encoding="utf-8")  # fmt: skip

    def set_clock(self, now: datetime) -> None:
        (self.folder / "clock").write_text(now.isoformat())

    def send(self, to: str, subject: str, text: str, files=(), now: datetime = START, in_reply_to: str = "") -> str:
        """A mail of the office; gives its Message-ID."""
        self.count += 1
        key = f"<songthan-{self.count}@senate-office.example>"
        self.post.send(write(Draft(
            name="ส่งทัน", address=OFFICE, to=to, subject=subject, text=text, files=tuple(files), at=now,
            message_id=key, in_reply_to=in_reply_to, headers=(("Auto-Submitted", "auto-generated"),),
        )))  # fmt: skip
        return key

    def ask(self, member: str, *, to: str = "", now: datetime = START) -> str:
        """The request to a member (or, `to` somebody else, on the member's behalf)."""
        paper = contract_paper.form(token=token(member), member=person(member)["name"])
        text = "ขอความอนุเคราะห์กรอกแบบรายงานตามไฟล์แนบ ภายในวันที่ ๑๕ มีนาคม ๒๕๖๖ โปรดยืนยันหรือแก้ไขข้อมูลเดิม"
        name = f"แบบรายงาน F3 {person(member)['name']}.docx"
        return self.send(to or person(member)["email"], "[ส่งทัน] F3 ไตรมาสที่ ๒", text, [(name, paper)], now)

    def inbox(self) -> list[EmailMessage]:
        """Everything in the office's Inbox."""
        return [message_from_bytes(self.post.raw(item), policy=default) for item, _ in self.post.listing("inbox")]

    def ids(self) -> list[str]:
        """The Message-IDs in the office's Inbox, sorted."""
        return sorted(key for _, key in self.post.listing("inbox"))

    def typed(self, name: str = "typed.jsonl") -> list[dict]:
        return [json.loads(line) for line in (self.folder / "cast" / name).read_text(encoding="utf-8").splitlines()]


def person(member: str) -> dict:
    number = int(member[1:])
    return {
        "id": member, "name": f"นางสาวทดสอบ{chr(0x0E01 + number)} สมมติวงศ์กุลธำรง{member[1:]}", "email": f"{member}@senate-office.example",
        "password": f"{member}-pw", "deputy": "m05" if member == "m06" else "m02", "position": "นักวิเทศสัมพันธ์",
    }  # fmt: skip


def token(member: str) -> str:
    return f"ST-7K3D-9QXA-{member.upper()}Z"


@pytest.fixture
def office(tmp_path: Path):
    """The practice Exchange with 21 members, the registry and the office, on a simulated clock."""
    lines = ['server_name = "practice-exchange.example"', 'domains = ["senate-office.example"]']
    boxes = [(p["email"], p["password"]) for p in map(person, IDS)]
    for address, password in [*boxes, (OFFICE, "office-pw"), ("registry@senate-office.example", "r-pw")]:
        lines += ["[[mailboxes]]", f'address = "{address}"', f'password = "{password}"']
    accounts, clock = tmp_path / "accounts.toml", tmp_path / "clock"
    accounts.write_text("\n".join(lines), encoding="utf-8")
    clock.write_text(START.isoformat())
    with start(tmp_path / "exchange.sqlite", accounts, tmp_path / "exchange.jsonl", clock=clock) as exchange:
        made = Office(tmp_path, exchange.base, shutil.which("soffice") or "soffice", os.environ.get("FONTCONFIG_FILE"))
        yield made
        made.post.close()
