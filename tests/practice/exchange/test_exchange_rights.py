"""Who may do what in whose mailbox, and how much of it: reader, editor, on behalf, delegate; sizes and quotas."""

import pytest
import requests
from exchangelib import FileAttachment, Mailbox, Message
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorAttachmentSizeLimitExceeded,
    ErrorMessageSizeExceeded,
    ErrorQuotaExceeded,
    ErrorSendAsDenied,
    ErrorSubmissionQuotaExceeded,
)
from practice_world import ACCOUNTS, FRIEND, MEMBER, OFFICE, SHARED
from raw_ews import call, codes

from songthan.practice.exchange import PracticeError, read_log, start

pytestmark = pytest.mark.real


def shared_with(folder, right: str, person: str = MEMBER) -> None:
    """Give the person that right in the shared mailbox, beside its delegate."""
    text = ACCOUNTS.replace("delegates = [", f'{right} = ["{person}"]\ndelegates = [')
    (folder / "accounts.toml").write_text(text, encoding="utf-8")


def limited(folder, lines: str) -> None:
    """Put limits into the accounts file."""
    text = ACCOUNTS.replace("[[mailboxes]]", f"[limits]\n{lines}\n[[mailboxes]]", 1)
    (folder / "accounts.toml").write_text(text, encoding="utf-8")


def bring(exchange, to: str, body: str = "b") -> dict:
    """Mail from outside."""
    raw = f"From: {FRIEND}\r\nTo: {to}\r\nSubject: s\r\n\r\n{body}\r\n".encode()
    return requests.post(f"{exchange.base}/practice/outside", params={"to": to}, data=raw, timeout=10).json()


def test_a_reader_reads_and_changes_nothing(run, account, folder):
    shared_with(folder, "readers")
    exchange = run()
    bring(exchange, SHARED)
    shared = account(exchange, SHARED, login=MEMBER)
    (item,) = shared.inbox.all()
    assert item.subject == "s" and item.mime_content
    rights = shared.inbox.effective_rights
    assert (rights.read, rights.modify, rights.delete, rights.create_contents) == (True, False, False, False)
    item.is_read = True
    for refused in (
        lambda: item.save(update_fields=["is_read"]),
        lambda: item.move(shared.junk),
        lambda: item.delete(),
        lambda: item.attach(FileAttachment(name="x", content=b"x")),
        lambda: Message(account=shared, folder=shared.drafts, subject="d").save(),
    ):
        with pytest.raises(ErrorAccessDenied):
            refused()
    with pytest.raises(ErrorSendAsDenied):
        box = Mailbox(email_address=SHARED)
        Message(account=account(exchange, MEMBER), subject="x", author=box, to_recipients=[OFFICE]).send()
    item.copy(to_folder=account(exchange, MEMBER).inbox)
    assert (shared.inbox.all().count(), account(exchange, MEMBER).inbox.all().count()) == (1, 1)
    assert not [e for e in read_log(folder / "log.jsonl") if e["event"] in ("updated", "moved", "deleted", "sent")]


def test_an_editor_writes_but_does_not_send_as_the_mailbox(run, account, folder):
    shared_with(folder, "editors")
    exchange = run()
    shared = account(exchange, SHARED, login=MEMBER)
    assert shared.inbox.effective_rights.modify
    draft = Message(account=shared, folder=shared.drafts, subject="d", to_recipients=[OFFICE])
    draft.save()
    with pytest.raises(ErrorSendAsDenied):
        draft.send()
    assert shared.drafts.all().count() == 1 and account(exchange, OFFICE).inbox.all().count() == 0
    draft.delete()
    assert shared.drafts.all().count() == 0


def test_on_behalf_names_the_one_who_sent(run, account, folder):
    shared_with(folder, "on_behalf")
    exchange = run()
    member, office = account(exchange, MEMBER), account(exchange, OFFICE)
    box = Mailbox(email_address=SHARED)
    Message(account=member, subject="แทน", body="b", author=box, to_recipients=[OFFICE]).send_and_save()
    (got,) = office.inbox.all()
    assert (got.author.email_address, got.sender.email_address) == (SHARED, MEMBER)
    with pytest.raises(ErrorAccessDenied):
        _ = account(exchange, SHARED, login=MEMBER).inbox


