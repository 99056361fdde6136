"""The ledger: append-only, whole transactions, two hands on one file, dead processes, broken files."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from songthan.adapters.ledger import TABLES, SqliteLedger
from songthan.domain.assignments import Assignment, AssignmentState, DeadlineState
from songthan.domain.errors import LeaseLost, LedgerError, TransitionRefused
from songthan.domain.forms import Answer, Problem, ReturnedForm
from songthan.domain.messages import Attachment, MailRef, Message, OutgoingFile, OutgoingMail, Route, SentRef

NOW = datetime(2023, 3, 1, 9, 0, tzinfo=UTC)
ONE = Assignment(
    id="d1.f3.s01", deadline="d1", form="f3", seat="s01", member="m01", token="ST-1", activities=("1.1", "1.2(3)")
)
FILE = Attachment(name="แบบ.docx", type="application/x", sha256="a" * 64, size=3, role="form")
FORM = ReturnedForm(
    form="f3", token="ST-1", deadline="d1", recognised_by="custom-property",
    answers={"1.1.percent": Answer(field="1.1.percent", value=None, raw="ร้อยละ ๕๐?", source="แถว ๑", method="table")},
    problems=(Problem(field="1.1.percent", code="unreadable", message_th="โปรดแก้"),), verdict="incomplete",
)  # fmt: skip


@pytest.fixture
def ledger() -> SqliteLedger:
    return SqliteLedger(None)


def ref(mailbox_id: str) -> MailRef:
    return MailRef(id=mailbox_id, change="c", received=NOW)


def mail(key: str = "d1/request/m01", **changes: object) -> OutgoingMail:
    given = {
        "key": key, "kind": "request", "to": ("ก@x.example",), "subject": "เรื่อง", "text": "ข้อความ", "html": "<p>ข้อความ",
        "files": (OutgoingFile(name="ก.docx", type="t", sha256="b" * 64),), "references": ("<r@x>",),
    }  # fmt: skip
    return OutgoingMail(**{**given, **changes})


def message(text: str = "สวัสดี", **changes: object) -> Message:
    given = {
        "sha256": "c" * 64, "received": NOW, "sender": "m@x.example", "message_id": "<1@x>", "body": text,
        "attachments": (FILE,), "headers": (("X-A", "ค่า"),), "in_reply_to": ("<r@x>",), "defects": ("bad-date",),
    }  # fmt: skip
    return Message(**{**given, **changes})


def taken_in(ledger: SqliteLedger, mailbox_id: str, parsed: Message, *, routed: bool = True) -> int:
    row = ledger.inbox.add(ref(mailbox_id), parsed.sha256, NOW)
    ledger.inbox.save_parsed([(row, parsed)])
    if routed:
        ledger.inbox.save_route(row, Route(route="hold", rule="r", reason="เหตุ"), NOW)
    return row


# history and transactions


def test_history_can_only_grow(ledger: SqliteLedger) -> None:
    ledger.record("kind", "subject", NOW, word="ไทย")
    for statement in ("update events set kind='x'", "delete from events"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            ledger.db.conn.execute(statement)
        ledger.db.conn.rollback()
    assert [(e["kind"], e["data"]) for e in ledger.events()] == [("kind", '{"word": "ไทย"}')]


def test_an_error_takes_back_the_whole_transaction_inner_ones_too(ledger: SqliteLedger) -> None:
    with pytest.raises(KeyError), ledger.transaction():
        ledger.add_assignments((ONE,), NOW)
        ledger.move_deadline("d1", DeadlineState.OPEN, NOW)
        ledger.outbox.plan(mail(), NOW)
        with ledger.transaction():
            ledger.record("inner", "x", NOW)
        raise KeyError
    assert ledger.events() == [] and ledger.assignment_rows() == [] and ledger.outbox.state(mail().key) == "none"
    assert ledger.deadline_state("d1") is DeadlineState.PLANNED and not ledger.db.conn.in_transaction


def test_an_inner_error_that_is_caught_takes_back_only_the_inner_part(ledger: SqliteLedger) -> None:
    with ledger.transaction():
        ledger.record("outer", "x", NOW)
        try:
            with ledger.transaction():
                ledger.record("inner", "x", NOW)
                raise KeyError
        except KeyError:
            pass
        ledger.record("after", "x", NOW)
    assert [e["kind"] for e in ledger.events()] == ["outer", "after"]


def test_a_kill_signal_inside_leaves_nothing(ledger: SqliteLedger) -> None:
    class Killed(BaseException):
        pass

    with pytest.raises(Killed), ledger.transaction():
        ledger.record("half", "x", NOW)
        raise Killed
    assert ledger.events() == []


def test_kill_9_in_the_middle_leaves_no_half_state(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    SqliteLedger(path).close()
    child = (
        "import sys, time\nfrom pathlib import Path\nfrom datetime import UTC, datetime\n"
        "from songthan.adapters.ledger import SqliteLedger\nfrom songthan.domain.assignments import DeadlineState\n"
        "ledger = SqliteLedger(Path(sys.argv[1])); now = datetime.now(UTC)\n"
        "ledger.record('whole', 'x', now)\n"
        # a page cache of one page makes SQLite write into the file itself before the commit
        "ledger.db.conn.execute('PRAGMA cache_size=1')\n"
        "with ledger.transaction():\n"
        "    ledger.move_deadline('d1', DeadlineState.OPEN, now)\n"
        "    for n in range(3000): ledger.record('half', 'x' * 200, now, n=n)\n"
        "    print('inside', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", child, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip() == "inside"
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert (tmp_path / "ledger.sqlite-journal").exists()
    ledger = SqliteLedger(path)
    assert [e["kind"] for e in ledger.events()] == ["whole"]
    assert ledger.deadline_state("d1") is DeadlineState.PLANNED
    assert ledger.row("pragma integrity_check") == {"integrity_check": "ok"}


# two connections on one file


def test_two_connections_see_each_others_commits_and_only_those(tmp_path: Path) -> None:
    one, two = SqliteLedger(tmp_path / "l.sqlite"), SqliteLedger(tmp_path / "l.sqlite")
    assert one.salt == two.salt
    with one.transaction():
        one.record("mine", "x", NOW)
        assert two.events() == []
    assert [e["kind"] for e in two.events()] == ["mine"]
    first, second = one.inbox.add(ref("A"), "a" * 64, NOW), two.inbox.add(ref("A"), "a" * 64, NOW)
    assert first == second and one.inbox.counts()["all"] == 1


def test_a_writer_that_cannot_get_in_is_told_what_to_do_and_works_later(tmp_path: Path) -> None:
    one, two = SqliteLedger(tmp_path / "l.sqlite"), SqliteLedger(tmp_path / "l.sqlite")
    two.db.conn.execute("PRAGMA busy_timeout=20")
    with one.transaction():
        one.record("mine", "x", NOW)
        with pytest.raises(LedgerError) as caught:
            two.record("other", "x", NOW)
    assert caught.value.remedy and caught.value.exit_code == 3
    two.record("later", "x", NOW)
    assert [e["kind"] for e in one.events()] == ["mine", "later"]


def test_a_commit_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    """A reader that stays bars the commit: the change is taken back, and the next one is durable again."""
    path = tmp_path / "l.sqlite"
    ledger = SqliteLedger(path)
    ledger.record("before", "x", NOW)
    ledger.db.conn.execute("PRAGMA busy_timeout=20")
    reader = sqlite3.connect(path)
    cursor = reader.execute("select * from events union all select * from events")
    cursor.fetchone()
    with pytest.raises(LedgerError):
        ledger.record("barred", "x", NOW)
    assert not ledger.db.conn.in_transaction
    cursor.close()
    reader.close()
    ledger.record("after", "x", NOW)
    assert [e["kind"] for e in SqliteLedger(path).events()] == ["before", "after"]


def test_a_full_disk_is_a_ledger_error_without_half_state(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "l.sqlite")
    pages = ledger.row("pragma page_count")["page_count"]
    ledger.db.conn.execute(f"pragma max_page_count={pages}")
    with pytest.raises(LedgerError), ledger.transaction():
        ledger.move_deadline("d1", DeadlineState.OPEN, NOW)
        for n in range(200):
            ledger.record("filling", "x" * 500, NOW, n=n)
    assert ledger.events() == [] and ledger.deadline_state("d1") is DeadlineState.PLANNED
    ledger.db.conn.execute(f"pragma max_page_count={pages + 1000}")
    ledger.record("room again", "x", NOW)
    assert len(ledger.events()) == 1


# opening


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be looked at" * 40, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_corrupt_file_is_refused_with_the_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "l.sqlite"
    path.write_bytes(content)
    with pytest.raises(LedgerError) as caught:
        SqliteLedger(path)
    assert caught.value.where == str(path) and "สำเนาสำรอง" in caught.value.remedy
    assert path.read_bytes() == content


def test_damage_found_while_reading_is_a_ledger_error(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    ledger = SqliteLedger(path)
    with ledger.transaction():
        for n in range(300):
            ledger.record("kind", "x" * 100, NOW, n=n)
    ledger.close()
    data = bytearray(path.read_bytes())
    for start in range(4096 * 30, len(data), 4096):
        data[start : start + 4096] = b"\xff" * len(data[start : start + 4096])
    path.write_bytes(data)
    with pytest.raises(LedgerError) as caught:
        SqliteLedger(path).events()
    assert caught.value.remedy


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    ledger = SqliteLedger(path)
    ledger.db.execute("update meta set value='99' where key='schema'")
    ledger.db.execute("drop table lease")
    ledger.close()
    with pytest.raises(LedgerError, match="รุ่นใหม่กว่า"):
        SqliteLedger(path)
    assert "lease" not in {r[0] for r in sqlite3.connect(path).execute("select name from sqlite_master")}


def test_reopening_keeps_salt_and_settings(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    first = SqliteLedger(path)
    salt = first.salt
    first.close()
    again = SqliteLedger(path)
    assert again.salt == salt and len(salt) == 32
    assert again.row("pragma journal_mode") == {"journal_mode": "delete"}
    assert again.row("pragma synchronous") == {"synchronous": 3}
    assert set(TABLES) <= set(again.db.table_names())


# states


def test_states_move_by_the_table_and_each_move_is_an_event(ledger: SqliteLedger) -> None:
    ledger.add_assignments((ONE,), NOW)
    ledger.add_assignments((ONE,), NOW)
    ledger.move_assignment(ONE.id, AssignmentState.ASKED, NOW, asked_on="2023-03-01")
    ledger.move_assignment(ONE.id, AssignmentState.ASKED, NOW)
    with pytest.raises(TransitionRefused):
        ledger.move_assignment(ONE.id, AssignmentState.NEEDS_CORRECTION, NOW)
    assert ledger.as_assignment(ledger.assignment_row(ONE.id)).state is AssignmentState.ASKED
    assert ledger.as_assignment(ledger.assignment_by_token("ST-1")).activities == ONE.activities
    assert [e["kind"] for e in ledger.events(ONE.id)] == ["assignment-planned", "assignment-asked"]
    with pytest.raises(TransitionRefused):
        ledger.move_deadline("d1", DeadlineState.SIGNED, NOW)
    with pytest.raises(LedgerError):
        ledger.move_assignment("nobody", AssignmentState.ASKED, NOW)


def test_the_days_somebody_was_written_to_are_the_offices_days(ledger: SqliteLedger) -> None:
    """A mail at one in the morning in Bangkok is of that day, whatever zone the clock speaks."""
    ledger.outbox.plan(mail("a"), datetime(2023, 3, 1, 18, 0, tzinfo=UTC))
    bangkok = datetime.fromisoformat("2023-03-01T23:30:00+07:00")
    ledger.outbox.plan(mail("b"), bangkok)
    days = {at.astimezone(bangkok.tzinfo).date() for _, at in ledger.outbox.written(bangkok)}
    assert days == {date(2023, 3, 2), date(2023, 3, 1)}
    assert ledger.outbox.written(bangkok, without=frozenset({mail("a").kind})) == []


def test_a_letter_that_tells_several_things_answers_to_each_key(ledger: SqliteLedger) -> None:
    ledger.outbox.plan(mail("letters/1"), NOW, deadline="", covers=(("q2/request/m1", "q2"), ("f4/request/m1", "f4")))
    assert ledger.outbox.states("q2") == {"q2/request/m1": "intended"}
    ledger.outbox.mark_doubt("letters/1", "why")
    assert ledger.outbox.states("f4") == {"f4/request/m1": "doubt"} and ledger.outbox.states("other") == {}


# lease


def test_the_lease_is_one_holders_and_the_fence_grows(ledger: SqliteLedger) -> None:
    assert ledger.take_lease("driver", "a", NOW, 60) == 1
    assert ledger.take_lease("driver", "a", NOW + timedelta(seconds=30), 60) == 1
    with pytest.raises(LeaseLost) as caught:
        ledger.take_lease("driver", "b", NOW + timedelta(seconds=89), 60)
    assert "(a)" in caught.value.th and caught.value.remedy
    assert ledger.take_lease("driver", "b", NOW + timedelta(seconds=91), 60) == 2
    with pytest.raises(LeaseLost):
        ledger.take_lease("driver", "a", NOW + timedelta(seconds=92), 60)
    ledger.drop_lease("driver", "a")
    with pytest.raises(LeaseLost):
        ledger.take_lease("driver", "a", NOW + timedelta(seconds=92), 60)


def test_the_fence_grows_also_after_the_lease_was_given_back(ledger: SqliteLedger) -> None:
    first = ledger.take_lease("driver", "a", NOW, 60)
    ledger.drop_lease("driver", "a")
    assert ledger.take_lease("driver", "b", NOW, 60) > first


# outbox


def test_an_intent_is_kept_as_first_written(ledger: SqliteLedger) -> None:
    ledger.outbox.plan(mail(), NOW, deadline="d1", subjects=("d1.f3.s01",))
    ledger.outbox.plan(mail(subject="อีกเรื่อง"), NOW)
    assert ledger.outbox.mail(mail().key) == mail() and ledger.outbox.states("d1") == {mail().key: "intended"}
    with pytest.raises(LookupError):
        ledger.outbox.intend(mail("never"))
    with pytest.raises(KeyError):
        ledger.outbox.mail("never")
    assert ledger.outbox.state("never") == "none"


def test_the_outboxs_arrows(ledger: SqliteLedger) -> None:
    draft = SentRef(id="dr", change="1", folder="drafts")
    sent = SentRef(id="se", change="1", folder="sent", message_id="<s@x>")
    for key in ("a", "b"):
        ledger.outbox.plan(mail(key), NOW)
        ledger.outbox.mark_handed(key, draft)
        assert ledger.outbox.state(key) == "handed"
    assert [m.key for m in ledger.outbox.unsent()] == ["a", "b"]
    ledger.outbox.mark_sent("a", sent, NOW)
    ledger.outbox.mark_sent("a", SentRef(id="x", change="1", folder="sent", message_id="<other@x>"), NOW)
    ledger.outbox.mark_doubt("a", "สงสัย")
    ledger.outbox.mark_handed("a", draft)
    assert ledger.outbox.get("a")["message_id"] == "<s@x>" and ledger.outbox.state("a") == "sent"
    ledger.outbox.mark_doubt("b", "สงสัย")
    ledger.outbox.mark_handed("b", draft)
    assert (ledger.outbox.state("b"), ledger.outbox.get("b")["why"]) == ("doubt", "สงสัย")
    assert ledger.outbox.unsent() == [] and ledger.outbox.sent_count() == 1
    ledger.outbox.mark_sent("b", sent, NOW)
    assert ledger.outbox.state("b") == "sent"
    assert ledger.outbox.by_message_id(("<none@x>", "<s@x>"))["key"] in ("a", "b")
    assert ledger.outbox.by_message_id(("", "<none@x>")) is None
    assert len([e for e in ledger.events("a") if e["kind"] == "mail-sent"]) == 1


# inbox


def test_one_mailbox_item_is_one_row(ledger: SqliteLedger) -> None:
    first = ledger.inbox.add(ref("A"), "a" * 64, NOW)
    assert ledger.inbox.add(ref("A"), "b" * 64, NOW) == first != ledger.inbox.add(ref("B"), "a" * 64, NOW)
    assert ledger.inbox.known(["A", "B", "C"]) == {"A", "B"} and ledger.inbox.counts() == {"all": 2}
    assert len(ledger.events()) == 2


def test_many_ids_are_asked_for_in_one_call(ledger: SqliteLedger) -> None:
    for name in ("A", "B"):
        ledger.inbox.add(ref(name), "a" * 64, NOW)
    assert ledger.inbox.known([f"x{n}" for n in range(40_000)] + ["B", "A"]) == {"A", "B"} and ledger.inbox.known([]) == set()


def test_how_far_the_mailbox_was_listed_is_kept(ledger: SqliteLedger) -> None:
    assert ledger.inbox.mailbox_state() == ""
    for state in ("one", "two", "two", ""):
        ledger.inbox.save_mailbox_state(state)
        assert ledger.inbox.mailbox_state() == state


def test_a_row_goes_from_stored_to_settled_and_a_message_comes_back_whole(ledger: SqliteLedger) -> None:
    row = taken_in(ledger, "A", message())
    assert ledger.inbox.message(row) == message()
    assert [r["id"] for r in ledger.inbox.unfinished()] == [row] == [r["id"] for r in ledger.inbox.holds()]
    ledger.inbox.settle([(row, "A2", "รอตรวจ")])
    assert ledger.inbox.unfinished() == [] and ledger.inbox.known(["A", "A2", "A3"]) == {"A", "A2"}
    ledger.inbox.decide(row, "reject", "ไม่เกี่ยวข้อง", NOW)
    assert ledger.inbox.holds() == [] and len(ledger.inbox.holds(open_only=False)) == 1
    assert [e["kind"] for e in ledger.events(f"inbox/{row}")] == ["mail-stored", "mail-hold", "hold-reject"]
    with pytest.raises(KeyError):
        ledger.inbox.message(ledger.inbox.add(ref("B"), "d" * 64, NOW))


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({}, True),
        ({"sha256": "c" * 64, "body": "อื่น", "message_id": "<2@x>"}, True),
        ({"body": "แก้แล้ว"}, False),
        ({"attachments": ()}, False),
        ({"sender": "other@x.example"}, False),
        ({"message_id": "<2@x>"}, False),
        ({"message_id": ""}, False),
    ],
)
def test_seen_before(ledger: SqliteLedger, change: dict, seen: bool) -> None:
    first = taken_in(ledger, "A", message(message_id=change.get("message_id", "<1@x>") and "<1@x>"))
    later = message(**{"sha256": "d" * 64, **change})
    second = taken_in(ledger, "B", later, routed=False)
    assert ledger.inbox.seen_before(second, later.sha256, later.message_id) is seen
    assert not ledger.inbox.seen_before(first, "c" * 64, "<1@x>")


# returns and evidence


def test_a_return_and_its_evidence_are_kept_once(ledger: SqliteLedger) -> None:
    ledger.add_assignments((ONE,), NOW)
    row = taken_in(ledger, "A", message())
    first = ledger.returns.add(ONE.id, row, FILE, FORM, NOW)
    assert ledger.returns.add(ONE.id, row, FILE, FORM, NOW) == first
    assert ledger.returns.form(first) == FORM
    for _ in range(2):
        ledger.returns.add_evidence(ONE.id, row, FILE)
    assert ledger.returns.evidence_names(ONE.id) == ["แบบ.docx"] and len(ledger.returns.evidence("d1")) == 1
    again = taken_in(ledger, "B", message())
    ledger.returns.add_evidence(ONE.id, again, FILE)
    assert len(ledger.returns.evidence("d1")) == 1
    with pytest.raises(KeyError):
        ledger.returns.form(99)


def test_only_the_accepted_return_of_an_accepted_assignment_counts(ledger: SqliteLedger) -> None:
    ledger.add_assignments((ONE,), NOW)
    ledger.move_assignment(ONE.id, AssignmentState.ASKED, NOW)
    old, new = (
        ledger.returns.add(ONE.id, taken_in(ledger, box, message()), FILE, FORM, NOW) for box in ("A", "B")
    )
    ledger.move_assignment(ONE.id, AssignmentState.RECEIVED, NOW, current_return=new)
    ledger.returns.accept(old, NOW)
    assert ledger.returns.accepted("d1") == []
    ledger.move_assignment(ONE.id, AssignmentState.ACCEPTED, NOW)
    assert ledger.returns.accepted("d1") == []
    ledger.returns.accept(new, NOW)
    (row,) = ledger.returns.accepted("d1")
    assert (row["id"], row["raw"], row["member"]) == (new, "c" * 64, "m01")


# bundles


def test_versions_are_kept_and_a_void_one_is_not_the_latest(ledger: SqliteLedger) -> None:
    for version in (1, 1, 2):
        ledger.bundles.add("d1", version, folder=f"b/v{version}", manifest="m", frozen="f", at=NOW)
    assert [b["version"] for b in ledger.bundles.all("d1")] == [1, 2]
    ledger.bundles.note("d1", 2, NOW, "bundle-void", void=1)
    assert ledger.bundles.latest("d1")["version"] == 1 and ledger.bundles.get("d1", 3) is None
    assert [e["kind"] for e in ledger.events("d1/v2")] == ["bundle-frozen", "bundle-void"]


def test_a_mail_with_forms_of_two_deadlines_belongs_to_both(ledger: SqliteLedger) -> None:
    other = replace(ONE, id="d2.f4.s01", deadline="d2", token="ST-2")
    ledger.add_assignments((ONE, other), NOW)
    both, one = taken_in(ledger, "a", message()), taken_in(ledger, "b", message(message_id="<2@x>"))
    for assignment, row in ((ONE, both), (other, both), (ONE, one)):
        ledger.returns.add(assignment.id, row, FILE, replace(FORM, token=assignment.token), NOW)
    assert (ledger.returns.mails("d1"), ledger.returns.mails("d2")) == ({both, one}, {both})
    assert ledger.returns.mails("d3") == frozenset()
