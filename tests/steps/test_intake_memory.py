"""A large mail costs the office's own process no memory: measured in a process of its own, with the real sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHILD = """
import base64, json, os, sys
from dataclasses import replace
from pathlib import Path
from desk import Desk
from songthan.adapters.parse_mail import SandboxedMailParser
from songthan.adapters.read_convert import ConvertingReader
from songthan.adapters.read_sandboxed import SandboxedReader
from songthan.adapters.sandbox import Sandbox
from songthan.steps.take_in import fetch_new, settle_all
from songthan.testing.mailbox import MemoryMailbox
from songthan.testing.office import AUTHSERV

folder, name, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

class FromDisk(MemoryMailbox):
    '''Hands a mail over in pieces, as a connection does.'''
    def raw(self, ref, write):
        with open(folder / ref.message_id, "rb") as file:
            while piece := file.read(1 << 16):
                write(piece)

def mail(path, name, size):
    with open(path, "wb") as file:
        file.write((f"Authentication-Results: {AUTHSERV}; dmarc=pass action=none header.from=bfa.example\\r\\n"
                    "From: krittamet@bfa.example\\r\\nTo: songthan@bfa.example\\r\\nSubject: big\\r\\nMIME-Version: 1.0\\r\\n"
                    f"Message-ID: <{path.name}@bfa.example>\\r\\nContent-Type: multipart/mixed; boundary=b\\r\\n\\r\\n--b\\r\\n\\r\\nhi\\r\\n--b\\r\\n"
                    f"Content-Type: application/octet-stream\\r\\nContent-Disposition: attachment; filename={name}\\r\\n"
                    "Content-Transfer-Encoding: base64\\r\\n\\r\\n").encode())
        head = {"docx": b"PK\\x03\\x04", "pdf": b"%PDF-1.7\\n", "jpg": b"\\xff\\xd8\\xff\\xe0"}[name[-4:].strip(".")]
        file.write(base64.encodebytes(head + os.urandom(57 - len(head))))
        for _ in range(size // (57 * 16384)):
            file.write(base64.encodebytes(os.urandom(57 * 16384)))
        file.write(b"\\r\\n--b--\\r\\n")

def status(pid, key):
    return next(int(line.split()[1]) // 1024 for line in open(f"/proc/{pid}/status") if line.startswith(key))

desk = Desk(folder / "state", now="2023-03-01 09:00")
desk.mailbox = FromDisk(domain="bfa.example")
with Sandbox() as sandbox:
    parser = SandboxedMailParser(sandbox=sandbox, authserv_id=AUTHSERV, own_addresses=("songthan@bfa.example",))
    desk.office = replace(desk.office, mailbox=desk.mailbox, parser=parser, reader=ConvertingReader(SandboxedReader(sandbox)))
    for which, bytes_ in (("small", 1000), ("large", size)):
        mail(folder / which, name, bytes_)
        desk.mailbox.receive(b"", received=desk.clock.now(), message_id=which)
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak begins anew
        before = status("self", "VmHWM")
        fetch_new(desk.office)
        settle_all(desk.office)
        grown = status("self", "VmHWM") - before
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    row = desk.last_row()
    message = desk.ledger.inbox.message(row["id"])
    print(json.dumps({
        "grown": grown, "office": status("self", "VmHWM"), "sandbox": max([status(pid, "VmHWM") for pid in children], default=0),
        "route": row["route"], "rule": row["rule"], "sender": message.sender, "roles": [a.role for a in message.attachments],
        "size": message.size, "kept": [desk.office.blobs.checked(a.sha256).stat().st_size for a in message.attachments],
    }))
"""


def taken_in(folder: Path, name: str, size: int) -> dict:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(HERE)])}
    (folder / "state").mkdir()
    done = subprocess.run([sys.executable, "-c", CHILD, str(folder), name, str(size)], env=env, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "role", "route"), [("photo.jpg", "evidence", "36_too_large"), ("report.pdf", "form", "05_hostile_form")]
)
def test_25_mb_cost_the_office_no_memory(tmp_path: Path, name: str, role: str, route: str) -> None:
    """What is promised is 20 MB more; it was 0 to 1 on the machine that wrote this."""
    found = taken_in(tmp_path, name, 25_000_000)
    assert found["grown"] <= 20, found
    assert found["roles"] == [role] and found["kept"][0] > 24_000_000 and found["size"] > 32_000_000
    # a PDF of random bytes is opened by the reader too, which refuses it
    assert found["rule"] == route


@pytest.mark.real
def test_100_mb_are_held_with_their_sender_within_300_mb(tmp_path: Path) -> None:
    found = taken_in(tmp_path, "photo.jpg", 74_000_000)
    assert found["size"] > 98_000_000 and found["grown"] <= 20, found
    assert (found["route"], found["rule"], found["sender"]) == ("hold", "36_too_large", "krittamet@bfa.example")
    assert found["office"] + found["sandbox"] <= 300, found
