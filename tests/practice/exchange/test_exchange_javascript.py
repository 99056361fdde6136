"""Held against ews-javascript-api: what it writes exchangelib reads, what exchangelib writes it reads; Basic and NTLM."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from exchangelib import FileAttachment, Message
from practice_world import MEMBER, OFFICE, PASSWORDS

from wire_check import peer

pytestmark = pytest.mark.real

NAME, SUBJECT, ASKED = "แบบรายงาน ไตรมาส ๒.docx", "ส่งแบบรายงาน ไตรมาส ๒", "ขอความอนุเคราะห์ส่งแบบรายงาน"
FILE, FORM = bytes(range(256)) * 300, bytes(reversed(range(256))) * 200
FOLDER = "รับแล้ว ไตรมาส ๒"


def digest(content: bytes) -> str:
    """sha256 of the content."""
    return hashlib.sha256(content).hexdigest()


def javascript(url: str, auth: str) -> dict:
    """What the member's client did and saw."""
    library = peer("node", "node_modules", "ews-javascript-api")
    order = {
        "library": str(library),
        "xhr": str(library.parent / "@ewsjs" / "xhr"),
        "url": url,
        "user": MEMBER,
        "password": PASSWORDS[MEMBER],
        "auth": auth,
        "to": OFFICE,
        "subject": SUBJECT,
        "html": "<p>จำนวน ๑๒ คน</p>",
        "file": {"name": NAME, "base64": base64.b64encode(FILE).decode("ascii")},
        "folder": FOLDER,
        "read": ASKED,
    }
    script = Path(__file__).with_name("ews_client.js")
    ran = subprocess.run(
        ["node", str(script)], input=json.dumps(order), capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_ews_javascript_api_and_exchangelib_read_each_other_byte_for_byte(run, account, auth):
    exchange = run("basic,ntlm")
    office, member = account(exchange, OFFICE), account(exchange, MEMBER)
    asked = Message(account=office, folder=office.drafts, subject=ASKED, body="จำนวน ๑๒ คน", to_recipients=[MEMBER])
    asked.save()
    asked.attach(FileAttachment(name=NAME, content=FORM))
    asked.send()

    told = javascript(exchange.url, auth)
    assert (told["drafts"], told["left"]) == (1, 0)
    (received,) = member.inbox.all()
    assert told["read"] == {
        "subject": ASKED,
        "id": received.id,
        "mime": digest(received.mime_content),
        "files": {NAME: digest(FORM)},
    }

    (got,) = office.inbox.all()
    assert (got.subject, "๑๒ คน" in got.body) == (SUBJECT, True)
    assert [(a.name, digest(a.content)) for a in got.attachments] == [(NAME, digest(FILE))]
    member.root.clear_cache()
    assert member.sent.all().count() == 0
    (moved,) = (member.msg_folder_root / FOLDER).all()
    assert told["moved"]["id"] == moved.id != told["sent"]["id"]
    assert told["moved"]["mime"] == told["sent"]["mime"] == digest(moved.mime_content)
    assert told["sent"]["files"] == {NAME: digest(FILE)}
