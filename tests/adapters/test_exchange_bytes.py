"""Large things pass through the Exchange adapter in pieces: no memory for them, and no second beginning."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from exchange_world import OFFICE, PASSWORD, Practice, answer, practice_in
from exchangelib.errors import MalformedResponseError

from songthan.adapters.exchange_bytes import _Body, _Split
from songthan.domain.errors import MailAmbiguous, MailBusy, MailNotFound
from songthan.testing.mailbox import bytes_of

FILE_SIZE = 25 * 1024 * 1024
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
    '<s:Body><t:MimeContent xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
    ' CharacterSet="UTF-8">{}</t:MimeContent></s:Body></s:Envelope>'
)


@pytest.fixture
def practice(tmp_path):
    with practice_in(tmp_path) as world:
        yield world


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 200])
def test_an_answer_is_split_wherever_its_pieces_end(size, length):
    content = bytes(range(length))
    written: list[bytes] = []
    split = _Split(written.append)
    lines = base64.encodebytes(content).decode()
    for piece in pieces(ENVELOPE.format(lines).encode(), size):
        split.feed(piece)
    split.feed(b"", last=True)
    assert b"".join(written) == content and split.found
    (mime,) = split.tree().iter("{*}MimeContent")
    assert mime.get("CharacterSet") == "UTF-8" and not mime.text


@pytest.mark.parametrize(
    "answer_text",
    ["", "<a>", "no xml", ENVELOPE.format("AAA"), ENVELOPE.format("A*=="), "<!DOCTYPE a><a/>", ENVELOPE.format("กกกก")],
)
def test_what_is_no_answer_is_told(answer_text):
    split = _Split(lambda piece: None)
    with pytest.raises(MalformedResponseError):
        split.feed(answer_text.encode())
        split.feed(b"", last=True)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 49152, 49153, 100_000])
def test_a_request_with_a_file_can_be_sent_again_from_its_beginning(tmp_path, length):
    path = tmp_path / "file"
    path.write_bytes(bytes(i % 251 for i in range(length)))
    body = _Body(b"<a>", path, b"</a>")
    whole = b"<a>" + base64.b64encode(path.read_bytes()) + b"</a>"
    assert len(body) == len(whole) and body.read() == whole
    assert body.read() == b"" and body.tell() == 0, "its end turns it back: NTLM does not"
    assert b"".join(iter(lambda: body.read(100), b"")) == whole
    body.read(10)
    body.seek(-10, io.SEEK_CUR)
    assert body.read(4) == whole[:4]
    body.seek(0)
    assert body.read() == whole


def large_mail(size: int) -> bytes:
    """A mail with one attachment of `size` bytes, made line by line."""
    head = (
        f"From: a@office.example\r\nTo: {OFFICE}\r\nSubject: large\r\nMessage-ID: <large@office.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: application/octet-stream; name=large.bin\r\n"
        "Content-Disposition: attachment; filename=large.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    line = base64.b64encode(bytes(range(57))) + b"\r\n"
    return head.encode() + line * (size // 57)


#: Run in a process of its own: the most memory it held, on top of what it held when the work began (Linux's own counters;
#: getrusage would tell the memory of the process it was forked from).
CHILD = """
import json, sys
from pathlib import Path
from songthan.adapters.exchange import ExchangeMailbox, ExchangeSettings
from songthan.domain.messages import OutgoingMail

order = json.loads(sys.argv[1])
box = ExchangeMailbox(ExchangeSettings(**order["settings"]))

