"""The Exchange adapter against the practice Exchange: named property, listing, folders, credentials, what it says."""


from __future__ import annotations

import email
import email.policy
from datetime import datetime

import pytest
from exchange_world import MEMBER, OFFICE, Time, answer, outgoing, practice_in, settings
from exchangelib import Message
from exchangelib.items import SAVE_ONLY, SEND_TO_NONE
from exchangelib.services import CreateItem

from songthan.adapters import exchange_listing
from songthan.adapters.exchange import ExchangeMailbox
from songthan.adapters.exchange_listing import read_state
from songthan.adapters.outgoing_mime import build
from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailNotFound
from songthan.testing.mailbox import bytes_of

# Against the practice Exchange


@pytest.fixture
def practice(tmp_path):
    with practice_in(tmp_path, checked=True) as world:
        yield world


@pytest.mark.real
def test_the_key_travels_as_named_property_and_the_head_as_written(practice):
    from songthan.practice.exchange import read_log

    box = practice.open()
    box.send(box.save_draft(outgoing(in_reply_to="<q@office.example>", references=("<q@office.example>",))))
    delivered = [e for e in read_log(practice.log) if e["event"] == "delivered"]
    assert [(e["key"], e["key_name"], e["mailbox"]) for e in delivered] == [("ask:1", "SongthanKey", MEMBER)]
    member = practice.open(MEMBER)
    (ref,) = member.new_messages("").refs
    mail = email.message_from_bytes(bytes_of(member, ref), policy=email.policy.default)
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "DR, RN, NRN, AutoReply"  # a request wants the out-of-office answer
    assert mail["In-Reply-To"] == mail["References"] == "<q@office.example>"
    assert mail["Subject"] == "แบบรายงาน" and mail["Date"] is not None and mail["From"].addresses[0].addr_spec == OFFICE
    assert mail.get_body(("plain",)).get_content().strip() == "เรียน ก\nข"


@pytest.mark.real
def test_the_sender_asks_no_more_than_it_must(practice):
    box = practice.open()
    assert list(box.find("ask:1")) == []
    box.send(box.save_draft(outgoing()))
    assert len(box.find("ask:1")) == len(box.find("ask:1")) == 1
    assert practice.asked == ["FindItem", "CreateItem", "SendItem", "FindItem", "GetFolder", "FindItem"]


@pytest.mark.real
def test_a_server_that_calls_drafts_by_another_id_is_asked_folder_by_folder(practice):
    box = practice.open()
    box.save_draft(outgoing())
    box._names = {"another": "drafts", "and another": "sent"}
    (draft,) = box.find("ask:1")
    assert draft.folder == "drafts"
    box.send(draft)
    assert [sent.folder for sent in box.find("ask:1")] == ["sent"]
    assert practice.asked.count("FindItem") == 6


@pytest.mark.real
def test_our_mail_is_found_by_message_id_where_the_property_was_lost(practice):
    box = practice.open()
    content = build(outgoing(), sender=OFFICE, sender_name="", message_id=box._message_id("ask:1"))
    CreateItem(account=box._account).get(
        items=[Message(account=box._account, folder=box._drafts, mime_content=content)],
        folder=box._drafts,
        message_disposition=SAVE_ONLY,
        send_meeting_invitations=SEND_TO_NONE,
    )
    (draft,) = box.find("ask:1")
    box.send(draft)
    (sent,) = box.find("ask:1")
    assert (draft.folder, sent.folder) == ("drafts", "sent") and list(box.find("ask:2")) == []


@pytest.mark.real
def test_a_wrong_password_is_tried_once(practice):
    box = practice.open(password="wrong-but-secret")
    for _ in range(3):
        with pytest.raises(MailAuthFailed) as refused:
            box.count()
        assert "secret" not in str(refused.value) and refused.value.remedy
    assert practice.asked == ["GetFolder"]
    assert practice.open().count() == 0, "a mended password is used at once"


@pytest.mark.real
def test_busy_and_broken_readings_are_repeated_writings_are_not(practice):
    box = practice.open()
    practice.fail("FindItem", "503")
    practice.fail("FindItem", "drop_before")
    practice.fail("FindItem", "busy", back_off_ms=2500)
    assert list(box.find("ask:1")) == []
    assert practice.asked == ["FindItem"] * 4 and practice.time.slept == [0.5, 1.0, 2.5]
    draft = box.save_draft(outgoing())
    for kind, error in (("503", MailBusy), ("busy", MailBusy), ("drop_before", MailAmbiguous)):
        del practice.asked[:]
        practice.fail("SendItem", kind)
        with pytest.raises(error):
            box.send(draft)
        assert practice.asked == ["SendItem"]


