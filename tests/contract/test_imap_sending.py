"""Sending by SMTP, exactly once: every stage refused, cut or killed; judged from the recipients' Maildirs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dovecot_world import DovecotWorld
from sender_parts import Blobs, Clock, Outbox

from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied
from songthan.domain.messages import OutgoingFile, OutgoingMail
from songthan.steps.send_mail import deliver

pytestmark = pytest.mark.real

OFFICE, MEMBER, OTHER = "plan@office.example", "tonnam@office.example", "khaohom@office.example"


class Killed(BaseException):
    """As a power cut: nothing catches it."""


@pytest.fixture
def world(mail_servers) -> Iterator[DovecotWorld]:
    found = DovecotWorld(mail_servers, OFFICE, MEMBER, OTHER)
    yield found
    found.close()


def mail(key: str = "ask:1", **more: object) -> OutgoingMail:
    values = {"to": (MEMBER,), "subject": "แบบรายงาน ๑", "text": "เรียน ก\n.\n..จุด\n", "html": "<p>เรียน ก</p>", **more}
    return OutgoingMail(key=key, kind="request", **values)  # type: ignore[arg-type]


def where(world: DovecotWorld, box=None) -> list[str]:
    return [ref.folder for ref in (box or world.mailbox).find("ask:1")]


NO = "550 5.7.1 no"
BUSY = "451 4.7.1 try later"


@pytest.mark.parametrize(
    ("command", "kind", "error"),
    [
        ("EHLO", "421 4.3.2 too many connections", MailBusy), ("AUTH", "454 4.7.0 try later", MailBusy),
        ("AUTH", "535 5.7.8 no", MailAuthFailed), ("MAIL", BUSY, MailBusy), ("MAIL", NO, MailDenied),
        ("MAIL", "552 5.3.4 too big", MailDenied), ("MAIL", "421 4.3.2 closing", MailBusy), ("RCPT", "450 4.2.1 greylisted", MailBusy),
        ("RCPT", NO, MailDenied), ("RCPT", "421 4.3.2 closing", MailBusy), ("DATA", BUSY, MailBusy), ("DATA", NO, MailDenied),
        ("DOT", BUSY, MailBusy), ("DOT", "421 4.3.2 closing", MailBusy), ("DOT", "554 5.6.0 looks like spam", MailDenied),
        ("DOT", "552 5.2.3 too big", MailDenied), ("MAIL", "drop_before", MailAmbiguous), ("RCPT", "drop_after", MailAmbiguous),
        ("DATA", "drop_after", MailAmbiguous),
    ],
)  # fmt: skip
def test_a_mail_refused_at_any_stage_is_a_draft_again_and_can_be_sent_later(world, command, kind, error):
    draft = world.mailbox.save_draft(mail())
    world.faults.order("send", "smtp", command, kind)
    with pytest.raises(error) as raised:
        world.mailbox.send(draft)
    assert raised.value.th and "practice-secret" not in str(raised.value)
    if isinstance(raised.value, MailBusy):
        # one greylisted recipient is no reason to leave the server alone
        assert raised.value.back_off_s == (0.0 if kind.startswith("450") else 30.0)
    later = world.open()
    (draft,) = later.find("ask:1")
    assert draft.folder == "drafts" and world.arrived(MEMBER) == []
    later.send(draft)
    assert where(world, later) == ["sent"] and len(world.arrived(MEMBER)) == 1


def test_one_refused_address_and_nobody_gets_the_mail(world):
    """Exim knows no such mailbox; the other recipient would have been taken."""
    box = world.mailbox
    for key, to in (("ask:1", (MEMBER, "nobody@office.example")), ("ask:2", ("no@office.example", MEMBER, "ne@office.example"))):
        draft = box.save_draft(mail(key, to=to))
        with pytest.raises(MailDenied) as raised:
            box.send(draft)
        assert all(address in raised.value.th for address in to if address != MEMBER) and MEMBER not in raised.value.th
        assert [r.folder for r in box.find(key)] == ["drafts"]
    assert world.arrived(MEMBER) == []


def test_a_mail_larger_than_the_server_says_is_not_even_offered(world, tmp_path):
    path = tmp_path / "big"
    path.write_bytes(bytes(50_000))
    draft = world.mailbox.attach(world.mailbox.save_draft(mail()), "ใหญ่.pdf", "application/pdf", path)
    world.faults.order("send", "smtp", "EHLO", "250-mail\r\n250-AUTH PLAIN\r\n250 SIZE 60000")
    with pytest.raises(MailDenied, match="ใหญ่เกิน"):
        world.mailbox.send(draft)
    assert "smtp MAIL" not in world.faults.told and where(world) == ["drafts"]


def test_a_wrong_password_is_tried_once_and_then_nothing_is_asked(world):
    world.mailbox.real.close()
    box = world.open(password="wrong-secret")
    for _ in range(3):
        with pytest.raises(MailAuthFailed) as raised:
            box.find("ask:1")
    assert "wrong-secret" not in str(raised.value) and world.faults.told.count("imap AUTHENTICATE") == 1


def test_a_password_the_sending_server_refuses_is_tried_once(world):
    draft = world.mailbox.save_draft(mail())
    world.faults.order("send", "smtp", "AUTH", "535 5.7.8 no", times=3)
    for _ in range(2):
        with pytest.raises(MailAuthFailed):
            world.mailbox.send(draft)
    assert len(world.faults.orders) == 2, "PLAIN was tried, LOGIN was not, and there was no second time"


def test_the_copy_to_ourselves_is_neither_received_nor_counted(world):
    box = world.mailbox
    for n in (1, 2):
        box.send(box.save_draft(mail(f"ask:{n}")))
    world.receive(1)
    assert len(world.files(OFFICE)) == 3, "two copies came back"
    assert box.count() == 1
    listing = box.new_messages("")
    assert [ref.message_id for ref in listing.refs] == ["<in-1@office.example>"]
    assert len(world.files(OFFICE)) == 1
    box.send(box.save_draft(mail("ask:3")))
    assert box.new_messages(listing.state).refs == () and box.count() == 1
    assert [len(box.find(f"ask:{n}")) for n in (1, 2, 3)] == [1, 1, 1]


def test_what_only_looks_like_our_copy_is_received_mail(world):
    """Redirected by a member, forged under our name with other content, of a mail nobody knows any more, or of two writers."""
    box = world.mailbox
    box.send(box.save_draft(mail()))
    box.new_messages("")
    (path,) = world.files(MEMBER)
    head = path.read_bytes().partition(b"\n\n")[0]
    key = next(line for line in head.splitlines() if line.startswith(b"X-Songthan-Key"))
    identity = next(line for line in head.splitlines() if line.startswith(b"Message-ID"))
    body = b"\r\n\r\n" + b"x" * 70 + b"\r\n"
    world.deliver(b"From: tonnam@office.example\r\nSubject: a\r\n" + identity + b"\r\n" + key + body)
    world.deliver(b"From: plan@office.example\r\nSubject: b\r\nMessage-ID: <b@x.example>\r\n" + key + body)
    world.deliver(b"From: plan@office.example\r\nSubject: c\r\n" + identity + b"\r\n" + key + (body * 1000))
    world.deliver(b"From: plan@office.example\r\nSubject: d\r\n" + identity + b"\r\nX-Songthan-Key: " + b"0" * 32 + b"." + b"1" * 32 + body)
    world.deliver(b"From: plan@office.example, tonnam@office.example\r\nSubject: e\r\n" + identity + b"\r\n" + key + body)
    assert len(box.new_messages("").refs) == 5 and box.count() == 5


@pytest.mark.parametrize(
    ("point", "folders", "arrived"), [("offered", ["drafts"], 0), ("marked", [], 0), ("accepted", ["sent"], 1)]
)
def test_killed_while_handing_over(world, point, folders, arrived):
    """What a new process finds: only between the mark and the server's yes does it not know, and the copy tells it then."""

    def tick(name: str) -> None:
        if name == point:
            raise Killed

    box = world.open(tick=tick)
    draft = box.save_draft(mail())
    with pytest.raises(Killed):
        box.send(draft)
    assert where(world, world.open(patience_s=0.5)) == folders
    assert len(world.arrived(MEMBER)) == arrived


