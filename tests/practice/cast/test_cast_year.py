"""Letters of a whole year: several forms of several deadlines in one, reminders and notices without any, old answers kept."""

import io
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parseaddr

import contract_paper
import pytest
from PIL import Image
from practice_office import START, Office, person, token

from songthan.practice.cast.__main__ import Cast
from songthan.practice.cast.letters import Draft, read_letter, write
from songthan.practice.cast.memory import Memory
from songthan.practice.cast.people import HABITS_FOLDER, Habits, Year, read_people, read_year

pytestmark = pytest.mark.real
Q2, REVIEW = "2566-q2", "2566-review"
QUIET = Habits(of={}, reminders={}, mistakes={})
OTHER = "ST-9QXA-7K3D-OTHER"


def cast_of(office: Office, **of: Habits) -> Cast:
    """The cast with these habits (`q2=…, review=…`); everybody else is steady."""
    year = Year(of={f"2566-{name}": habits for name, habits in of.items()}, otherwise=QUIET)
    return Cast(url=office.url, people=read_people(office.people), habits=year, folder=office.folder / "cast", seed=7)


def habits(**of: str) -> Habits:
    return replace(QUIET, of=of)


def play(office: Office, cast: Cast, until: datetime, now: datetime = START) -> list[dict]:
    """Follow «next» up to `until`; every act on the way."""
    acts = []
    while now < until:
        office.set_clock(now)
        answer = cast.step(now)
        assert "error" not in answer, answer
        acts += answer["acts"]
        now = datetime.fromisoformat(answer["next"]) if answer["next"] else until
    return acts


def duties(office: Office, member: str, *papers: tuple[str, str, str], now: datetime = START) -> str:
    """One letter with a form for each (token, deadline, whose)."""
    files = [
        (f"{deadline} {whose}.docx", contract_paper.form(token=key, member=person(whose)["name"], deadline=deadline))
        for key, deadline, whose in papers
    ]
    text = "รายการที่ต้องส่ง\n๑. ภายในวันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖\n๒. ภายในวันพุธที่ ๑๕ มีนาคม ๒๕๖๖"
    return office.send(person(member)["email"], "[ส่งทัน] รายการที่ต้องส่ง", text, files, now)


def from_member(office: Office, member: str) -> list:
    return [m for m in office.inbox() if parseaddr(str(m["From"]))[1] == person(member)["email"]]


def forms_in(mail) -> list[bytes]:
    return [p.get_payload(decode=True) for p in mail.iter_attachments() if (p.get_filename() or "").endswith(".docx")]


def test_the_forms_of_two_deadlines_come_back_in_one_reply(office: Office) -> None:
    duties(office, "m05", (token("m05"), Q2, "m05"), (OTHER, REVIEW, "m05"))
    cast = cast_of(office)
    acts = play(office, cast, START + timedelta(days=8))
    cast.close()
    (mail,) = from_member(office, "m05")
    assert len(acts) == 1 and len(forms_in(mail)) == 2
    typed = {(t["token"], t["deadline"]): t for t in office.typed()}
    assert set(typed) == {(token("m05"), Q2), (OTHER, REVIEW)}
    sent = [contract_paper.read_back(f) for f in forms_in(mail)]
    for key in (token("m05"), OTHER):
        assert {t["field"]: t["typed"] for t in office.typed() if t["token"] == key} in sent


def test_two_habits_are_two_replies_and_one_reminder_presses_only_what_it_names(office: Office) -> None:
    duties(office, "m05", (token("m05"), Q2, "m05"), (OTHER, REVIEW, "m05"))
    late = replace(habits(m05="late"), reminders={"m05": 2})
    cast = cast_of(office, q2=habits(m05="prompt"), review=late)
    monday = START + timedelta(days=4)
    acts = play(office, cast, monday)
    assert [a["habit"] for a in acts] == ["prompt"] and len(forms_in(from_member(office, "m05")[0])) == 1
    for n in (1, 2):
        office.send(person("m05")["email"], "[ส่งทัน] ขอเตือนกำหนดส่ง", f"รหัสแบบ {OTHER}", now=monday + timedelta(hours=n))
        acts = play(office, cast, monday + timedelta(hours=n, minutes=30), monday + timedelta(hours=n))
        assert acts == []
    acts = play(office, cast, monday + timedelta(days=4), monday + timedelta(hours=3))
    cast.close()
    assert [a["habit"] for a in acts] == ["late"]
    assert {t["token"] for t in office.typed()} == {token("m05"), OTHER}


def test_letters_about_others_and_notices_move_nobody(office: Office) -> None:
    """An escalation to the head, a notice, a report on the day: none of them is a reminder of one's own form."""
    duties(office, "m02", (OTHER, Q2, "m02"))
    duties(office, "m05", (token("m05"), Q2, "m05"))
    late = replace(habits(m02="late", m05="late"), reminders={"m02": 1, "m05": 1})
    cast = cast_of(office, q2=late)
    play(office, cast, START + timedelta(hours=1))
    after = START + timedelta(hours=2)
    for subject, text in (
        ("[ส่งทัน] ขอเตือนกำหนดส่ง ผู้รับผิดชอบยังไม่ส่ง", f"{person('m05')['name']} รหัสแบบ {token('m05')}"),
        ("[ส่งทัน] เปลี่ยนแปลงหน้าที่", "ขยายกำหนดส่งเป็นภายในวันที่ ๑๖ มีนาคม ๒๕๖๖"),
        ("[ส่งทัน] มีจดหมายรอท่านตรวจ", "โปรดดูรายการ"),
    ):
        office.send(person("m02")["email"], subject, text, now=after)
    assert play(office, cast, START + timedelta(days=7), after) == []
    # what names nothing at all, and says it reminds, means his own
    office.send(person("m02")["email"], "[ส่งทัน] ขอเตือนกำหนดส่ง", "รายการที่ยังรอรับจากท่าน", now=START + timedelta(days=7))
    acts = play(office, cast, START + timedelta(days=9), START + timedelta(days=7))
    cast.close()
    assert [(a["who"], a["habit"]) for a in acts] == [("m02", "late")]


