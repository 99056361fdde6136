"""One contract for every mailbox: the twin in memory, exchangelib against the practice Exchange over HTTP, IMAP and
SMTP against Dovecot and Exim."""

from __future__ import annotations

import email
import email.policy
import json
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dovecot_world import DovecotWorld
from exchangelib.services import MoveItem
from sender_parts import Blobs, Clock, Outbox

from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailError, MailNotFound
from songthan.domain.messages import OutgoingFile, OutgoingMail
from songthan.steps.send_mail import deliver
from songthan.testing.mailbox import MemoryMailbox, bytes_of
from wire_check import check_wire, peer

OFFICE, MEMBER, OTHER = "plan@office.example", "tonnam@office.example", "khaohom@office.example"
ACCOUNTS = f"""
server_name = "practice-exchange.example"
domains = ["office.example"]
[[mailboxes]]
address = "{OFFICE}"
name = "กลุ่มแผนงาน"
shared = true
delegates = ["secretary@office.example"]
[[mailboxes]]
address = "secretary@office.example"
name = "เลขานุการ"
password = "practice-secret"
[[mailboxes]]
address = "{MEMBER}"
name = "ต้นน้ำ"
password = "member-secret"
[[mailboxes]]
address = "{OTHER}"
name = "ข้าวหอม"
password = "other-secret"
"""
OPERATIONS = {
    "new_messages": "SyncFolderItems", "find": "FindItem", "raw": "GetItem", "move": "MoveItem", "save_draft": "CreateItem",
    "attach": "CreateAttachment", "send": "SendItem", "discard": "DeleteItem",
}  # fmt: skip
KINDS = {"denied": "ErrorAccessDenied", "notfound": "ErrorItemNotFound", "auth": "401"}


def listed(mailbox) -> list:
    """Everything that lies in Inbox and Junk."""
    return list(mailbox.new_messages("").refs)


def incoming(n: int) -> bytes:
    return (
        f"From: {MEMBER}\r\nTo: {OFFICE}\r\nSubject: answer {n}\r\nMessage-ID: <in-{n}@office.example>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nbody {n} ก\r\n"
    ).encode()


class Twin:
    """The twin with the same handles as `Practice`."""

    def __init__(self) -> None:
        self.mailbox = MemoryMailbox()
        self._at = datetime(2023, 3, 1, tzinfo=UTC)

    def receive(self, n: int, *, junk: bool = False) -> None:
        self._at += timedelta(minutes=1)
        folder = "junk" if junk else "inbox"
        self.mailbox.receive(incoming(n), received=self._at, message_id=f"<in-{n}@office.example>", folder=folder)

    def deliver(self, raw: bytes) -> None:
        self._at += timedelta(minutes=1)
        head = email.message_from_bytes(raw, policy=email.policy.default)
        self.mailbox.receive(raw, received=self._at, message_id=str(head["Message-ID"] or "").strip())

    def second(self) -> MemoryMailbox:
        return self.mailbox

    def fail(self, operation: str, kind: str, *, times: int = 1) -> None:
        self.mailbox.fail(operation, kind, times=times, back_off_s=30.0 if kind == "busy" else 0.0)

    def arrived(self, address: str) -> list[tuple[str, dict[str, bytes], str]]:
        return [
            (d.mail.subject, {name: data for name, _, data in d.files}, d.message_id)
            for d in self.mailbox.delivered_to(address)
        ]