def test_limits_of_message_attachment_and_recipients(run, account, folder):
    limited(folder, "message_bytes = 60000\nattachment_bytes = 20000\nrecipients = 2\nrequest_bytes = 200000")
    exchange = run()
    office = account(exchange, OFFICE)
    draft = Message(account=office, folder=office.drafts, subject="d", body="b", to_recipients=[MEMBER])
    draft.save()
    with pytest.raises(ErrorAttachmentSizeLimitExceeded):
        draft.attach(FileAttachment(name="x", content=bytes(20001)))
    for number in range(2):
        draft.attach(FileAttachment(name=f"{number}", content=bytes(19000)))
    with pytest.raises(ErrorMessageSizeExceeded):
        draft.attach(FileAttachment(name="2", content=bytes(19000)))
    draft.send()
    (got,) = account(exchange, MEMBER).inbox.all()
    assert [len(a.content) for a in got.attachments] == [19000, 19000]
    with pytest.raises(ErrorMessageSizeExceeded):
        Message(account=office, subject="x", body="z" * 70000, to_recipients=[MEMBER]).send_and_save()
    with pytest.raises(ErrorSubmissionQuotaExceeded):
        Message(account=office, subject="x", body="b", to_recipients=[MEMBER, SHARED, FRIEND]).send_and_save()
    assert bring(exchange, OFFICE, body="z" * 70000)["rejected"] == [OFFICE]
    large = requests.post(exchange.url, data=b"x" * 200001, timeout=10)
    assert large.status_code == 413
    assert sum(e["event"] == "sent" for e in read_log(folder / "log.jsonl")) == 1


def test_a_full_mailbox_takes_no_draft_and_sends_mail_back(run, account, folder):
    full = ACCOUNTS.replace('password = "member word"', 'password = "member word"\nmailbox_bytes = 4000')
    (folder / "accounts.toml").write_text(full, encoding="utf-8")
    exchange = run()
    office, member = account(exchange, OFFICE), account(exchange, MEMBER)
    bring(exchange, MEMBER, body="z" * 3000)
    with pytest.raises(ErrorQuotaExceeded):
        Message(account=member, folder=member.drafts, subject="d", body="z" * 3000).save()
    Message(account=office, subject="ถึงกล่องเต็ม", body="z" * 2000, to_recipients=[MEMBER]).send_and_save()
    (report,) = office.inbox.all()
    assert b"Status: 5.2.2" in report.mime_content and "เต็ม" in report.text_body
    assert member.inbox.all().count() == 1
    assert bring(exchange, MEMBER, body="z" * 3000)["rejected"] == [MEMBER]
    (refused,) = [e for e in read_log(folder / "log.jsonl") if e["event"] == "refused"]
    assert (refused["mailbox"], refused["why"]) == (MEMBER, "full")
    member.inbox.all().delete()
    Message(account=member, folder=member.drafts, subject="d", body="b").save()


def test_an_accounts_file_that_means_nothing_is_refused(folder):
    for wrong, said in (
        ("[limits]\nmessage_bytes = 0\n", "message_bytes must be"),
        ("[limits]\nmesage_bytes = 1\n", "knows"),
    ):
        (folder / "bad.toml").write_text(
            ACCOUNTS.replace("[[mailboxes]]", wrong + "[[mailboxes]]", 1), encoding="utf-8"
        )
        with pytest.raises(PracticeError, match=said):
            start(folder / "a.db", folder / "bad.toml", folder / "a.jsonl")


def test_nobody_impersonates_whom_he_may_not_send_as(exchange):
    body = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>{}</m:FolderIds></m:GetFolder>"
    box = f'<t:DistinguishedFolderId Id="inbox"><t:Mailbox><t:EmailAddress>{SHARED}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>'
    assert codes(call(exchange, body.format(box))) == ["NoError"]
    assert codes(call(exchange, body.format(box), login=MEMBER)) == ["ErrorAccessDenied"]
