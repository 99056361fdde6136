"""What the tests of the Exchange adapter share: settings, a clock that never sleeps, a practice Exchange to speak with."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from requests.adapters import HTTPAdapter

from songthan.adapters.exchange import ExchangeMailbox, ExchangeSettings
from songthan.adapters.exchange_session import Session
from songthan.domain.messages import OutgoingMail
from wire_check import check_wire, peer

OFFICE, MEMBER = "plan@office.example", "tonnam@office.example"
PASSWORD = "practice-secret"
ACCOUNTS = f"""
server_name = "practice-exchange.example"
domains = ["office.example"]
[[mailboxes]]
address = "{OFFICE}"
name = "กลุ่มแผนงาน"
password = "{PASSWORD}"
[[mailboxes]]
address = "{MEMBER}"
name = "ต้นน้ำ"
password = "{PASSWORD}"
"""


def outgoing(**more: object) -> OutgoingMail:
    values = {
        "key": "ask:1",
        "to": (MEMBER,),
        "subject": "แบบรายงาน",
        "text": "เรียน ก\nข\n",
        "html": "<p>ก</p>",
        **more,
    }
    return OutgoingMail(kind="request", **values)


def settings(**more: object) -> ExchangeSettings:
    values = {
        "endpoint": "http://127.0.0.1:9/EWS/Exchange.asmx",
        "username": OFFICE,
        "password": PASSWORD,
        "mailbox": OFFICE,
        "domain": "office.example",
        "patience_s": 5.0,
        **more,
    }
    return ExchangeSettings(**values)


class Time:
    def __init__(self) -> None:
        self.now, self.slept = 100.0, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def as_options(self) -> dict:
        return {"sleep": self.sleep, "monotonic": lambda: self.now}

    def session(self, **more: object) -> Session:
        return Session(settings(**more), **self.as_options())


def asked_for(body) -> str:
    """The operation of a request, whether its body is bytes or read from a file."""
    if not isinstance(body, bytes):
        head = body.read(4096)
        body.seek(0)
        return re.search(rb"<m:(\w+)", head)[1].decode()
    return re.search(rb"<m:(\w+)", body)[1].decode()


class Practice:
    def __init__(self, folder: Path, accounts: str = ACCOUNTS, **options: object) -> None:
        from songthan.practice.exchange import start

        (folder / "accounts.toml").write_text(accounts, encoding="utf-8")
        self.log = folder / "log"
        self.server = start(folder / "db", folder / "accounts.toml", self.log, control=True, **options)
        self.asked: list[str] = []
        self.time = Time()
        self.boxes: list[ExchangeMailbox] = []

    def open(self, address: str = OFFICE, **more: object) -> ExchangeMailbox:
        asked = self.asked

        class Spy(HTTPAdapter):
            def send(self, request, **options):
                asked.append(asked_for(request.body))
                return super().send(request, **options)

        values = {"endpoint": self.server.url, "username": address, "mailbox": address, **more}
        self.boxes.append(ExchangeMailbox(settings(**values), http_adapter=Spy, **self.time.as_options()))
        return self.boxes[-1]

    def fail(self, operation: str, kind: str, **more: object) -> None:
        data = json.dumps({"operation": operation, "kind": kind, **more}).encode()
        urllib.request.urlopen(self.server.base + "/practice/faults", data=data, timeout=20).close()

    def receive(self, raw: bytes, *, to: str = OFFICE) -> None:
        query = urllib.parse.urlencode({"to": to, "mail_from": MEMBER, "auth": "pass"})
        urllib.request.urlopen(f"{self.server.base}/practice/outside?{query}", data=raw, timeout=20).close()


@contextmanager
def practice_in(folder: Path, *, checked: bool = False, **options: object) -> Iterator[Practice]:
    """A practice Exchange; `checked`: what it and the adapter said is held against Microsoft's schema."""
    wire = folder / "wire.jsonl"
    world = Practice(folder, **options, **({"strict": peer("schema"), "wire": wire} if checked else {}))
    try:
        yield world
    finally:
        for box in world.boxes:
            box.close()
        world.server.stop()
    if wire.exists():
        check_wire(wire)


def answer(n: int, body: bytes = b"x") -> bytes:
    return f"From: {MEMBER}\r\nTo: {OFFICE}\r\nSubject: {n}\r\nMessage-ID: <{n}@office.example>\r\n\r\n".encode() + body


