"""Every mail of tests/mail, damaged by a seeded hand: a message comes out, never an exception, and it has a route."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from test_parse_mail import CASES, RULES

from outlook_files import msg, tnef
from songthan.adapters.parse_defects import DEFECTS
from songthan.adapters.parse_mail import parse_job
from songthan.adapters.parse_msg import NotMsg, open_msg
from songthan.adapters.parse_tnef import NotTnef, open_tnef
from songthan.domain.messages import Attachment, Message
from songthan.domain.routing import RoutingFacts, decide_route

#: Variants of every case. By hand 33,000 were tried (300 a case) when this was written.
EACH = 4
ARGS = {"authserv_id": "practice-exchange.example", "own_addresses": ["songthan@office.example"]}
WORDS = (b"\x00", b"\xff\xfe", b"\r", b"\n\n", b"--=_songthan\r\n", b"--=_songthan--\r\n", b"=?utf-8?b?", b"?=", b"''%E0", b";", b'"', b"(", b"<",
         b"Content-Type: multipart/alternative; boundary=x\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"Content-Transfer-Encoding: base64\r\n",
         b"charset=utf-7", b"Content-Type: application/pkcs7-mime\r\n\r\n", b"Content-Type: application/ms-tnef\r\n\r\n")  # fmt: skip


def damaged(raw: bytes, dice: random.Random, other: bytes) -> bytes:
    """`raw` cut, flipped, spliced, shuffled or with headers said again, once to five times over."""
    for _ in range(dice.randint(1, 5)):
        at, size = dice.randrange(len(raw) + 1), dice.randrange(1, 400)
        match dice.randrange(8):
            case 0:
                raw = raw[:at]
            case 1:
                raw = raw[:at] + bytes(b ^ (1 << dice.randrange(8)) for b in raw[at : at + 3]) + raw[at + 3 :]
            case 2:
                raw = raw[:at] + dice.choice(WORDS) + raw[at:]
            case 3:
                raw = raw[:at] + raw[at + size :]
            case 4:
                raw = raw[:at] + other[dice.randrange(len(other)) :][:size] + raw[at:]
            case 5:
                raw = raw[:at] + raw[max(0, at - size) : at] * dice.randint(1, 20) + raw[at:]
            case 6:
                head, line, rest = raw.partition(b"\r\n\r\n")
                lines = head.split(b"\r\n")
                dice.shuffle(lines)
                raw = b"\r\n".join(lines * dice.randint(1, 3)) + line + rest
            case _:
                raw = raw.replace(dice.choice((b"\r\n", b": ", b"; ", b"=", b"base64", b"utf-8")), dice.choice(WORDS), dice.randint(1, 9))
    return raw


def message_of(raw: bytes) -> Message:
    answer, blobs = parse_job(raw, ARGS)
    files = tuple(Attachment(name=a["name"], type=a["type"], sha256=f"{a['blob']:064}", size=len(blobs[a["blob"]]), role=a["role"])
                  for a in answer.pop("attachments"))  # fmt: skip
    for key in ("to", "in_reply_to", "defects"):
        answer[key] = tuple(answer[key])
    answer["headers"] = tuple((n, v) for n, v in answer["headers"])
    return Message(sha256="0" * 64, received=datetime(2023, 3, 14, tzinfo=UTC), attachments=files, size=len(raw), **answer)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.name)
def test_a_damaged_mail_is_still_a_mail(path) -> None:
    raw = path.read_bytes()
    others = [p.read_bytes() for p in CASES[:: max(1, len(CASES) // 7)]]
    for n in range(EACH if len(raw) < 100_000 else 1):
        dice = random.Random(f"{path.name}/{n}")
        message = message_of(damaged(raw, dice, dice.choice(others)))
        assert set(message.defects) <= set(DEFECTS)
        assert decide_route(RoutingFacts(message=message, sender_is="stranger", size=message.size), RULES).reason


@pytest.mark.parametrize("kind", ["tnef", "msg"])
def test_outlooks_wrappers_cut_or_twisted_give_up_or_give_something(kind: str) -> None:
    """Nothing but the reader's own word for «broken» comes out, and never more than twice the bytes that went in."""
    files = [("แบบ.docx", b"PK\x03\x04" * 2000), ("b.txt", b"x")]
    if kind == "tnef":
        whole, reader, word = tnef(files, text="คำ", message=tnef(files)), open_tnef, NotTnef
    else:
        whole, reader, word = msg(headers="From: a@b.example\r\n", text="คำ" * 3000, files=files, message=True), open_msg, NotMsg
    opened = broken = 0
    for n in range(400):
        dice = random.Random(f"{kind}/{n}")
        raw = bytearray(whole)
        for _ in range(dice.randint(1, 12)):
            at = dice.randrange(8, len(raw) if n % 2 else 700)
            raw[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x02\x00\x00\x00", bytes(dice.randrange(256) for _ in range(4))))
        raw = raw[: dice.randrange(8, len(raw))] if n % 3 == 0 else raw
        try:
            found = reader(bytes(raw))
        except word:
            broken += 1
            continue
        opened += 1
        assert sum(len(f.data) for f in found.files) <= 2 * len(raw) + 1024
    assert opened > 20 and broken > 20
