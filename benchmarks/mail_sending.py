"""Sending over the practice server: the product's way beside bare exchangelib."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from exchangelib import (
    BASIC,
    DELEGATE,
    Account,
    Configuration,
    Credentials,
    EWSTimeZone,
    FailFast,
    FileAttachment,
    HTMLBody,
    Message,
)
from exchangelib.version import EXCHANGE_2016, Version
from mail_world import FORM_BYTES, MEMBER, NOW, OWN, PASSWORD, asked_office, practice

from songthan.domain.messages import OutgoingFile, OutgoingMail
from songthan.practice.exchange import RunningExchange, read_log
from songthan.steps.fill_form import DOCX
from songthan.steps.office import Office
from songthan.steps.post import post

TEXT = "เรียน กรรมการ โปรดกรอกแบบรายงานที่แนบมาพร้อมนี้\n" * 8
FILE = "แบบรายงาน.docx"
LAPS = 5


def bare_sender(server: RunningExchange) -> Callable[[int, bytes], None]:
    """exchangelib as its manual shows it: save the draft, attach the file, send."""
    account = Account(
        OWN, access_type=DELEGATE, autodiscover=False, default_timezone=EWSTimeZone("Asia/Bangkok"),
        config=Configuration(
            service_endpoint=server.url, credentials=Credentials(OWN, PASSWORD), auth_type=BASIC,
            version=Version(EXCHANGE_2016), retry_policy=FailFast(),
        ),
    )  # fmt: skip
    drafts = account.drafts

    def send(n: int, data: bytes) -> None:
        mail = Message(account=account, folder=drafts, subject=f"bare {n}", body=HTMLBody(TEXT), to_recipients=[MEMBER])
        mail.save()
        mail.attach(FileAttachment(name=FILE, content=data, content_type=DOCX))
        mail.send()

    return send


def our_sender(office: Office) -> Callable[[int, bytes], None]:
    """Intent, look-up, draft, file, «handed», send, look-up, «sent»."""

    def send(n: int, data: bytes) -> None:
        file = OutgoingFile(name=FILE, type=DOCX, sha256=office.blobs.put(data))
        mail = OutgoingMail(key=f"bench/{n}", kind="receipt", to=(MEMBER,), subject=f"ours {n}", text=TEXT, html=f"<p>{TEXT}</p>", files=(file,))
        with office.ledger.transaction():
            office.ledger.outbox.plan(mail, NOW)
        assert post(office, mail.key, new=True)

    return send


def sending(folder: Path, number: int) -> tuple[float, float, list[str], list[str]]:
    """(ours, bare) mails a second, the best of several turns; and the requests of one mail each."""
    with practice(folder / "server") as (server, mailbox):
        office = asked_office(folder / "state", mailbox)
        senders = {"ours": our_sender(office), "bare": bare_sender(server)}
        best, count = dict.fromkeys(senders, 0.0), 0
        for lap in range(LAPS + 1):
            for name, send in senders.items():
                started = time.perf_counter()
                for _ in range(number):
                    count += 1
                    send(count, count.to_bytes(4, "big") * (FORM_BYTES // 4))
                if lap:
                    best[name] = max(best[name], number / (time.perf_counter() - started))
        requests = {name: _requests(folder / "server" / "log", lambda n=name, s=send: s(count + (n == "bare") + 1, b"x")) for name, send in senders.items()}
    return best["ours"], best["bare"], requests["ours"], requests["bare"]


def _requests(log: Path, work: Callable[[], None]) -> list[str]:
    """The EWS operations asked for meanwhile."""
    before = len(read_log(log))
    work()
    return [str(event.get("operation") or event.get("op") or event) for event in read_log(log)[before:]]
