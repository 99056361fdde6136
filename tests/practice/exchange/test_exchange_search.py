"""What can be searched and asked for by number: every restriction, MAPI tags, pages, what is refused."""

import pytest
import requests
from exchangelib import Message
from exchangelib.extended_properties import ExtendedProperty
from practice_world import FRIEND, MEMBER, OFFICE
from raw_ews import SPACES, call, codes

pytestmark = pytest.mark.real

SUBJECTS = ("Café ส่งแบบ", "cafe late", "แบบ ก", "แบบ ก่อน", "report 10", "report 9")


def bring(exchange, subject: str, size: int = 1) -> None:
    """Mail from outside."""
    raw = f"From: {FRIEND}\r\nTo: {OFFICE}\r\nSubject: {subject}\r\nX-Round: {size}\r\n\r\n{'z' * size}\r\n"
    query = {"to": OFFICE}
    requests.post(f"{exchange.base}/practice/outside", params=query, data=raw.encode(), timeout=10).raise_for_status()


def find(exchange, restriction: str, *, extra: str = "", view: str = "", sort: str = "") -> list[str]:
    """The subjects FindItem gives, or its error code."""
    answer = call(
        exchange,
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>'
        f'<t:FieldURI FieldURI="item:Subject"/>{extra}</t:AdditionalProperties></m:ItemShape>{view}'
        f"{f'<m:Restriction>{restriction}</m:Restriction>' if restriction else ''}{sort}"
        '<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem>',
    )
    said = codes(answer)
    return [str(s) for s in answer.xpath("//t:Subject/text()", namespaces=SPACES)] if said == ["NoError"] else said


SUBJECT = '<t:FieldURI FieldURI="item:Subject"/>'
FLAGS = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>'
SIZE = '<t:ExtendedFieldURI PropertyTag="0x0E08" PropertyType="Integer"/>'


def compare(name: str, path: str, value: str) -> str:
    """A comparison with a constant."""
    return f'<t:{name}>{path}<t:FieldURIOrConstant><t:Constant Value="{value}"/></t:FieldURIOrConstant></t:{name}>'


def contains(value: str, mode: str, comparison: str) -> str:
    """A Contains over the subject."""
    how = f'ContainmentMode="{mode}" ContainmentComparison="{comparison}"'
    return f'<t:Contains {how}>{SUBJECT}<t:Constant Value="{value}"/></t:Contains>'


@pytest.fixture
def inbox(exchange):
    """A server whose office has one mail of each subject, the later the longer."""
    for number, subject in enumerate(SUBJECTS):
        bring(exchange, subject, size=100 * (number + 1))
    return exchange


def test_every_restriction_means_what_it_says(inbox):
    wanted = {
        contains("cafe", "Prefixed", "IgnoreCaseAndNonSpacingCharacters"): {SUBJECTS[0], SUBJECTS[1]},
        contains("cafe", "Prefixed", "IgnoreCase"): {SUBJECTS[1]},
        contains("CAFE", "Substring", "Exact"): set(),
        contains("CAFE", "Substring", "Loose"): {SUBJECTS[0], SUBJECTS[1]},
        # a tone mark is part of a Thai word: ก is not ก่
        contains("แบบ ก", "FullString", "Loose"): {SUBJECTS[2]},
        contains("late", "PrefixOnWords", "Exact"): {SUBJECTS[1]},
        contains("ate", "PrefixOnWords", "Exact"): set(),
        compare("IsEqualTo", SUBJECT, "CAFE LATE"): {SUBJECTS[1]},
        compare("IsNotEqualTo", SUBJECT, "cafe late"): set(SUBJECTS) - {SUBJECTS[1]},
        "<t:Exists>" + SUBJECT + "</t:Exists>": set(SUBJECTS),
        '<t:Not><t:Exists><t:FieldURI FieldURI="message:References"/></t:Exists></t:Not>': set(SUBJECTS),
        f'<t:Excludes>{FLAGS}<t:Bitmask Value="0x1"/></t:Excludes>': set(SUBJECTS),
        f'<t:Excludes>{FLAGS}<t:Bitmask Value="0"/></t:Excludes>': set(SUBJECTS),
        f"<t:Not>{contains('report', 'Prefixed', 'Exact')}</t:Not>": set(SUBJECTS[:4]),
        f"<t:And>{contains('report', 'Prefixed', 'Exact')}{compare('IsEqualTo', SUBJECT, 'report 9')}</t:And>": {
            "report 9"
        },
        f"<t:Or>{compare('IsEqualTo', SUBJECT, 'report 9')}{contains('ก', 'FullString', 'Exact')}</t:Or>": {"report 9"},
        "<t:IsEqualTo>" + SUBJECT + f"<t:FieldURIOrConstant>{SUBJECT}</t:FieldURIOrConstant></t:IsEqualTo>": set(
            SUBJECTS
        ),
    }
    assert {asked: set(find(inbox, asked)) for asked in wanted} == wanted
    # numbers are compared as numbers: 1000 is more than 999
    assert set(find(inbox, compare("IsGreaterThan", SIZE, "999"))) < set(SUBJECTS)
    assert find(inbox, compare("IsGreaterThan", SIZE, "many")) == ["ErrorInvalidRestriction"]
    assert find(inbox, f'<t:Excludes>{SUBJECT}<t:Bitmask Value="1"/></t:Excludes>') == [
        "ErrorInvalidExcludesRestriction"
    ]


