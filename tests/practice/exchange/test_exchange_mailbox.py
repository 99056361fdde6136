"""Finding, paging, syncing, moving, changing; shared mailboxes; through real exchangelib."""

import pytest
import requests
from exchangelib import FileAttachment, Folder, ItemAttachment, Message
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorInvalidSyncStateData,
    ErrorItemNotFound,
    ErrorNonExistentMailbox,
    UnauthorizedError,
)
from exchangelib.folders import Inbox
from practice_world import FRIEND, MEMBER, OFFICE, PASSWORDS, SHARED, noon

from songthan.practice.exchange import read_log

pytestmark = pytest.mark.real


def bring(exchange, to: str, subject: str = "s", body: str = "b", sender: str = FRIEND, **query: str):
    """Mail from outside."""
    raw = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()
    return requests.post(f"{exchange.base}/practice/outside", params={"to": to} | query, data=raw, timeout=10).json()


def test_paging_sorting_and_restrictions_over_more_than_a_page(exchange, account, folder):
    office = account(exchange, OFFICE)
    for number in range(120):
        if number == 60:
            (folder / "clock").write_text("2023-03-16T09:00:00+07:00", encoding="utf-8")
        bring(exchange, OFFICE, subject=f"n{number:03d}")
    names = [m.subject for m in office.inbox.all().only("subject").order_by("subject")]
    assert names == [f"n{number:03d}" for number in range(120)]
    assert len({m.id for m in office.inbox.all().only("subject")}) == 120
    assert office.inbox.filter(datetime_received__gte=noon(15)).count() == 60
    assert office.inbox.filter(datetime_received__lt=noon(15), subject__contains="5").count() == 15
    assert [m.subject for m in office.inbox.filter(subject="n007")] == ["n007"]
    assert office.inbox.exclude(subject__startswith="n0").count() == 20
    assert [m.subject for m in office.inbox.all().order_by("-subject").only("subject")[:2]] == ["n119", "n118"]
    told = requests.get(f"{exchange.base}/practice/counts", params={"address": OFFICE}, timeout=10).json()
    assert (told["folders"]["inbox"], told["total_received"]) == (120, 120)


def sync(folder, state, **options):
    """All changes since the state, and the new state."""
    changes = list(folder.sync_items(sync_state=state, only_fields=["subject"], **options))
    return changes, folder.item_sync_state


def test_sync_tells_each_change_once(exchange, account):
    office = account(exchange, OFFICE)
    for number in range(25):
        bring(exchange, OFFICE, subject=f"s{number}")
    changes, state = sync(office.inbox, None, max_changes_returned=10)
    assert [(kind, item.subject) for kind, item in changes] == [("create", f"s{n}") for n in range(25)]
    assert sync(office.inbox, state) == ([], state)
    bring(exchange, OFFICE, subject="late")
    removed = changes[3][1].id
    changes[3][1].delete()
    seen = office.inbox.get(subject="s5")
    seen.is_read = True
    seen.save(update_fields=["is_read"])
    after, newer = sync(office.inbox, state)
    assert [kind for kind, _ in after] == ["create", "delete", "update"]
    assert after[1][1].id == removed
    assert after[2][1].subject == "s5"
    assert sync(office.inbox, newer)[0] == []
    with pytest.raises(ErrorInvalidSyncStateData):
        sync(office.inbox, "bm9uc2Vuc2U=")


def test_move_into_a_thai_folder_gives_a_new_id(exchange, account, folder):
    office = account(exchange, OFFICE)
    bring(exchange, OFFICE, subject="move me")
    target = Folder(parent=office.inbox, name="รับแล้ว ไตรมาส ๒")
    target.save()
    (item,) = office.inbox.all()
    before = item.id
    item.move(target)
    assert item.id != before
    assert office.inbox.all().count() == 0
    with pytest.raises(ErrorItemNotFound):
        raise next(iter(office.fetch([(before, None)])))
    office.root.clear_cache()
    again = office.inbox / "รับแล้ว ไตรมาส ๒"
    assert [m.subject for m in again.all()] == ["move me"]
    moved = [e for e in read_log(folder / "log.jsonl") if e["event"] == "moved"]
    assert [(e["folder"], e["from_folder"]) for e in moved] == [("inbox/รับแล้ว ไตรมาส ๒", "inbox")]


def test_update_copy_delete_and_attachments_of_a_draft(exchange, account):
    office = account(exchange, OFFICE)
    draft = Message(account=office, folder=office.drafts, subject="เดิม", body="ข้อความ", to_recipients=[MEMBER])
    draft.save()
    one, two = FileAttachment(name="ก.txt", content=b"1"), FileAttachment(name="ข.txt", content=b"2")
    draft.attach([one, two])
    draft.subject, draft.body = "ใหม่", "เปลี่ยนแล้ว"
    draft.save(update_fields=["subject", "body"])
    draft.refresh()
    assert [a.name for a in draft.attachments] == ["ก.txt", "ข.txt"]
    draft.detach(draft.attachments[0])
    draft.refresh()
    assert (draft.subject, draft.text_body.strip()) == ("ใหม่", "เปลี่ยนแล้ว")
    assert [(a.name, a.content) for a in draft.attachments] == [("ข.txt", b"2")]
    draft.copy(to_folder=office.junk)
    assert office.junk.all().count() == 1
    draft.move_to_trash()
    assert (office.drafts.all().count(), office.trash.all().count()) == (0, 1)


def test_a_message_inside_a_message_is_an_item_attachment(exchange, account):
    office = account(exchange, OFFICE)
    raw = (
        b"From: friend@elsewhere.example\r\nTo: office@senate-foreign.example\r\nSubject: fwd\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsee\r\n'
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: a@b.example\r\n\r\ntext\r\n--b--\r\n"
    )
    requests.post(f"{exchange.base}/practice/outside", params={"to": OFFICE}, data=raw, timeout=10).raise_for_status()
    (got,) = office.inbox.all()
    (inner,) = got.attachments
    assert isinstance(inner, ItemAttachment)
    assert inner.item.subject == "inner" and b"a@b.example" in inner.item.mime_content


def test_a_shared_mailbox_opens_for_its_delegate_only(exchange, account):
    bring(exchange, SHARED, subject="ถึงกล่องกลาง".encode().decode("utf-8"))
    as_delegate = account(exchange, SHARED, login=OFFICE)
    assert [m.subject for m in as_delegate.inbox.all()] == ["ถึงกล่องกลาง"]
    Message(account=as_delegate, subject="จากกล่องกลาง", body="b", to_recipients=[MEMBER]).send_and_save()
    assert [m.author.email_address for m in as_delegate.sent.all()] == [SHARED]
    with pytest.raises(ErrorAccessDenied):
        Inbox.get_distinguished(account(exchange, SHARED, login=MEMBER).root)
    with pytest.raises(ErrorNonExistentMailbox):
        _ = account(exchange, "nobody@senate-foreign.example", login=MEMBER).inbox


def test_a_wrong_password_is_refused(exchange, account, monkeypatch):
    monkeypatch.setitem(PASSWORDS, OFFICE, "wrong")
    with pytest.raises(UnauthorizedError):
        _ = account(exchange, OFFICE).inbox


def test_the_folder_tree_can_be_walked(exchange, account):
    office = account(exchange, OFFICE)
    names = {f.name for f in office.msg_folder_root.walk()}
    assert {"Inbox", "Drafts", "Sent Items", "Deleted Items", "Junk Email", "Outbox"} <= names