def test_the_answer_lost_after_the_dot_is_proved_by_the_copy_and_without_it_is_a_doubt(world):
    for number, own_copy in enumerate((True, False), 1):
        box = world.open(own_copy=own_copy, patience_s=0.5 if not own_copy else 3.0)
        draft = box.save_draft(mail(f"ask:{number}"))
        world.fail("send", "drop_after")
        with pytest.raises(MailAmbiguous):
            box.send(draft)
        assert [r.folder for r in box.find(f"ask:{number}")] == (["sent"] if own_copy else [])
        assert len(world.arrived(MEMBER)) == number
    later = world.open(patience_s=0.5)
    assert later.new_messages("").refs == () and later.count() == 0
    assert list(later.find("ask:2")) == []


def test_a_copy_that_is_late_ends_the_doubt_at_the_next_intake(world):
    """It comes back when nobody waits for it any more: the intake puts the mail to Sent."""
    box = world.open(patience_s=0.2, own_copy=False)
    draft = box.save_draft(mail())
    world.fail("send", "drop_after")
    with pytest.raises(MailAmbiguous):
        box.send(draft)
    assert where(world, box) == []
    (path,) = world.files(MEMBER)
    world.deliver(path.read_bytes(), sender=OFFICE)
    later = world.open()
    assert later.new_messages("").refs == () and later.count() == 0
    assert where(world, later) == ["sent"]