def test_pages_from_both_ends_and_orders(inbox):
    sort = f'<m:SortOrder><t:FieldOrder Order="Ascending">{SIZE}</t:FieldOrder></m:SortOrder>'
    view = '<m:IndexedPageItemView MaxEntriesReturned="2" Offset="{}" BasePoint="{}"/>'
    assert find(inbox, "", sort=sort) == list(SUBJECTS)
    assert find(inbox, "", sort=sort, view=view.format(2, "Beginning")) == list(SUBJECTS[2:4])
    assert find(inbox, "", sort=sort, view=view.format(0, "End")) == list(SUBJECTS[4:])
    assert find(inbox, "", sort=sort, view=view.format(5, "End")) == [SUBJECTS[0]]
    grouped = '<m:FractionalPageItemView MaxEntriesReturned="2" Numerator="1" Denominator="2"/>'
    assert find(inbox, "", view=grouped) == ["ErrorInvalidOperation"]


class Flags(ExtendedProperty):
    """PR_MESSAGE_FLAGS."""

    property_tag = 0x0E07
    property_type = "Integer"


class Verb(ExtendedProperty):
    """PR_LAST_VERB_EXECUTED: nothing of the server's, a client writes it."""

    property_tag = 0x1081
    property_type = "Integer"


class Submitted(ExtendedProperty):
    """PR_CLIENT_SUBMIT_TIME."""

    property_tag = 0x0039
    property_type = "SystemTime"


class SenderAddress(ExtendedProperty):
    """PR_SENDER_SMTP_ADDRESS."""

    property_tag = 0x5D01
    property_type = "String"


class HasFiles(ExtendedProperty):
    """PR_HASATTACH."""

    property_tag = 0x0E1B
    property_type = "Boolean"


def test_mapi_tags_are_views_of_the_message_and_can_be_written(exchange, account):
    tags = {"tag_flags": Flags, "tag_verb": Verb, "tag_at": Submitted, "tag_from": SenderAddress, "tag_files": HasFiles}
    for name, cls in tags.items():
        Message.register(name, cls)
    try:
        office, member = account(exchange, OFFICE), account(exchange, MEMBER)
        Message(account=office, subject="t", body="b", to_recipients=[MEMBER], tag_verb=103).send_and_save()
        (sent,) = office.sent.filter(tag_verb=103)
        assert (sent.tag_verb, sent.tag_flags, sent.tag_files) == (103, 0x21, False)
        (got,) = member.inbox.all()
        assert (got.tag_verb, got.tag_flags, got.tag_from) == (None, 0, OFFICE)
        assert got.tag_at.isoformat() == "2023-03-15T02:00:00+00:00"
        assert member.inbox.filter(tag_flags=0).count() == 1 and member.inbox.filter(tag_flags__gt=0).count() == 0
        # how a client without another way puts a message that is no draft into a folder
        put = Message(account=office, folder=office.inbox, subject="put", body="b", is_read=True, tag_flags=1)
        put.save()
        put.refresh()
        assert (put.is_draft, put.is_read, put.tag_flags) == (False, True, 1)
    finally:
        for name in tags:
            Message.deregister(name)
