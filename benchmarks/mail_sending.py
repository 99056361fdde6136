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
from songthan.practice.exchange import RunningExchange
from songthan.steps.fill_form import DOCX
from songthan.steps.office import Office
from songthan.steps.post import post, post_each

TEXT = "เรียน กรรมการ โปรดกรอกแบบรายงานที่แนบมาพร้อมนี้\n" * 8
FILE = "แบบรายงาน.docx"
LAPS = 4


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


def intend(office: Office, n: int, data: bytes) -> str:
    """What a letter's own transaction does beforehand: the file in the blobs, the intent in the ledger; the mail's key."""
    file = OutgoingFile(name=FILE, type=DOCX, sha256=office.blobs.put(data))
    mail = OutgoingMail(key=f"bench/{n}", kind="receipt", to=(MEMBER,), subject=f"ours {n}", text=TEXT, html=f"<p>{TEXT}</p>", files=(file,))
    office.ledger.outbox.plan(mail, NOW)
    return mail.key


def sending(folder: Path, number: int) -> tuple[float, float, float]:
    """(letters written together, single mails, bare) a second, the best of several turns of `number` mails each."""
    with practice(folder / "server") as (server, mailbox):
        office, bare = asked_office(folder / "state", mailbox), bare_sender(server)
        ours_best = single_best = bare_best = 0.0
        files = [n.to_bytes(4, "big") * (FORM_BYTES // 4) for n in range((LAPS + 1) * 2 * number)]
        for lap in range(LAPS + 1):
            mine = range(2 * lap * number, (2 * lap + 1) * number)
            keys = [intend(office, n, files[n]) for n in mine]
            singles = [intend(office, n, files[n]) for n in range(mine.stop, mine.stop + number)]
            started = time.perf_counter()
            assert all(post_each(office, keys, new=True))
            ours = time.perf_counter() - started
            started = time.perf_counter()
            assert all([post(office, key, new=True) for key in singles])
            single = time.perf_counter() - started
            started = time.perf_counter()
            for n in mine:
                bare(n, files[n])
            if lap:
                ours_best, single_best = max(ours_best, number / ours), max(single_best, number / single)
                bare_best = max(bare_best, number / (time.perf_counter() - started))
    return ours_best, single_best, bare_best
