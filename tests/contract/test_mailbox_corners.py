"""The corners of the one contract: large, many, odd and shared mail, on every mailbox of `test_mailbox_contract`."""

from __future__ import annotations

import pytest
from test_mailbox_contract import MEMBER, OFFICE, OTHER, listed, outgoing
from test_mailbox_contract import world as world  # the fixture: every mailbox

from songthan.domain.errors import MailNotFound
from songthan.testing.mailbox import bytes_of

FOLDERS = ("ตอบกลับแล้ว", "รอตรวจ", "กักกัน", "บันทึก")


def second(world):
    """Another process at the same mailbox."""
    return world.second() if hasattr(world, "second") else world.open()


def mail(head: str = "", body: bytes = b"x\r\n") -> bytes:
    return f"From: {MEMBER}\r\nTo: {OFFICE}\r\n{head}\r\n".encode() + body


def test_a_large_message_comes_in_pieces_and_whole(world):
    body = b"".join(b"%06d " % n + b"x" * 60 + b"\r\n" for n in range(40_000))
    world.deliver(mail("Subject: large\r\nMessage-ID: <large@office.example>\r\n", body))
    (ref,) = listed(world.mailbox)
    pieces: list[bytes] = []
    world.mailbox.raw(ref, pieces.append)
    assert len(pieces) > 1 and b"".join(pieces).endswith(body) and ref.size >= len(body)


def test_many_messages_are_listed_whole_and_later_only_the_new_ones(world):
    for n in range(250):
        world.receive(n)
    listing = world.mailbox.new_messages("")
    assert [r.message_id for r in listing.refs] == [f"<in-{n}@office.example>" for n in range(250)]
    assert len({r.id for r in listing.refs}) == 250 and world.mailbox.count() == 250
    world.receive(250)
    later = second(world).new_messages(listing.state)
    assert [r.message_id for r in later.refs] == ["<in-250@office.example>"], "the state outlives the connection"
    assert len(later.state) < 10_000


def test_every_folder_has_its_thai_name_and_is_found_by_the_next_process(world):
    for n in range(8):
        world.receive(n)
    refs = listed(world.mailbox)
    other = second(world)
    for ref, folder in zip(refs[:4], FOLDERS, strict=True):
        assert world.mailbox.move(ref, folder).folder == folder
    for ref, folder in zip(refs[4:], FOLDERS, strict=True):
        assert other.move(ref, folder).folder == folder
    assert listed(world.mailbox) == [] and world.mailbox.count() == other.count() == 8


def test_two_pollers_see_the_same_and_only_one_moves_a_mail(world):
    world.receive(1)
    world.receive(2)
    one, other = world.mailbox, second(world)
    seen, seen_too = one.new_messages(""), other.new_messages("")
    assert [r.id for r in seen.refs] == [r.id for r in seen_too.refs]
    one.move(seen.refs[0], "บันทึก")
    with pytest.raises(MailNotFound):
        other.move(seen_too.refs[0], "กักกัน")
    with pytest.raises(MailNotFound):
        bytes_of(other, seen_too.refs[0])
    assert b"answer 2" in bytes_of(other, seen_too.refs[1])
    world.receive(3)
    for box, state in ((one, seen.state), (other, seen_too.state)):
        assert "<in-3@office.example>" in {r.message_id for r in box.new_messages(state).refs}
    assert one.count() == other.count() == 3


def test_what_was_moved_away_by_hand_is_not_told_again_and_what_came_meanwhile_is(world):
    for n in range(3):
        world.receive(n)
    listing = world.mailbox.new_messages("")
    for ref in listing.refs:
        world.mailbox.move(ref, "บันทึก")
    world.receive(9)
    told = {r.message_id for r in world.mailbox.new_messages(listing.state).refs}
    assert told == {"<in-9@office.example>"}


def test_odd_mail_is_listed_and_comes_whole(world):
    subject = "เรื่องยาวมาก " * 200
    encoded = "\r\n ".join(["=?utf-8?q?=E0=B8=81=E0=B8=82=E0=B8=84?="] * 200)
    odd = {
        "<empty@office.example>": mail("Subject: empty\r\nMessage-ID: <empty@office.example>\r\n", b""),
        "<subject@office.example>": mail(f"Subject: {encoded}\r\nMessage-ID: <subject@office.example>\r\n"),
        "<raw8@office.example>": mail(f"Subject: {subject[:300]}\r\nMessage-ID: <raw8@office.example>\r\n"),
    }
    for raw in odd.values():
        world.deliver(raw)
    refs = {r.message_id: r for r in listed(world.mailbox)}
    assert set(refs) == set(odd)
    for name, raw in odd.items():
        found = bytes_of(world.mailbox, refs[name])
        body = raw.partition(b"\r\n\r\n")[2]
        assert name.encode() in found and found.partition(b"\r\n\r\n")[2].strip() == body.strip()


def test_mail_without_an_identity_and_twice_the_same_identity_are_mails(world):
    world.deliver(mail("Subject: none\r\n"))
    world.deliver(mail("Subject: one\r\nMessage-ID: <twice@office.example>\r\n"))
    world.deliver(mail("Subject: two\r\nMessage-ID: <twice@office.example>\r\n"))
    refs = listed(world.mailbox)
    assert len({r.id for r in refs}) == 3 and world.mailbox.count() == 3
    assert [r.message_id for r in refs].count("<twice@office.example>") == 2


def test_files_of_every_size_and_name_arrive(world, tmp_path):
    sizes = {"ว่างเปล่า.txt": 0, "หนึ่งไบต์ ๑.bin": 1, "รายงาน (ฉบับที่ ๒) & แนบ.docx": 49_153, "long " + "ก" * 60 + ".pdf": 100_001}
    draft = world.mailbox.save_draft(outgoing(to=(MEMBER,), cc=(OTHER,), subject="แฟ้มแนบ"))
    expected = {}
    for number, (name, size) in enumerate(sizes.items()):
        path = tmp_path / str(number)
        path.write_bytes(bytes(n % 251 for n in range(size)))
        expected[name] = path.read_bytes()
        draft = world.mailbox.attach(draft, name, "application/octet-stream", path)
    world.mailbox.send(draft)
    for address in (MEMBER, OTHER):
        ((subject, files, message_id),) = world.arrived(address)
        assert subject == "แฟ้มแนบ" and message_id == draft.message_id and files == expected


def test_the_longest_subject_arrives(world):
    subject = ("แบบรายงานผลการดำเนินงานตามแผน " * 20)[:255].strip()
    world.mailbox.send(world.mailbox.save_draft(outgoing(subject=subject)))
    ((arrived, _, _),) = world.arrived(MEMBER)
    assert arrived == subject


def test_the_servers_clock_is_told_or_not_known(world):
    skew = second(world).clock_skew()
    assert skew is None or abs(skew) < 60
