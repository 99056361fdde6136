"""Requests that exchangelib wrote, broken in small ways: the server answers each, stays up, and its journal stays true."""

import json
import random
import re

import pytest
import requests
from exchangelib import FileAttachment, Folder, Message
from lxml import etree
from practice_world import MEMBER, OFFICE, PASSWORDS
from raw_ews import SPACES

from songthan.practice.exchange import read_log
from wire_check import violations

pytestmark = pytest.mark.real

TEXTS = ("", "-1", "9" * 24, "ก่", "true", "NaN", "2023-13-45", "=?utf-8?q?x", "<&>", "0x", "AA==", "\t\n", "x" * 3000)
NAMES = ("t:Message", "t:ItemId", "t:FolderId", "t:Mailbox", "t:And", "t:Value", "t:FieldURI", "m:Items", "m:ItemIds")
MUTANTS = 250


def a_day_of_work(exchange, account) -> None:
    """Something of every operation, so that there is something to break."""
    office = account(exchange, OFFICE)
    draft = Message(
        account=office, folder=office.drafts, subject="s", body="b", to_recipients=[MEMBER], practice_key="k"
    )
    draft.save()
    draft.attach(FileAttachment(name="a", content=b"a"))
    draft.subject = "t"
    draft.save(update_fields=["subject"])
    list(office.drafts.filter(practice_key="k", subject__contains="t").order_by("subject"))
    draft.refresh()
    assert draft.attachments[0].content == b"a"
    folder = Folder(parent=office.inbox, name="f")
    folder.save()
    draft.copy(to_folder=folder)
    (copy,) = folder.all()
    copy.move(office.junk)
    copy.delete()
    subscription, mark = office.inbox.subscribe_to_pull()
    list(office.inbox.get_events(subscription, mark))
    list(office.inbox.sync_items())
    list(office.root.sync_hierarchy())
    draft.detach(draft.attachments[0])
    draft.refresh()
    draft.send()


def mutant(raw: str, chance: random.Random) -> bytes:
    """The request with one to three things wrong: an element gone, doubled, renamed or moved, a text or attribute odd."""
    root = etree.fromstring(raw.encode("utf-8"))
    body = root.find("s:Body", SPACES)
    for _ in range(chance.randint(1, 3)):
        nodes = [node for node in body.iter() if isinstance(node.tag, str) and node is not body]
        if not nodes:
            break
        node, kind = chance.choice(nodes), chance.randrange(7)
        other = etree.fromstring(etree.tostring(chance.choice(nodes), with_tail=False))
        if kind == 0:
            node.getparent().remove(node)
        elif kind == 1:
            node.addprevious(etree.fromstring(etree.tostring(node, with_tail=False)))
        elif kind == 2:
            node.text = chance.choice(TEXTS)
        elif kind == 3 and node.attrib:
            node.set(chance.choice(list(node.attrib)), chance.choice(TEXTS))
        elif kind == 4 and node.attrib:
            del node.attrib[chance.choice(list(node.attrib))]
        elif kind == 5:
            prefix, _, name = chance.choice(NAMES).partition(":")
            node.tag = f"{{{SPACES[prefix]}}}{name}"
        else:
            node.append(other)
    return etree.tostring(root)


@pytest.mark.parametrize("strict", [True, False])
def test_a_broken_request_breaks_nothing(run, account, folder, strict):
    exchange = run(strict=strict)
    a_day_of_work(exchange, account)
    wire = folder / "wire.jsonl"
    written = [json.loads(line)["request"] for line in wire.read_text(encoding="utf-8").splitlines()]
    assert len({re.search(r"<m:(\w+)", raw)[1] for raw in written}) > 14
    chance, said = random.Random(2566), set()
    with requests.Session() as client:
        client.auth = (OFFICE, PASSWORDS[OFFICE])
        for _ in range(MUTANTS):
            answer = client.post(exchange.url, data=mutant(chance.choice(written), chance), timeout=30)
            assert answer.status_code in (200, 500)
            said.update(re.findall(r"ResponseCode[^>]*>(\w+)<", answer.text))
    assert exchange.process.poll() is None and {"NoError", "ErrorItemNotFound"} <= said
    assert len(said) > 3
    if strict:
        # what the schema lets through never makes the server stumble, and every answer is valid
        assert "ErrorInternalServerError" not in said and "ErrorSchemaValidation" in said
        assert not {key for key in violations(wire) if key[0] == "response"}
    events = read_log(folder / "log.jsonl")
    assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
    office = account(exchange, OFFICE)
    assert sum(e["event"] == "sent" for e in events) == office.sent.all().count() == 1
    wire.unlink()  # broken on purpose