class Points:
    """Every boundary, of the sender and of the adapter, in order; kills at the one with this number."""

    def __init__(self, kill_at: int = 0) -> None:
        self.names: list[str] = []
        self._kill_at = kill_at

    def __call__(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self._kill_at:
            raise Killed


FAULTS = {
    "none": (), "answer lost": (("send", "smtp", "DOT", "drop_after"),), "refused once": (("send", "smtp", "DOT", BUSY),),
    "append lost": (("save_draft", "imap", "APPEND", "drop_after"), ("attach", "imap", "APPEND", "drop_after")),
    "mark lost": (("send", "imap", "UID MOVE", "drop_after"),), "mark not done": (("send", "imap", "UID MOVE", "drop_before"),),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "number"), [*((fault, 1) for fault in FAULTS), ("none", 2), ("answer lost", 2)])
def test_killed_at_every_boundary_with_the_servers_failing_too(world, tmp_path, fault, number):
    """0 twice; 0 lost: what did not arrive is a doubt that a person decides, and only the dot itself can leave one."""
    path = tmp_path / "0a1b"
    path.write_bytes(b"%PDF-1.4 " * 500)
    files = (OutgoingFile(name="แบบ.docx", type="application/octet-stream", sha256="0a1b"),)
    doubts = []
    kill_at = 1
    stride = 1 if number == 1 and fault in ("none", "answer lost", "mark lost") else 2
    while True:
        key = f"ask:{fault}:{kill_at}"
        letters = [mail(f"{key}:{n}", subject=f"{key}:{n}", files=files) for n in range(number)]
        ledger, points = Outbox(), Points(kill_at)
        for order in FAULTS[fault]:
            world.faults.order(*order)
        outcomes = []
        for _ in range(6):
            box = world.open(tick=points, patience_s=0.4)
            try:
                outcomes = deliver(letters, mailbox=box, outbox=ledger, blobs=Blobs(path), clock=Clock(), tick=points)
            except Killed:
                outcomes = []
            finally:
                box.real.close()
            if outcomes and all(o.status in ("sent", "doubt") for o in outcomes):
                break
        world.faults.orders.clear()
        killed = len(points.names) >= kill_at
        at = points.names[kill_at - 1] if killed else ""
        assert len(outcomes) == number, (fault, kill_at, at)
        for letter, outcome in zip(letters, outcomes, strict=True):
            arrived = [files for subject, files, _ in world.arrived(MEMBER) if subject == letter.subject]
            if outcome.status == "doubt":
                doubts.append(at)
                assert arrived == []
            else:
                assert outcome.status == "sent" and arrived == [{"แบบ.docx": path.read_bytes()}], (fault, kill_at, at)
        if not killed:
            break
        kill_at += stride
    assert kill_at > 10
    assert set(doubts) <= {"marked", "unclear"}, doubts
    assert len(doubts) <= 2 * number, doubts
    # every copy to ourselves is put away, and nothing else came in
    assert world.open().new_messages("").refs == () and world.open().count() == 0