@pytest.mark.real
def test_large_inboxes_come_in_pages_and_complete(practice, monkeypatch):
    monkeypatch.setattr(exchange_listing, "_PAGE", 100)
    for n in range(205):
        practice.receive(answer(n))
    box = practice.open()
    refs = list(box.new_messages("").refs)
    assert [r.message_id for r in refs] == [f"<{n}@office.example>" for n in range(205)]
    assert practice.asked == ["SyncFolderItems"] * 4, "three pages of Inbox, one of Junk"
    assert type(refs[0].received) is datetime and refs[0].received.utcoffset().total_seconds() == 7 * 3600
    assert box.count() == 205


@pytest.mark.real
def test_a_poll_asks_twice_however_much_lies_there(practice):
    box = practice.open()
    for n in range(120):
        practice.receive(answer(n))
    state = box.new_messages("").state
    practice.receive(answer(500))
    practice.asked.clear()
    later = box.new_messages(state)
    assert [r.message_id for r in later.refs] == ["<500@office.example>"]
    assert practice.asked == ["SyncFolderItems"] * 2 and len(state) < 1000
    assert box.new_messages(later.state).refs == ()
    assert practice.asked == ["SyncFolderItems"] * 4


@pytest.mark.real
def test_a_place_that_is_not_ours_lists_everything(practice):
    box = practice.open()
    for n in range(3):
        practice.receive(answer(n))
    state = box.new_messages("").state
    assert box.new_messages(state).refs == ()
    other = practice.open(MEMBER)
    practice.fail("SyncFolderItems", "ErrorInvalidSyncStateData")
    assert len(box.new_messages(state).refs) == 3, "the server forgot the place of Inbox"
    assert read_state(state, settings(mailbox=MEMBER).identity) == {} and other.new_messages(state).refs == ()
    for broken in ("", "ex1:", "ex1:AAAA", state[:-3], state + "A", "ex1:" + state, "๑", state[:-8] + "AAAAAAA="):
        assert read_state(broken, box._settings.identity) == {}
        assert len(box.new_messages(broken).refs) == 3
    upper = settings(endpoint=box._settings.endpoint.replace("/EWS/", "/ews/"), mailbox=OFFICE.upper())
    assert upper.identity == box._settings.identity


ODD_ITEMS = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
 xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:SyncFolderItemsResponse><m:ResponseMessages>