class Practice:
    """The practice Exchange in a child process; the mailbox is a shared one opened by its delegate."""

    def __init__(self, folder: Path) -> None:
        from songthan.practice.exchange import start

        (folder / "accounts.toml").write_text(ACCOUNTS, encoding="utf-8")
        self.wire = folder / "wire.jsonl"
        self.server = start(
            folder / "db", folder / "accounts.toml", folder / "log", control=True, strict=peer("schema"), wire=self.wire
        )
        self.mailbox = self.open("secretary@office.example", "practice-secret", OFFICE)

    def open(self, username: str, password: str, mailbox: str, **more: object):
        from songthan.adapters.exchange import ExchangeMailbox, ExchangeSettings

        settings = ExchangeSettings(
            endpoint=self.server.url,
            username=username,
            password=password,
            mailbox=mailbox,
            shared=mailbox != username,
            domain="office.example",
            sender_name="กลุ่มแผนงาน",
            **{"patience_s": 1.0, **more},
        )
        return ExchangeMailbox(settings, sleep=lambda seconds: None)

    def post(self, path: str, data: bytes) -> dict:
        with urllib.request.urlopen(self.server.base + path, data=data, timeout=20) as answer:
            return json.load(answer)

    def second(self):
        return self.open("secretary@office.example", "practice-secret", OFFICE)

    def deliver(self, raw: bytes) -> None:
        query = urllib.parse.urlencode({"to": OFFICE, "mail_from": MEMBER, "auth": "pass"})
        self.post(f"/practice/outside?{query}", raw)

    def receive(self, n: int, *, junk: bool = False) -> None:
        self.deliver(incoming(n))
        if junk:
            # The practice server has no junk filter: play it.
            account = self.mailbox._account
            (ref,) = (r for r in listed(self.mailbox) if r.message_id == f"<in-{n}@office.example>")
            MoveItem(account=account).get(items=[(ref.id, None)], to_folder=self.mailbox._junk)

    def fail(self, operation: str, kind: str, *, times: int = 1) -> None:
        order = {"operation": OPERATIONS[operation], "kind": KINDS.get(kind, kind), "count": times}
        self.post("/practice/faults", json.dumps({**order, "back_off_ms": 30000}).encode())

    def arrived(self, address: str) -> list[tuple[str, dict[str, bytes], str]]:
        box = self.open(address, {MEMBER: "member-secret", OTHER: "other-secret"}[address], address)
        found = []
        for ref in listed(box):
            mail = email.message_from_bytes(bytes_of(box, ref), policy=email.policy.default)
            files = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
            found.append((str(mail["Subject"]), files, str(mail["Message-ID"]).strip()))
        box.close()
        return found


@pytest.fixture(
    params=["twin", *(pytest.param(name, marks=pytest.mark.real) for name in ("practice", "dovecot", "dovecot-old"))]
)
def world(request, tmp_path):
    if request.param == "twin":
        yield Twin()
        return
    if request.param.startswith("dovecot"):
        old = request.param == "dovecot-old"
        servers = request.getfixturevalue("old_mail_servers" if old else "mail_servers")
        dovecot = DovecotWorld(servers, OFFICE, MEMBER, OTHER, old=old)
        yield dovecot
        dovecot.close()
        return
    practice = Practice(tmp_path)
    try:
        yield practice
    finally:
        practice.mailbox.close()
        practice.server.stop()
    check_wire(practice.wire)


def outgoing(key: str = "ask:1", **more: object) -> OutgoingMail:
    values = {"to": (MEMBER,), "subject": "แบบรายงาน ๑", "text": "เรียน ก\n", "html": "<p>เรียน ก</p>", **more}
    return OutgoingMail(key=key, kind="request", **values)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "0a1b"
    path.write_bytes(bytes(range(256)) * 40)
    return path


def test_received_mail_is_listed_once_oldest_first(world):
    assert listed(world.mailbox) == [] and world.mailbox.count() == 0
    for n in (1, 2, 3):
        world.receive(n)
    refs = listed(world.mailbox)
    assert [r.message_id for r in refs] == [f"<in-{n}@office.example>" for n in (1, 2, 3)]
    assert [r.received for r in refs] == sorted(r.received for r in refs)
    assert all(r.received.tzinfo and type(r.received) is datetime and r.size > 50 and r.folder == "inbox" for r in refs)
    assert world.mailbox.count() == 3


def test_raw_is_what_was_sent_and_reading_changes_nothing(world):
    world.receive(7)
    (ref,) = listed(world.mailbox)
    raw = bytes_of(world.mailbox, ref)
    assert raw.endswith("body 7 ก\r\n".encode()) and b"Subject: answer 7" in raw
    assert bytes_of(world.mailbox, ref) == raw
    assert [r.id for r in listed(world.mailbox)] == [ref.id]


