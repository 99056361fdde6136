"""Pull subscriptions, replies, folders renamed and deleted, names resolved."""

import email
import email.policy

import pytest
import requests
from exchangelib import FileAttachment, Folder, Mailbox, Message
from exchangelib.errors import ErrorDeleteDistinguishedFolder, ErrorFolderExists, ErrorSubscriptionNotFound
from practice_world import FRIEND, MEMBER, OFFICE
from raw_ews import SPACES, call, codes

from songthan.practice.exchange import read_log

pytestmark = pytest.mark.real


def bring(exchange, subject: str, to: str = OFFICE) -> None:
    """Mail from outside."""
    raw = f"From: {FRIEND}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x.example>\r\n\r\nb\r\n".encode()
    requests.post(f"{exchange.base}/practice/outside", params={"to": to}, data=raw, timeout=10).raise_for_status()


def happenings(folder, subscription, mark):
    """The kinds of what happened, and the newest watermark."""
    kinds = []
    for notification in folder.get_events(subscription, mark):
        for event in notification.events:
            kinds.append(event.ELEMENT_NAME.removesuffix("Event"))
            mark = event.watermark
    return kinds, mark


def test_a_pull_subscription_tells_what_happened_once_and_in_order(exchange, run, account):
    office = account(exchange, OFFICE)
    bring(exchange, "before")
    subscription, mark = office.inbox.subscribe_to_pull(timeout=60)
    assert happenings(office.inbox, subscription, mark)[0] == ["Status"]
    bring(exchange, "one")
    bring(exchange, "elsewhere", to=MEMBER)
    seen = office.inbox.get(subject="one")
    seen.is_read = True
    seen.save(update_fields=["is_read"])
    office.inbox.get(subject="before").move(office.junk)
    seen.delete()
    kinds, mark = happenings(office.inbox, subscription, mark)
    assert kinds == ["NewMail", "Modified", "Moved", "Deleted"]
    assert happenings(office.inbox, subscription, mark)[0] == ["Status"]
    member = account(exchange, MEMBER)
    with pytest.raises(Exception, match="another account"):
        happenings(member.inbox, subscription, mark)
    office.inbox.unsubscribe(subscription)
    with pytest.raises(ErrorSubscriptionNotFound):
        happenings(office.inbox, subscription, mark)


def test_a_subscription_does_not_outlive_the_server(run, account):
    first = run()
    subscription, mark = account(first, OFFICE).inbox.subscribe_to_pull(timeout=60)
    first.stop()
    second = run()
    with pytest.raises(ErrorSubscriptionNotFound):
        happenings(account(second, OFFICE).inbox, subscription, mark)


def test_a_reply_stands_in_the_thread_and_a_forward_carries_the_files(exchange, account):
    office, member = account(exchange, OFFICE), account(exchange, MEMBER)
    asked = Message(
        account=office,
        folder=office.drafts,
        subject="ขอแบบ",
        body="เรียน ท่าน",
        to_recipients=[MEMBER],
        cc_recipients=[FRIEND],
    )
    asked.save()
    asked.attach(FileAttachment(name="แบบ.txt", content=b"form"))
    asked.send()
    (got,) = member.inbox.all()
    got.create_reply(subject="RE: ขอแบบ", body="ส่งแล้ว", to_recipients=None, author=Mailbox(email_address=MEMBER)).send()
    (answer,) = office.inbox.all()
    parsed = email.message_from_bytes(answer.mime_content, policy=email.policy.default)
    assert parsed["In-Reply-To"] == got.message_id and parsed["References"].endswith(got.message_id)
    assert "ส่งแล้ว" in answer.text_body and "เรียน ท่าน" in answer.text_body
    got.reply_all(subject="RE: ขอแบบ", body="ถึงทุกคน")
    friend = account(exchange, FRIEND)
    assert [m.subject for m in friend.inbox.all().order_by("subject")] == ["RE: ขอแบบ", "ขอแบบ"]
    got.forward(subject="FW: ขอแบบ", body="ส่งต่อ", to_recipients=[FRIEND])
    (forwarded,) = friend.inbox.filter(subject="FW: ขอแบบ")
    assert [(a.name, a.content) for a in forwarded.attachments] == [("แบบ.txt", b"form")]


def test_folders_are_renamed_moved_and_deleted_and_the_hierarchy_tells(exchange, account, folder):
    office = account(exchange, OFFICE)
    one, two = (Folder(parent=office.inbox, name=name) for name in ("ก", "ข"))
    one.save()
    two.save()
    list(office.root.sync_hierarchy())
    state = office.root.folder_sync_state
    two.name = "ก"
    with pytest.raises(ErrorFolderExists):
        two.save(update_fields=["name"])
    two.name = "ค"
    two.save(update_fields=["name"])
    bring(exchange, "inside")
    office.inbox.get(subject="inside").move(one)
    one.move(two)
    with pytest.raises(ErrorDeleteDistinguishedFolder):
        office.inbox.delete()
    changes = [(kind, f.name) for kind, f in office.root.sync_hierarchy(sync_state=state)]
    assert sorted(changes) == [("update", "ก"), ("update", "ค")]
    state = office.root.folder_sync_state
    two.delete()
    assert sorted(kind for kind, _ in office.root.sync_hierarchy(sync_state=state)) == ["delete", "delete"]
    events = [
        (e["event"], e["folder"]) for e in read_log(folder / "log.jsonl") if e["event"].startswith(("folder", "del"))
    ]
    assert ("deleted", "inbox/ค/ก") in events and events[-1] == ("folder_deleted", "inbox/ค")


def test_names_are_resolved_and_more_than_one_is_a_warning(exchange):
    ask = '<m:ResolveNames ReturnFullContactData="false"><m:UnresolvedEntry>{}</m:UnresolvedEntry></m:ResolveNames>'
    assert codes(call(exchange, ask.format("member@"))) == ["NoError"]
    several = call(exchange, ask.format("senate-foreign"))
    assert codes(several) == ["ErrorNameResolutionMultipleResults"]
    assert len(several.findall(".//t:Resolution", SPACES)) == 3
    assert several.find(".//m:ResolveNamesResponseMessage", SPACES).get("ResponseClass") == "Warning"
    assert codes(call(exchange, ask.format("nobody"))) == ["ErrorNameResolutionNoResults"]
