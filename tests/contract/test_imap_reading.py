"""Reading by IMAP: lost numbers, large mails, old servers, encryption, secrets; and what a look costs."""

from __future__ import annotations

import base64
import logging
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

import imapclient
import pytest
from dovecot_world import DovecotWorld
from mail_servers import SECRET
from test_imap_sending import MEMBER, OFFICE, OTHER, Killed, mail

from songthan.adapters import imap_move
from songthan.adapters.imap_client import Client
from songthan.adapters.imap_settings import Server
from songthan.domain.errors import DataError, MailAmbiguous, MailBusy, MailDenied, MailError, MailNotFound
from songthan.domain.messages import MailRef
from songthan.testing.mailbox import bytes_of

pytestmark = pytest.mark.real

MEGABYTE = 1 << 20


@pytest.fixture
def world(mail_servers) -> Iterator[DovecotWorld]:
    found = DovecotWorld(mail_servers, OFFICE, MEMBER, OTHER)
    yield found
    found.close()


@pytest.fixture
def old_world(old_mail_servers) -> Iterator[DovecotWorld]:
    found = DovecotWorld(old_mail_servers, OFFICE, MEMBER, OTHER, old=True)
    yield found
    found.close()


def hand(world: DovecotWorld) -> imapclient.IMAPClient:
    """A person's own connection to the mailbox."""
    client = imapclient.IMAPClient("127.0.0.1", world.servers.imap, ssl=False)
    client.login(world.servers.user(world.office), SECRET)
    return client