def test_moving_gives_a_new_identity_and_keeps_the_count(world):
    for n in (1, 2):
        world.receive(n)
    first, second = listed(world.mailbox)
    moved = world.mailbox.move(first, "กักกัน")
    assert moved.id != first.id and moved.folder == "กักกัน"
    assert (moved.received, moved.message_id) == (first.received, first.message_id)
    assert b"answer 1" in bytes_of(world.mailbox, moved)
    assert [r.id for r in listed(world.mailbox)] == [second.id]
    again = world.mailbox.move(moved, "บันทึก")
    world.mailbox.move(second, "บันทึก")
    assert world.mailbox.count() == 2 and b"answer 1" in bytes_of(world.mailbox, again)
    with pytest.raises(MailNotFound):
        bytes_of(world.mailbox, first)
    with pytest.raises(MailNotFound):
        world.mailbox.move(first, "บันทึก")
    with pytest.raises(MailDenied):
        world.mailbox.move(again, "โฟลเดอร์ที่ไม่ได้ตั้งไว้")
    assert world.mailbox.count() == 2


def test_only_what_came_since_is_listed(world):
    """The state of an earlier listing may tell a mail again, never leaves one out; a state of nobody's tells all."""
    world.receive(1)
    world.receive(2, junk=True)
    first = world.mailbox.new_messages("")
    assert len(first.refs) == 2
    world.receive(3)
    world.receive(4, junk=True)
    later = world.mailbox.new_messages(first.state)
    assert {"<in-3@office.example>", "<in-4@office.example>"} <= {r.message_id for r in later.refs}
    assert [r.received for r in later.refs] == sorted(r.received for r in later.refs)
    for lost in ("nobody's", later.state[:-2], first.state + "x"):
        assert len(world.mailbox.new_messages(lost).refs) == 4
    world.mailbox.move(first.refs[0], "บันทึก")
    assert len(listed(world.mailbox)) == 3


def test_junk_is_listed_and_counted(world):
    world.receive(1, junk=True)
    world.receive(2)
    refs = listed(world.mailbox)
    assert {r.message_id: r.folder for r in refs} == {"<in-1@office.example>": "junk", "<in-2@office.example>": "inbox"}
    assert world.mailbox.count() == 2
    world.mailbox.move(refs[0], "รอตรวจ")
    assert world.mailbox.count() == 2


def test_a_draft_is_found_by_its_key_attached_to_and_sent_once(world, file):
    box = world.mailbox
    assert list(box.find("ask:1")) == []
    draft = box.save_draft(outgoing(cc=(OTHER,)))
    box.save_draft(outgoing("ask:2"))
    assert [(r.id, r.folder, r.message_id) for r in box.find("ask:1")] == [(draft.id, "drafts", draft.message_id)]
    for name in ("แบบรายงาน ๑.docx", "หลักฐาน.pdf"):
        later = box.attach(draft, name, "application/octet-stream", file)
        assert later.change != draft.change and later.message_id == draft.message_id
        draft = later
    assert [r.change for r in box.find("ask:1")] == [draft.change]
    assert world.arrived(MEMBER) == []
    box.send(draft)
    (sent,) = box.find("ask:1")
    assert sent.folder == "sent" and sent.message_id == draft.message_id
    expected = {"แบบรายงาน ๑.docx": file.read_bytes(), "หลักฐาน.pdf": file.read_bytes()}
    assert world.arrived(MEMBER) == world.arrived(OTHER) == [("แบบรายงาน ๑", expected, draft.message_id)]
    with pytest.raises(MailNotFound):
        box.send(draft)
    assert len(world.arrived(MEMBER)) == 1
    assert [r.folder for r in box.find("ask:2")] == ["drafts"], "another key's draft is untouched"


