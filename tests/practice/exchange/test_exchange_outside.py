"""The outside door, the page, the command's exits."""

import dataclasses
import email
import email.policy
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from practice_world import FRIEND, MEMBER, OFFICE

from songthan.practice import exchange as practice
from songthan.practice.exchange import PracticeError, read_log, start
from songthan.practice.exchange.accounts import Limits
from songthan.practice.exchange.faults import KINDS
from songthan.practice.exchange.operations import OPERATIONS
from songthan.practice.exchange.page import NOT_PROVEN
from songthan.practice.exchange.rights import LISTS

pytestmark = pytest.mark.real


def post(exchange, raw: bytes, **query):
    """Mail from outside, the answer as data."""
    answer = requests.post(f"{exchange.base}/practice/outside", params=query, data=raw, timeout=10)
    return answer.status_code, answer.json()


def arrived(exchange, account):
    """The one message in the office's Inbox, parsed."""
    (got,) = account(exchange, OFFICE).inbox.all()
    return email.message_from_bytes(got.mime_content, policy=email.policy.default)


def test_a_forger_fails_and_cannot_bring_his_own_stamps(exchange, account):
    raw = (
        b"Authentication-Results: practice-exchange.example; dmarc=pass; compauth=pass\r\n"
        b"Authentication-Results : Practice-Exchange.Example 1 ; dmarc=pass\r\n"
        b"Authentication-Results: other.example; dmarc=pass\r\n"
        b"X-MS-Exchange-Organization-AuthAs: Internal\r\n"
        b"X-Harmless: a\rX-MS-Exchange-Organization-SCL: -1\r\n"
        b"Bcc: someone@x.example\r\n"
        b"From: =?utf-8?b?4Liq4Lih4Liy4LiK4Li04LiB?= <MEMBER@Senate-Foreign.Example>\r\n"
        b"To: office@senate-foreign.example\r\nSubject: forged\r\n\r\nhello\r\n"
    )
    status, told = post(exchange, raw, to=[OFFICE, "no@x.example"], mail_from="evil@evil.example", auth="pass")
    assert status == 200 and told["rejected"] == ["no@x.example"] and len(told["delivered"]) == 1
    got = arrived(exchange, account)
    results = got.get_all("Authentication-Results")
    assert len(results) == 2 and results[1].startswith("other.example")
    assert results[0].startswith("practice-exchange.example") and "dmarc=fail" in results[0]
    assert "compauth=fail" in results[0] and "pass" not in results[0]
    assert got.get_all("X-MS-Exchange-Organization-AuthAs") == ["Anonymous"]
    assert got["X-MS-Exchange-Organization-SCL"] is None and got["Bcc"] is None


@pytest.mark.parametrize(("auth", "said"), [("pass", "dmarc=pass"), ("fail", "dmarc=fail"), ("none", None)])
def test_outside_verdicts(exchange, account, folder, auth, said):
    raw = b"From: friend@elsewhere.example\r\nSubject: =?tis-620?B?wdWk0g==?=\r\n\r\n\xca\xc7\xd1\xca\xb4\xd5\r\n"
    assert post(exchange, raw, to=OFFICE, mail_from=FRIEND, auth=auth)[0] == 200
    got = arrived(exchange, account)
    if said is None:
        assert got["Authentication-Results"] is None
    else:
        assert said in got["Authentication-Results"]
    assert b"\xca\xc7\xd1\xca\xb4\xd5" in got.get_payload(decode=True)
    (event,) = [e for e in read_log(folder / "log.jsonl") if e["event"] == "delivered"]
    assert (event["origin"], event["mailbox"], event["to"]) == ("outside", OFFICE, [OFFICE])