def test_ones_own_form_and_a_colleagues_in_one_letter(office: Office) -> None:
    duties(office, "m05", (token("m05"), Q2, "m05"), (OTHER, Q2, "m06"))
    cast = cast_of(office)
    acts = play(office, cast, START + timedelta(days=8))
    cast.close()
    assert sorted(a["habit"] for a in acts) == ["on_behalf", "steady"]
    assert {(t["token"], t["member"], t["by"]) for t in office.typed()} == {
        (token("m05"), "m05", "m05"), (OTHER, "m06", "m05"),
    }  # fmt: skip


def test_a_photograph_first_and_what_was_carried_is_kept(office: Office) -> None:
    carried = "รายงานไว้เมื่อไตรมาสก่อน & ยังถูกต้อง"
    for member in ("m05", "m07"):
        paper = contract_paper.form(token=token(member), member=person(member)["name"], carried=carried)
        office.send(person(member)["email"], "[ส่งทัน] แบบรายงาน", "ภายในวันที่ ๑๕ มีนาคม ๒๕๖๖", [("แบบ.docx", paper)])
    cast = cast_of(office, q2=habits(m05="photo", m07="keeps"))
    play(office, cast, START + timedelta(days=6))
    (photo,) = from_member(office, "m05")
    ((name, data),) = [(p.get_filename(), p.get_payload(decode=True)) for p in photo.iter_attachments()]
    assert name.endswith(".jpg") and min(Image.open(io.BytesIO(data)).size) > 1000
    (kept,) = from_member(office, "m07")
    read = contract_paper.read_back(forms_in(kept)[0])
    assert {read[f] for f in read if f.endswith(".done")} == {carried}
    assert {t["typed"] for t in office.typed() if t["field"].endswith(".done")} == {carried}

    later = START + timedelta(days=6)
    office.send(
        person("m05")["email"], "[ส่งทัน] ได้รับไฟล์แล้วแต่ยังใช้เป็นแบบรายงานไม่ได้", "โปรดส่งไฟล์ Word", now=later,
        in_reply_to=photo["Message-ID"],
    )
    play(office, cast, later + timedelta(days=3), later)
    cast.close()
    (answer,) = [m for m in from_member(office, "m05") if forms_in(m)]
    typed = {t["field"]: t["typed"] for t in office.typed() if t["member"] == "m05"}
    assert contract_paper.read_back(forms_in(answer)[0]) == typed


def test_the_registry_gives_one_number_to_the_same_papers(office: Office) -> None:
    cast = cast_of(office)
    for n, paper in enumerate((b"one", b"one", b"two")):
        office.send("registry@senate-office.example", "ส่งรายงาน", "เรียน", [("รายงาน.pdf", paper)], START + timedelta(minutes=n))
    acts = play(office, cast, START + timedelta(days=4))
    cast.close()
    assert sorted(a["what_th"].rpartition(" ")[2] for a in acts) == ["๔๑๒๓/๒๕๖๖", "๔๑๒๔/๒๕๖๖"]


def test_the_date_that_presses_is_the_earliest() -> None:
    raw = write(Draft(
        name="ส่งทัน", address="a@b.example", to="c@b.example", subject="เตือน", at=START, message_id="<1@b.example>",
        text="ก ส่งภายในวันพุธที่ ๓๑ พฤษภาคม ๒๕๖๖\nข ส่งภายในวันที่ 15 มีนาคม พ.ศ. 2566\nค ส่งภายใน ๓๑ กุมภาพันธ์ ๒๕๖๖",
    ))  # fmt: skip
    assert str(read_letter("k", raw).internal) == "2023-03-15"


def test_every_deadline_of_the_year_has_its_own_habits() -> None:
    year = read_year(HABITS_FOLDER)
    names = ("2566-q2", "2566-q3", "2566-july", "2566-q4")
    late = [frozenset(m for m, h in year.during(n).of.items() if h == "late") for n in names]
    assert len(set(late)) == 4 and all(len(who) == 2 for who in late)
    assert {h for n in names[1:] for h in year.during(n).of.values()} >= {"photo", "keeps", "out_of_office", "prints_pdf"}
    assert len({year.during(n).victim for n in names}) == 4
    assert year.during("2567-q2") == year.during("2566-q2")


def test_memory_of_a_form_knows_its_deadline(office: Office) -> None:
    duties(office, "m05", (token("m05"), Q2, "m05"), (OTHER, REVIEW, "m05"))
    cast = cast_of(office)
    cast.step(START)
    cast.close()
    memory = Memory(office.folder / "cast")
    rows = memory.rows("SELECT token, deadline FROM forms ORDER BY deadline")
    memory.close()
    assert rows == [(token("m05"), Q2), (OTHER, REVIEW)]