def test_many_keys_are_found_in_one_look_each_mail_with_its_own(world):
    box = world.mailbox
    keys = [f"ask:{n}" for n in range(60)]
    assert list(box.find(*keys)) == [] and list(box.find()) == []
    for key in ("ask:0", "ask:7", "ask:59", "another"):
        draft = box.save_draft(outgoing(key))
        assert draft.key == key
        if key == "ask:7":
            box.send(draft)
    found = {r.key: (r.folder, r.message_id) for r in box.find(*keys)}
    assert {key: folder for key, (folder, _) in found.items()} == {"ask:0": "drafts", "ask:7": "sent", "ask:59": "drafts"}
    assert len({identity for _, identity in found.values()}) == 3
    assert [r.key for r in box.find("ask:5")] == [], "a key is no beginning of another"


def test_a_stale_draft_is_not_sent(world, file):
    old = world.mailbox.save_draft(outgoing())
    new = world.mailbox.attach(old, "แบบ.docx", "application/octet-stream", file)
    with pytest.raises(MailNotFound):
        world.mailbox.send(old)
    assert world.arrived(MEMBER) == [] and [r.folder for r in world.mailbox.find("ask:1")] == ["drafts"]
    world.mailbox.send(new)
    assert len(world.arrived(MEMBER)) == 1


def test_a_discarded_draft_is_gone(world):
    draft = world.mailbox.save_draft(outgoing())
    world.mailbox.discard(draft)
    assert list(world.mailbox.find("ask:1")) == []
    with pytest.raises(MailNotFound):
        world.mailbox.send(draft)
    assert world.arrived(MEMBER) == []


def test_the_message_id_is_made_from_the_key(world):
    first = world.mailbox.save_draft(outgoing("ask:1"))
    again = world.mailbox.save_draft(outgoing("ask:1"))
    other = world.mailbox.save_draft(outgoing("ask:2"))
    assert first.message_id == again.message_id != other.message_id
    assert first.message_id.endswith("@songthan.office.example>")
    assert len(world.mailbox.find("ask:1")) == 2


@pytest.mark.parametrize(
    ("kind", "error"),
    [("drop_before", MailAmbiguous), ("drop_after", MailAmbiguous), ("busy", MailBusy), ("denied", MailDenied),
     ("notfound", MailNotFound), ("auth", MailAuthFailed)],
)  # fmt: skip
def test_faults_of_sending_have_the_same_names_and_the_same_effect(world, kind, error):
    draft = world.mailbox.save_draft(outgoing())
    world.fail("send", kind)
    with pytest.raises(error) as raised:
        world.mailbox.send(draft)
    assert raised.value.th and isinstance(raised.value, MailError)
    if kind == "busy":
        assert raised.value.back_off_s == 30.0
    if kind not in ("auth", "busy"):
        folders = [r.folder for r in world.mailbox.find("ask:1")]
        assert folders == (["sent"] if kind == "drop_after" else ["drafts"])
    assert len(world.arrived(MEMBER)) == (1 if kind == "drop_after" else 0)


def test_the_exactly_once_sender_over_dropped_connections(world, file):
    """Every writing operation loses its connection, before and after the work, in one delivery after another."""
    attached = OutgoingFile(name="แบบ.docx", type="application/octet-stream", sha256="0a1b")
    outbox, sent = Outbox(), 0
    for operation in ("save_draft", "attach", "send"):
        for kind in ("drop_before", "drop_after", "notfound"):
            mail = outgoing(f"ask:{operation}:{kind}", files=(attached,), subject=f"{operation} {kind}")
            world.fail(operation, kind)
            for _ in range(4):
                (outcome,) = deliver([mail], mailbox=world.mailbox, outbox=outbox, blobs=Blobs(file), clock=Clock())
                if outcome.status == "sent":
                    break
            sent += 1
            assert outcome.status == "sent" and outbox.state(mail.key) == "sent"
            assert [r.folder for r in world.mailbox.find(mail.key)] == ["sent"]
    arrived = world.arrived(MEMBER)
    assert len(arrived) == len({subject for subject, _, _ in arrived}) == sent
    assert all(files == {"แบบ.docx": file.read_bytes()} for _, files, _ in arrived)