def test_hostile_mail_is_taken_in_and_can_be_read(exchange, account):
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="x%d"\r\n\r\n--x%d\r\n' % (n, n) for n in range(1000))
    mails = [
        b"",
        b"no header at all",
        b"Subject: a\x00b\x01\r\nFrom: x\r\n\r\n",
        b"Subject: =?utf-7?Q?+2AA-?= =?nocharset?B?4Li?=\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\nFrom: group:;\r\n\r\nflat",
        b'Content-Type: application/pdf; name="=?utf-8?B?4LiB?="\r\nContent-Transfer-Encoding: base64\r\n\r\n@@@@',
        b"Subject: deep\r\n" + deep,
    ]
    for raw in mails:
        assert post(exchange, raw, to=OFFICE, auth="none")[0] == 200
    office = account(exchange, OFFICE)
    items = list(office.inbox.all())
    assert len(items) == len(mails) and all(not isinstance(item, Exception) for item in items)
    assert all(item.mime_content for item in items)


def test_the_log_table_cannot_be_changed(exchange, folder):
    import sqlite3

    post(exchange, b"Subject: x\r\n\r\ny", to=OFFICE)
    db = sqlite3.connect(folder / "e.db")
    for statement in ("DELETE FROM log", "UPDATE log SET line = ''"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


def test_the_page_says_what_this_is(exchange):
    text = requests.get(exchange.base + "/", timeout=10).content.decode("utf-8")
    assert "เซิร์ฟเวอร์ซ้อม" in text and "ไม่มีจดหมายฉบับใดออกจากเครื่องนี้" in text
    for unproven in ("throttling", "transport rules", "journaling", "TLS", "Outlook เขียนจดหมาย", "DMARC", "Kerberos"):
        assert unproven in text
    assert "การยืนยันตัวตนที่เปิดอยู่: Basic" in text and "NTLM</p>" not in text


def test_without_control_there_are_no_faults_and_no_counts(folder):
    with start(folder / "n.db", folder / "accounts.toml", folder / "n.jsonl") as plain:
        order = {"operation": "SendItem", "kind": "503"}
        assert requests.post(f"{plain.base}/practice/faults", json=order, timeout=10).status_code == 404
        assert requests.get(f"{plain.base}/practice/counts?address={MEMBER}", timeout=10).status_code == 404


def test_wrong_starts_say_why(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PracticeError, match=r"exit 3.*in use"):
            start(folder / "a.db", folder / "accounts.toml", folder / "a.jsonl", port=taken.getsockname()[1])
    (folder / "bad.toml").write_text('server_name = "x"\ndomain = []\n', encoding="utf-8")
    with pytest.raises(PracticeError, match=r"exit 2.*unknown key 'domain'"):
        start(folder / "a.db", folder / "bad.toml", folder / "a.jsonl")
    ran = subprocess.run([sys.executable, "-m", "songthan.practice.exchange"], capture_output=True, check=False)
    assert ran.returncode == 2


def test_it_ends_with_its_starter_and_lets_one_server_at_a_time_in(folder):
    one = start(folder / "o.db", folder / "accounts.toml", folder / "o.jsonl")
    command = [sys.executable, "-m", "songthan.practice.exchange", "--db", str(folder / "o.db")]
    command += ["--accounts", str(folder / "accounts.toml"), "--log", str(folder / "o.jsonl")]
    second = subprocess.run(command, capture_output=True, check=False, text=True)
    assert second.returncode == 2 and "another practice server" in second.stderr
    one.process.stdin.close()  # what a starter's death does
    assert one.process.wait(10) == 0
    one.stop()


def test_its_document_names_all_it_can_do():
    text = (Path(__file__).parents[3] / "docs" / "practice-exchange.md").read_text(encoding="utf-8")
    source = Path(practice.__file__).parent
    options = re.findall(r'add_argument\("(--[a-z-]+)"', (source / "__main__.py").read_text(encoding="utf-8"))
    code = "".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py"))
    events = re.findall(r'(?:record|write|_moved)\(\s*(?:call, item, folder, )?"([a-z_]+)"', code)
    limits = [field.name for field in dataclasses.fields(Limits)]
    assert len(options) > 9 and len(events) > 10
    missing = [name for name in [*KINDS, *OPERATIONS, *options, *events, *limits, *LISTS] if name not in text]
    assert not missing
    # the list of what is left open is as long as the page's
    assert text.partition("## What it does not prove")[2].count("\n- ") == len(NOT_PROVEN)