def held(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

def begin():
    Path("/proc/self/clear_refs").write_text("5")
    return held("VmRSS")

mail = dict(kind="request", to=("tonnam@office.example",), subject="s", text="t", html="<p>t</p>")
small, large = sorted(box.new_messages("").refs, key=lambda ref: ref.size)
with open(order["out"], "wb") as out:
    box.raw(small, lambda piece: None)
    box.attach(box.save_draft(OutgoingMail(key="warm", **mail)), "a", "text/plain", Path(order["small"]))
    if order["what"] == "in":
        before = begin()
        box.raw(large, out.write)
    elif order["what"] == "whole":
        before = begin()
        pieces = []
        box.raw(large, pieces.append)
    else:
        draft = box.save_draft(OutgoingMail(key="out", **mail))
        before = begin()
        draft = box.attach(draft, "large.bin", "application/octet-stream", Path(order["file"]))
        box.send(draft)
print(json.dumps({"extra_kb": held("VmHWM") - before}))
"""


def extra_mb(practice: Practice, tmp_path: Path, what: str, **more: str) -> float:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    order = {
        "settings": {
            "endpoint": practice.server.url,
            "username": OFFICE,
            "password": PASSWORD,
            "mailbox": OFFICE,
            "domain": "office.example",
        },
        "what": what,
        "small": str(small),
        "out": str(tmp_path / "out"),
        **more,
    }
    done = subprocess.run([sys.executable, "-c", CHILD, json.dumps(order)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["extra_kb"] / 1024


@pytest.mark.real
def test_25_mb_come_in_with_little_memory(practice, tmp_path):
    mail = large_mail(FILE_SIZE)
    practice.receive(answer(1))
    practice.receive(mail)
    extra = extra_mb(practice, tmp_path, "in")
    print(f"extra {extra:.1f} MB")
    assert extra <= 20, f"{extra:.1f} MB"
    assert (tmp_path / "out").read_bytes().endswith(mail[-20_000_000:])
    assert extra_mb(practice, tmp_path, "whole") > 30, "the measure sees a message that is held"


@pytest.mark.real
def test_25_mb_go_out_with_little_memory(practice, tmp_path):
    practice.receive(answer(1))
    practice.receive(answer(2, b"y" * 100))
    file = tmp_path / "large"
    file.write_bytes(bytes(range(256)) * (FILE_SIZE // 256))
    extra = extra_mb(practice, tmp_path, "out", file=str(file))
    print(f"extra {extra:.1f} MB")
    assert extra <= 20, f"{extra:.1f} MB"
    member = practice.open("tonnam@office.example")
    (ref,) = member.new_messages("").refs
    assert ref.size > FILE_SIZE


@pytest.mark.real
def test_errors_inside_a_streamed_answer_have_their_names(practice):
    practice.receive(answer(1))
    box = practice.open()
    (ref,) = box.new_messages("").refs
    box.move(ref, "บันทึก")
    with pytest.raises(MailNotFound):
        bytes_of(box, ref)
    (ref,) = (practice.receive(answer(2)), *box.new_messages("").refs)[1:]
    practice.fail("GetItem", "busy", back_off_ms=90_000)
    with pytest.raises(MailBusy) as busy:
        bytes_of(box, ref)
    assert busy.value.back_off_s == 90.0


@pytest.mark.real
def test_a_broken_stream_is_not_begun_again(practice, monkeypatch):
    practice.receive(large_mail(300_000))
    box = practice.open()
    (ref,) = box.new_messages("").refs
    practice.asked.clear()
    whole: list[bytes] = []
    box.raw(ref, whole.append)
    assert len(whole) > 1 and practice.asked == ["GetItem"]

    broken: list[bytes] = []
    feed = _Split.feed

    def cut(self, piece, *, last=False):
        if broken:
            raise MalformedResponseError("the line was cut")
        feed(self, piece, last=last)

    monkeypatch.setattr(_Split, "feed", cut)
    with pytest.raises(MailAmbiguous):
        box.raw(ref, broken.append)
    assert broken and practice.asked == ["GetItem"] * 2
    monkeypatch.undo()
    assert bytes_of(box, ref) == b"".join(whole), "the connection is whole again"


@pytest.mark.real
def test_a_full_disk_is_not_the_mailboxs_error(practice):
    practice.receive(answer(1))
    box = practice.open()
    (ref,) = box.new_messages("").refs

    def full(piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        box.raw(ref, full)
    assert b"Subject: 1" in bytes_of(box, ref)