<m:SyncFolderItemsResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:SyncState>abc</m:SyncState>
<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes>
<t:Create><t:Item><t:ItemId Id="doc" ChangeKey="1"/><t:Size>7</t:Size></t:Item></t:Create>
<t:Create><t:MeetingRequest><t:ItemId Id="meet" ChangeKey="2"/><t:Size>9</t:Size>
<t:DateTimeReceived>2023-03-01T01:00:00Z</t:DateTimeReceived><t:InternetMessageId>&lt;m@x&gt;</t:InternetMessageId></t:MeetingRequest></t:Create>
<t:Create><t:SomethingNew><t:ItemId Id="new"/><t:DateTimeCreated>2023-03-01T02:00:00Z</t:DateTimeCreated></t:SomethingNew></t:Create>
<t:Update><t:Message><t:ItemId Id="upd" ChangeKey="3"/><t:DateTimeReceived>2023-03-01T03:00:00Z</t:DateTimeReceived></t:Message></t:Update>
<t:ReadFlagChange><t:ItemId Id="read" ChangeKey="4"/><t:IsRead>true</t:IsRead></t:ReadFlagChange>
<t:Delete><t:ItemId Id="gone" ChangeKey="5"/></t:Delete>
</m:Changes></m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse></s:Body></s:Envelope>"""


def test_an_item_of_an_unknown_kind_hides_no_other():
    service = exchange_listing._Sync(account=Time().session().account)
    told = [one for one in service.parse(ODD_ITEMS.encode()) if one is not None]
    assert [(one.id, one.size, one.message_id) for one in told] == [
        ("doc", 7, ""),
        ("meet", 9, "<m@x>"),
        ("new", 0, ""),
        ("upd", 0, ""),
    ]
    assert [one.received and one.received.hour for one in told] == [None, 1, 2, 3]
    assert service.sync_state == "abc" and service.includes_last_item_in_range


def test_a_time_is_the_offices_whatever_zone_it_is_told_in():
    box = ExchangeMailbox(settings())
    for text in ("2023-03-01T01:00:00+00:00", "2023-03-01T08:00:00", "2023-03-01T08:00:00+07:00"):
        told = box._local(datetime.fromisoformat(text))
        assert told.isoformat() == "2023-03-01T08:00:00+07:00"


@pytest.mark.real
def test_a_damaged_item_is_told_and_stands_in_nobodys_way(practice):
    practice.receive(answer(1))
    box = practice.open()
    (ref,) = box.new_messages("").refs
    practice.fail("GetItem", "ErrorItemCorrupt")
    with pytest.raises(MailNotFound) as damaged:
        bytes_of(box, ref)
    assert "เสียหาย" in damaged.value.th and "Outlook" in damaged.value.remedy


@pytest.mark.real
def test_a_mailbox_without_junk_is_read_all_the_same(practice):
    box = practice.open()
    practice.receive(answer(1))
    # the first request is Inbox's, the second Junk's
    box.new_messages("")
    box._junk._distinguished_id.id = "syncissues"  # valid, and not there
    listing = box.new_messages("")
    assert [r.folder for r in listing.refs] == ["inbox"]
    assert box.new_messages(listing.state).refs == ()


@pytest.mark.real
def test_a_large_message_comes_back_whole(practice):
    raw = answer(1, b"\r\n".join([b"0123456789" * 7] * 40_000))
    practice.receive(raw)
    box = practice.open()
    (ref,) = box.new_messages("").refs
    content = bytes_of(box, ref)
    assert content.endswith(raw[-2_000_000:]) and ref.size >= len(raw)


@pytest.mark.real
@pytest.mark.parametrize("below", ["inbox", "root"])
def test_folders_are_made_once_and_looked_for_again_when_they_are_gone(practice, below):
    for n in range(3):
        practice.receive(answer(n))
    box = practice.open(folders_below=below)
    first, second, third = box.new_messages("").refs
    box.move(first, "รอตรวจ")
    assert practice.asked.count("CreateFolder") == 1
    again = practice.open(folders_below=below)
    again.move(second, "รอตรวจ")
    assert practice.asked.count("CreateFolder") == 1 and again.count() == 3
    practice.fail("MoveItem", "ErrorFolderNotFound")
    looked = practice.asked.count("FindFolder")
    with pytest.raises(MailNotFound):
        again.move(third, "รอตรวจ")
    assert again.move(third, "รอตรวจ").folder == "รอตรวจ" and again.count() == 3
    assert practice.asked.count("FindFolder") == looked + 2, "the folder was looked for again (and once by count)"


@pytest.mark.real
def test_a_server_that_is_down_is_busy_not_ambiguous(practice):
    box = practice.open()
    assert box.count() == 0
    box.close()
    practice.server.stop()
    with pytest.raises(MailBusy):
        box.save_draft(outgoing())


@pytest.mark.real
def test_everything_we_say_is_valid_by_microsofts_schema(practice, tmp_path):
    """The fixture judges every request when the server has stopped; here they are all made once."""
    practice.receive(answer(1))
    box = practice.open()
    listing = box.new_messages("")
    box.new_messages(listing.state)
    bytes_of(box, listing.refs[0])
    box.move(listing.refs[0], "บันทึก")
    (tmp_path / "file").write_bytes(bytes(1000))
    draft = box.attach(box.save_draft(outgoing()), "แฟ้ม <&> ๑.pdf", "application/pdf", tmp_path / "file")
    box.send(draft)
    box.discard(box.save_draft(outgoing(key="ask:2")))
    box.find("ask:1"), box.count()
    assert box.rights("inbox") >= {"read", "delete"}
    said = {"SyncFolderItems", "GetItem", "FindFolder", "CreateFolder", "MoveItem", "CreateItem", "CreateAttachment"}
    assert set(practice.asked) == said | {"SendItem", "DeleteItem", "FindItem", "GetFolder"}


@pytest.mark.real
def test_a_wrong_address_of_the_service_is_named(practice):
    with pytest.raises(MailDenied) as refused:
        practice.open(endpoint=practice.server.base + "/owa/").count()
    assert "404" in refused.value.th and "endpoint" in refused.value.remedy
    with pytest.raises(MailBusy):
        practice.open(endpoint="http://127.0.0.1:9/EWS/Exchange.asmx", patience_s=0.0).count()


@pytest.mark.real
def test_a_mailbox_without_rights_is_denied_with_a_remedy(practice):
    box = practice.open(mailbox=MEMBER, shared=True)
    with pytest.raises(MailDenied) as refused:
        box.count()
    assert "Full Access" in refused.value.remedy and MEMBER in refused.value.where