def large(megabytes: int) -> bytes:
    line = b"A" * 76 + b"\r\n"
    return b"From: tonnam@office.example\r\nMessage-ID: <large@x.example>\r\n\r\n" + line * (megabytes * MEGABYTE // len(line))


def test_a_new_validity_lists_everything_and_ends_the_old_identities(world):
    for n in (1, 2):
        world.receive(n)
    before = world.mailbox.new_messages("")
    world.mailbox.real.close()
    # as after a restore from a backup: the server numbers anew
    uidlist = world.servers.maildir(OFFICE) / "dovecot-uidlist"
    lines = uidlist.read_text().splitlines()
    uidlist.write_text("\n".join([lines[0].replace(" V", " V9"), *lines[1:]]) + "\n")
    for index in world.servers.maildir(OFFICE).glob("dovecot.index*"):
        index.unlink()
    after = world.mailbox.new_messages(before.state)
    assert {r.message_id for r in after.refs} == {"<in-1@office.example>", "<in-2@office.example>"}
    assert not {r.id for r in after.refs} & {r.id for r in before.refs}
    with pytest.raises(MailNotFound):
        bytes_of(world.mailbox, before.refs[0])
    with pytest.raises(MailNotFound):
        world.mailbox.move(before.refs[0], "บันทึก")


def test_the_state_of_another_mailbox_lists_everything(world):
    world.receive(1)
    state = world.mailbox.new_messages("").state
    other = world.open(username=world.servers.user(MEMBER), mailbox=MEMBER)
    world.deliver(b"Message-ID: <m@x.example>\r\n\r\nx\r\n", to=MEMBER)
    assert [r.message_id for r in other.new_messages(state).refs] == ["<m@x.example>"]
    assert world.mailbox.new_messages(state).refs == ()


def test_reading_marks_nothing(world):
    world.receive(1)
    (ref,) = world.mailbox.new_messages("").refs
    bytes_of(world.mailbox, ref)
    world.mailbox.count()
    with hand(world) as client:
        client.select_folder("INBOX", readonly=True)
        assert list(client.get_flags([1])[1]) in ([], [b"\\Recent"])


def test_the_folders_are_made_with_thai_names_and_subscribed_to(world):
    world.receive(1)
    world.mailbox.move(world.mailbox.new_messages("").refs[0], "กักกัน")
    with hand(world) as client:
        assert "กักกัน" in {name for _, _, name in client.list_sub_folders()}
        client.folder_encode = False
        assert b"&DgEOMQ4BDgEOMQ4Z-" in {name for _, _, name in client.list_folders()}


def test_a_folder_a_person_deleted_is_made_again(world):
    for n in (1, 2):
        world.receive(n)
    first, second = world.mailbox.new_messages("").refs
    world.mailbox.move(first, "บันทึก")
    with hand(world) as client:
        client.delete_folder("บันทึก")
    with pytest.raises(MailNotFound):
        world.mailbox.move(second, "บันทึก")
    assert world.mailbox.move(second, "บันทึก").folder == "บันทึก"


def test_25_megabytes_come_in_pieces_and_12_go(world, tmp_path):
    world.deliver(large(25))
    (ref,) = world.mailbox.new_messages("").refs
    path = tmp_path / "report.pdf"
    path.write_bytes(bytes(range(256)) * (12 * MEGABYTE // 256))
    # past the proxies, whose memory would count too
    direct = {name: Server(host="127.0.0.1", port=getattr(world.servers, name), security="none") for name in ("imap", "smtp")}
    box = world.open(**direct)
    size = 0

    def write(piece: bytes) -> None:
        nonlocal size
        size += len(piece)

    tracemalloc.start()
    try:
        box.raw(ref, write)
        coming = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        box.send(box.attach(box.save_draft(mail()), "รายงาน.pdf", "application/pdf", path))
        going = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == ref.size > 25 * MEGABYTE
    assert coming < 4 * MEGABYTE and going < 4 * MEGABYTE
    (arrived,) = world.files(MEMBER)
    part = arrived.read_bytes().partition(b"Content-Disposition: attachment")[2].partition(b"\n\n")[2].partition(b"\n--")[0]
    assert base64.b64decode(part) == path.read_bytes()


def test_a_connection_lost_in_the_middle_of_a_mail_does_not_begin_it_again(world):
    world.deliver(large(1))
    (ref,) = world.mailbox.new_messages("").refs
    pieces: list[bytes] = []

    def write(piece: bytes) -> None:
        pieces.append(piece)
        if len(pieces) == 2:
            world.imap.cut()

    with pytest.raises(MailAmbiguous):
        world.mailbox.raw(ref, write)
    assert len(pieces) == 2
    assert bytes_of(world.mailbox, ref).startswith(b"".join(pieces))


def test_a_full_disk_while_reading_is_not_the_mailbox_s_fault(world):
    world.deliver(large(1))
    (ref,) = world.mailbox.new_messages("").refs

    def write(piece: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        world.mailbox.raw(ref, write)
    assert bytes_of(world.mailbox, ref)


@pytest.mark.parametrize("operation", ["new_messages", "count", "raw", "find"])
def test_reading_is_tried_again_after_a_lost_connection_and_a_busy_server(world, operation):
    for n in (1, 2):
        world.receive(n)
    first, ref = world.mailbox.new_messages("").refs
    world.mailbox.move(first, "บันทึก")
    calls = {
        "new_messages": lambda: world.mailbox.new_messages("").refs, "count": world.mailbox.count,
        "raw": lambda: bytes_of(world.mailbox, ref), "find": lambda: list(world.mailbox.find("ask:1")),
    }  # fmt: skip
    expected = calls[operation]()
    world.mailbox.real.session.sleep = lambda seconds: None
    for kind in ("drop_before", "drop_after", "busy"):
        world.fail(operation, kind)
        assert calls[operation]() == expected and not world.faults.orders
    world.fail(operation, "busy", times=4)
    with pytest.raises(MailBusy) as raised:
        calls[operation]()
    assert raised.value.back_off_s >= 30


@pytest.mark.parametrize(("kind", "error"), [("denied", MailDenied), ("notfound", MailNotFound), ("drop_after", MailAmbiguous)])
@pytest.mark.parametrize("operation", ["move", "discard", "save_draft"])
def test_writing_is_never_tried_again(world, operation, kind, error):
    world.receive(1)
    (ref,) = world.mailbox.new_messages("").refs
    draft = world.mailbox.save_draft(mail("ask:9"))
    world.fail(operation, kind)
    calls = {
        "move": lambda: world.mailbox.move(ref, "บันทึก"), "discard": lambda: world.mailbox.discard(draft),
        "save_draft": lambda: world.mailbox.save_draft(mail("ask:8")),
    }  # fmt: skip
    with pytest.raises(error):
        calls[operation]()
    assert world.mailbox.count() == 1


def test_a_server_without_move_copies_and_removes(old_world):
    old_world.receive(1)
    (ref,) = old_world.mailbox.new_messages("").refs
    old_world.mailbox.move(ref, "บันทึก")
    assert "imap UID COPY" in old_world.faults.told and "imap UID MOVE" not in old_world.faults.told
    assert "imap UID EXPUNGE" not in old_world.faults.told


@pytest.mark.parametrize("boundary", ["copied", "remove", "expunge"])
def test_killed_in_the_middle_of_a_copy_leaves_one_mail(old_world, monkeypatch, boundary):
    """After the copy, before it is removed, and with the mark of deletion on it: the next move ends it."""
    world = old_world
    world.receive(1)
    (ref,) = world.mailbox.new_messages("").refs
    real = getattr(Client, boundary)

    def killed(self, *arguments: object) -> object:
        if boundary == "copied":
            real(self, *arguments)
        raise Killed

    monkeypatch.setattr(Client, boundary, killed)
    with pytest.raises(Killed):
        world.mailbox.move(ref, "บันทึก")
    monkeypatch.undo()
    box = world.open()
    moved = box.move(ref, "บันทึก")
    assert box.count() == 1 and box.new_messages("").refs == ()
    assert b"answer 1" in bytes_of(box, moved)
    with hand(world) as client:
        client.select_folder("INBOX.บันทึก", readonly=True)
        assert [flag for flag in client.get_flags(client.search())[moved_uid(moved.id)] if b"Songthan" in flag] == []


def moved_uid(identity: str) -> int:
    return int(identity.split(":")[2])


def test_two_like_mails_are_both_moved_on_an_old_server(old_world):
    """A mail delivered twice is two mails, though nothing tells them apart."""
    for _ in range(2):
        old_world.receive(1)
    for ref in old_world.mailbox.new_messages("").refs:
        old_world.mailbox.move(ref, "บันทึก")
    assert old_world.mailbox.count() == 2 and old_world.mailbox.new_messages("").refs == ()
    assert imap_move._MOVING.startswith("$")


def test_what_a_person_marked_as_deleted_is_left_alone_on_an_old_server(old_world):
    for n in (1, 2):
        old_world.receive(n)
    first, second = old_world.mailbox.new_messages("").refs
    with hand(old_world) as client:
        client.select_folder("INBOX")
        client.add_flags([moved_uid(first.id)], [imapclient.DELETED])
    old_world.mailbox.move(second, "บันทึก")
    with hand(old_world) as client:
        assert moved_uid(first.id) in client.search() if client.select_folder("INBOX") else False


def test_a_draft_without_our_mark_is_not_sent(world):
    """A person's own draft under our Message-ID, or ours after a program wrote its head anew: nothing could prove it."""
    draft = world.mailbox.save_draft(mail())
    raw = bytes_of(world.mailbox, MailRef(id=draft.id, change="", received=datetime.now(UTC)))
    world.mailbox.discard(draft)
    with hand(world) as client:
        client.append("Drafts", b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"X-Songthan-Key")))
    (found,) = world.mailbox.find("ask:1")
    with pytest.raises(MailNotFound):
        world.mailbox.send(found)
    assert world.arrived(MEMBER) == []


def test_heads_are_read_where_the_server_cannot_search_them(world):
    """A search that finds nothing: saving a draft says so, and `scan` needs no search of heads."""
    world.mailbox.real.close()
    box = world.open()
    real = Client.search

    def blind(self, criteria="ALL", charset=None):
        return [] if "HEADER" in criteria else real(self, criteria, charset)

    Client.search = blind
    try:
        with pytest.raises(MailDenied, match="scan"):
            box.save_draft(mail())
        scanning = world.open(search="scan")
        for draft in scanning.find("ask:1"):
            scanning.discard(draft)
        scanning.send(scanning.save_draft(mail()))
        assert [r.folder for r in scanning.find("ask:1")] == ["sent"]
        assert scanning.new_messages("").refs == () and scanning.count() == 0
    finally:
        Client.search = real


@pytest.mark.parametrize(("security", "imap", "smtp"), [("tls", "imaps", "smtps"), ("starttls", "imap", "smtp")])
def test_encryption_with_the_office_s_own_certificates(world, security, imap, smtp):
    servers = world.servers

    def box(host: str, ca: str):
        return world.open(
            imap=Server(host=host, port=getattr(servers, imap), security=security),
            smtp=Server(host=host, port=getattr(servers, smtp), security=security),
            ca_file=ca, patience_s=0.1,
        )  # fmt: skip

    safe = box("localhost", str(servers.ca))
    safe.send(safe.save_draft(mail()))
    assert [r.folder for r in safe.find("ask:1")] == ["sent"] and len(world.arrived(MEMBER)) == 1
    with pytest.raises(MailDenied, match="ใบรับรอง"):
        box("localhost", "").find("ask:1")
    with pytest.raises(DataError, match="ca_file"):
        box("localhost", "/nowhere.pem").find("ask:1")


def test_a_certificate_for_another_name_is_refused(world):
    """The certificate is for localhost and 127.0.0.1; the servers listen at 127.0.0.2 too."""
    imap, smtp = (Server(host="127.0.0.2", port=port) for port in (world.servers.imaps, world.servers.smtps))
    with pytest.raises(MailDenied, match="ใบรับรอง"):
        world.open(imap=imap, ca_file=str(world.servers.ca)).count()
    draft = world.mailbox.save_draft(mail())
    with pytest.raises(MailDenied, match="ใบรับรอง"):
        world.open(smtp=smtp, ca_file=str(world.servers.ca)).send(draft)
    assert world.arrived(MEMBER) == []


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"imap": Server(host="mail.office.example", port=143, security="none")}, "imap.security"),
        ({"smtp": Server(host="mail.office.example", port=25, security="none")}, "smtp.security"),
        ({"imap": Server(host="", port=993)}, "imap.host"), ({"smtp": Server(host="mail", port=0)}, "smtp.port"),
        ({"imap": Server(host="mail", port=993, security="ssl")}, "imap.security"), ({"search": "all"}, "imap.search"),
        ({"username": ""}, "mailbox.username"), ({"mailbox": "nobody"}, "mailbox"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_named(world, more, where):
    with pytest.raises(DataError) as raised:
        world.settings(**more)
    assert raised.value.where == where and raised.value.remedy


def test_no_secret_shows(world, caplog):
    caplog.set_level(logging.DEBUG)
    box = world.open()
    box.send(box.save_draft(mail()))
    bad = world.open(password="other-secret")
    with pytest.raises(MailError) as raised:
        bad.count()
    shown = f"{caplog.text} {raised.value} {raised.value!r} {bad.real.settings!r}"
    assert SECRET not in shown and "other-secret" not in shown


def test_nobody_listens(world):
    box = world.open(imap=Server(host="127.0.0.1", port=1, security="none"), patience_s=0.1)
    with pytest.raises(MailBusy) as raised:
        box.count()
    assert raised.value.back_off_s == 30.0
    draft = world.mailbox.save_draft(mail())
    box = world.open(smtp=Server(host="127.0.0.1", port=1, security="none"))
    with pytest.raises(MailBusy):
        box.send(draft)
    with pytest.raises(MailBusy) as raised:
        box.send(draft)
    assert [r.folder for r in box.find("ask:1")] == ["drafts"]


def test_a_look_costs_what_is_new(world):
    """Commands and bytes of a look are the same with 10 mails and with 1,010 in the mailbox."""

    def cost() -> tuple[int, int]:
        state = world.mailbox.new_messages("").state
        world.receive(world.servers._epoch * 10_000 + len(costs))
        world.faults.told.clear()
        world.faults.answered = 0
        (ref,) = world.mailbox.new_messages(state).refs
        return len(world.faults.told), world.faults.answered

    costs: list[tuple[int, int]] = []
    world.receive(1)
    for number in (10, 1000):
        folder = world.servers.maildir(OFFICE) / "new"
        for n in range(number):
            (folder / f"1600000000.M{number + n}P1.x").write_bytes(b"Message-ID: <%d@x.example>\r\n\r\nx\r\n" % n)
        costs.append(cost())
    (commands, octets), (more_commands, more_octets) = costs
    assert more_commands == commands and more_octets < octets * 1.05
