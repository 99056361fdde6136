"""`calendar --ics` is held against the grammar of RFC 5545 by a reader written here; `--svg` against its own geometry."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_runner import ROOT, run, run_json
from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.commands.calendar_ics import icalendar
from songthan.commands.calendar_wall import HEIGHT, WIDTH, wall_page
from songthan.commands.calendar_wall_words import short_holiday
from songthan.domain.calendars import WorkCalendar
from songthan.domain.office_year import year_events
from songthan.domain.plans import Plan, Rung
from songthan.workspace import load_plan

PLAN = load_plan(ROOT / "plans" / "2566")
CALENDAR = WorkCalendar(days_off=PLAN.days_off)
CHANGED = datetime(2026, 9, 1, 3, 4, 5, tzinfo=UTC)
_LINE = re.compile(r'([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"\x00-\x1f]*"|[^";:,\x00-\x1f]*))*):(.*)', re.S)


def content_lines(data: bytes) -> list[tuple[str, str, str]]:
    """Name, parameters and value of every line: CRLF only, at most 75 octets, unfolded, the name by the grammar."""
    assert data.endswith(b"\r\n") and data.count(b"\n") == data.count(b"\r") == data.count(b"\r\n")
    physical = data[:-2].split(b"\r\n")
    assert all(0 < len(line) <= 75 for line in physical)
    for line in physical:
        line.decode()  # no character is cut in two
    found = []
    for line in data[:-2].decode().replace("\r\n ", "").split("\r\n"):
        match = _LINE.fullmatch(line)
        assert match, line
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line)
        found.append((match[1], match[2], match[3]))
    return found


def components(lines: list[tuple[str, str, str]], kind: str) -> list[list[tuple[str, str, str]]]:
    """Every component of a kind with what stands between its BEGIN and END; BEGIN and END must nest."""
    stack, found = [], []
    for name, parameters, value in lines:
        if name == "BEGIN":
            stack.append((value, []))
            continue
        if name == "END":
            opened, inside = stack.pop()
            assert opened == value
            if value == kind:
                found.append(inside)
        else:
            # what an alarm says is not said of its event
            stack[-1][1].append((name, parameters, value))
    assert not stack
    return found


def one(component: list[tuple[str, str, str]], name: str) -> str:
    values = [value for key, _, value in component if key == name]
    assert len(values) == 1, (name, values)
    return values[0]


def unescaped(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), value
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], value)


def test_outlook_gets_every_date_of_the_year() -> None:
    result = run("calendar", "--ics", "-")
    assert result.exit_code == 0
    lines = content_lines(result.stdout_bytes)
    events = components(lines, "VEVENT")
    whole = {(one(e, "UID"), one(e, "DTSTART")) for e in events}
    for deadline in run_json("calendar")[1]:
        wanted = {"opens": deadline["opens"], "external": deadline["external"], "internal": deadline["internal"]}
        if deadline["last_working_day"] != deadline["external"]:
            wanted["target"] = deadline["last_working_day"]
        for key, day in wanted.items():
            assert (f"{deadline['id']}.{key}@bfa.example", day.replace("-", "")) in whole
        cut = next(e for e in events if one(e, "UID") == f"{deadline['id']}.cut@bfa.example")
        assert one(cut, "DTSTART") == deadline["cut"].replace("-", "").replace(":", "")[:15]
        assert ("DTSTART", ";TZID=Asia/Bangkok") in {(n, p) for n, p, _ in cut}
        for kind in ("reminder", "escalation"):
            days = {one(e, "DTSTART") for e in events if one(e, "UID").startswith(f"{deadline['id']}.{kind}")}
            assert days == {d.replace("-", "") for d in deadline[f"{kind}s"]}
    assert ("2566-july.target@bfa.example", "20230727") in whole


def test_what_follows_the_members_date_says_who_is_written_to() -> None:
    """Three days that all said «deputies», two of them the same day, told the secretary nothing."""
    events = components(content_lines(icalendar(PLAN, CALENDAR, changed=CHANGED).encode()), "VEVENT")
    titles = [one(e, "SUMMARY") for e in events if one(e, "UID").startswith("2566-q2.escalation")]
    assert [t.partition(":")[0] for t in titles] == ["ขอผู้แทน", "แจ้งหัวหน้า", "แจ้งผู้อำนวยการ"]
    first = PLAN.deadlines[0]
    both = replace(first.ladder, escalations=(Rung(day=1, to="head"), Rung(day=1, to="director")))
    together = replace(PLAN, deadlines=(replace(first, ladder=both),))
    (told,) = [e for e in year_events(together, CALENDAR) if e.kind == "escalation"]
    assert told.to == ("head", "director")
    shown = run("calendar").output
    assert "๑๖ มี.ค. ขอผู้แทน" in shown and "๑๗ มี.ค. แจ้งผู้อำนวยการ" in shown


def test_the_file_has_what_the_grammar_and_outlook_want() -> None:
    lines = content_lines(icalendar(PLAN, CALENDAR, changed=CHANGED).encode())
    (head,) = components(lines, "VCALENDAR")
    assert one(head, "VERSION") == "2.0" and one(head, "METHOD") == "PUBLISH" and one(head, "PRODID")
    assert "๒๕๖๖" in one(head, "X-WR-CALNAME")
    (zone,) = components(lines, "VTIMEZONE")
    assert one(zone, "TZID") == "Asia/Bangkok"
    assert one(components(lines, "STANDARD")[0], "TZOFFSETTO") == "+0700"
    events = components(lines, "VEVENT")
    assert len({one(e, "UID") for e in events}) == len(events) > 40
    for event in events:
        assert one(event, "DTSTAMP") == one(event, "LAST-MODIFIED") == "20260901T030405Z"
        assert 0 < int(one(event, "SEQUENCE")) < 2**31
        first, last = one(event, "DTSTART"), one(event, "DTEND")
        assert last > first
        if ("DTSTART", ";VALUE=DATE") in {(n, p) for n, p, _ in event}:
            assert one(event, "TRANSP") == "TRANSPARENT" and re.fullmatch(r"\d{8}", first)
        categories = re.split(r"(?<!\\),", one(event, "CATEGORIES"))
        named = categories[1] == "ติดตามผู้ที่ยังไม่ส่ง" or unescaped(one(event, "SUMMARY")).startswith(categories[1])
        assert categories[0] == "ส่งทัน" and named
        assert "\n" in unescaped(one(event, "DESCRIPTION"))
    alarms = components(lines, "VALARM")
    # opening, members, cut, last working day where there is one, the bureau's own
    assert len(alarms) == 4 * len(PLAN.deadlines) + 1
    assert all(one(a, "ACTION") == "DISPLAY" and one(a, "DESCRIPTION") for a in alarms)
    assert {one(a, "TRIGGER") for a in alarms} == {"-PT15H30M", "-PT2H"}


def test_a_span_of_days_ends_the_day_after() -> None:
    events = components(content_lines(icalendar(PLAN, CALENDAR, changed=CHANGED).encode()), "VEVENT")
    q3 = next(e for e in events if one(e, "UID") == "2566-q3.internal@bfa.example")
    assert (one(q3, "DTSTART"), one(q3, "DTEND")) == ("20230615", "20230617")


def test_importing_again_moves_an_event_and_doubles_none() -> None:
    later = CHANGED + timedelta(minutes=5)
    moved = replace(PLAN, deadlines=tuple(replace(d, external=d.external + timedelta(days=1)) for d in PLAN.deadlines))
    before, after = (
        {one(e, "UID"): e for e in components(content_lines(icalendar(p, CALENDAR, changed=at).encode()), "VEVENT")}
        for p, at in ((PLAN, CHANGED), (moved, later))
    )
    assert {k for k in before if ".target@" not in k} == {k for k in after if ".target@" not in k}
    key = "2566-q2.external@bfa.example"
    assert (one(before[key], "DTSTART"), one(after[key], "DTSTART")) == ("20230320", "20230321")
    assert int(one(after[key], "SEQUENCE")) > int(one(before[key], "SEQUENCE"))
    assert icalendar(PLAN, CALENDAR, changed=CHANGED) == icalendar(PLAN, CALENDAR, changed=CHANGED)


def test_a_zone_with_summer_time_is_given_in_utc() -> None:
    berlin = replace(CALENDAR, timezone="Europe/Berlin")
    lines = content_lines(icalendar(PLAN, berlin, changed=CHANGED).encode())
    assert components(lines, "VTIMEZONE") == []
    cuts = {one(e, "UID"): one(e, "DTSTART") for e in components(lines, "VEVENT") if ".cut@" in one(e, "UID")}
    assert cuts["2566-q2.cut@bfa.example"] == "20230317T110000Z" and cuts["2566-july.cut@bfa.example"].endswith("T100000Z")


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200))
def test_any_title_comes_back_whole(title: str) -> None:
    plan = replace(PLAN, deadlines=(replace(PLAN.deadlines[1], short=title),))
    events = components(content_lines(icalendar(plan, CALENDAR, changed=CHANGED).encode()), "VEVENT")
    kept = "".join(c for c in title if c in "\n\t" or ord(c) >= 32 and ord(c) != 127)
    assert unescaped(one(events[-1], "SUMMARY")) == f"สำนักส่ง: {kept or ''}"


def texts(svg: str) -> list[tuple[float, float, str]]:
    root = ElementTree.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    return [(float(t.get("x")), float(t.get("y")), "".join(t.itertext())) for t in root.iter(f"{space}text")]


def crowded() -> Plan:
    """Forty deadlines in the same weeks, with long names."""
    base = PLAN.deadlines[1]
    many = [replace(base, id=f"x{n}", short=f"เรื่องที่ยาวมากเรื่องหนึ่งลำดับ {n} <&>") for n in range(40)]
    return replace(PLAN, deadlines=tuple(many))


@pytest.mark.parametrize("plan", [PLAN, crowded(), replace(PLAN, deadlines=())], ids=["2566", "crowded", "empty"])
def test_the_wall_page_is_one_sound_page(plan: Plan) -> None:
    svg = wall_page(plan, CALENDAR)
    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height")) == ("420mm", "297mm") and "size:A3 landscape" in svg
    found = texts(svg)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in found if (x, y) != (0, -2))
    # self-contained: nothing is fetched
    assert not re.search(r"(?:href|src)\s*=|url\((?!data:)|<script|<image", svg)
    # no two texts begin at one place
    places = [(x, y) for x, y, _ in found if (x, y) != (0, -2)]
    assert len(places) == len(set(places))


def test_what_does_not_fit_on_the_wall_is_counted() -> None:
    words = [t for _, _, t in texts(wall_page(crowded(), CALENDAR))]
    cards = [w for w in words if w.endswith("· F4")]
    (rest,) = [w for w in words if w.startswith("และอีก") and "กำหนดส่ง" in w]
    assert str(len(crowded().deadlines) - len(cards)).translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")) in rest
    assert "๓๖" in "".join(w for w in words if "เรื่อง" in w and "และอีก" in w)


def test_the_wall_page_says_what_the_year_holds() -> None:
    words = [t for _, _, t in texts(wall_page(PLAN, CALENDAR))]
    months = [w for w in words if re.fullmatch("[ก-๙]+ ๒๕๖[๕๖]", w)]
    assert months[0] == "ตุลาคม ๒๕๖๕" and months[-1] == "กันยายน ๒๕๖๖" and len(months) == 12
    assert [w for w in words if w.startswith("ไตรมาสที่") and "วันทำการ" in w] == [
        "ไตรมาสที่ ๑ · ๕๙ วันทำการ", "ไตรมาสที่ ๒ · ๖๒ วันทำการ", "ไตรมาสที่ ๓ · ๕๗ วันทำการ", "ไตรมาสที่ ๔ · ๖๐ วันทำการ"
    ]  # fmt: skip
    assert sum(w in ("อา", "จ", "อ", "พ", "พฤ", "ศ", "ส") for w in words) == 84
    assert {"วันจักรี", "วันพืชมงคล", "วันมาฆบูชา"} <= set(words) and not [w for w in words if "แรงงาน" in w]
    assert "วันทำการสุดท้าย" in words and any("วันพฤหัสบดีที่\u00a0๒๗\u00a0ก.ค." in w for w in words)
    assert not re.search(r"[0-9]", "".join(w.replace("F1, F2, F5, F3", "").replace("F3", "").replace("F4", "") for w in words))


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2022-10-13", "วันคล้ายวันสวรรคต พระบรมชนกาธิเบศรฯ"),
        ("2022-12-05", "วันชาติ วันพ่อแห่งชาติ"),
        ("2023-04-06", "วันจักรี"),
        ("2023-05-17", "วันพืชมงคล"),
        ("2023-06-05", "ชดเชย วันวิสาขบูชา วันเฉลิมพระชนมพรรษา สมเด็จพระบรมราชินี"),
        ("2023-08-12", "วันแม่แห่งชาติ"),
        ("2023-10-13", "วันนวมินทรมหาราช"),
    ],
)
def test_days_off_are_called_as_people_call_them(day: str, words: str) -> None:
    assert short_holiday(PLAN.days_off[date.fromisoformat(day)]) == words


def test_a_day_of_the_offices_own_keeps_its_name() -> None:
    assert short_holiday("วันสถาปนาสำนัก") == "วันสถาปนาสำนัก" and short_holiday("") == ""


def test_each_day_of_a_deadline_has_its_sign() -> None:
    svg = wall_page(PLAN, CALENDAR)
    # on the days, and once in the legend
    assert svg.count("<polygon") == 1 + 1
    days = {d.members_until for d in PLAN.deadlines} | {d.internal for d in PLAN.deadlines}
    assert svg.count('stroke="#e67700"') == len(days) + 1
    assert len(re.findall(r'<circle [^>]*fill="#2b8a3e"', svg)) == len({d.external for d in PLAN.deadlines}) + 1


def test_the_face_lies_in_the_file_when_the_machine_has_it(tmp_path: Path) -> None:
    assert "@font-face" not in wall_page(PLAN, CALENDAR)
    svg = wall_page(PLAN, CALENDAR, fonts={"bold": b"\x00\x01", "normal": b"\x02"})
    assert svg.count("@font-face") == 2 and "data:font/ttf;base64,AAE=" in svg
    target = tmp_path / "wall.svg"
    assert run("calendar", "--svg", target).exit_code == 0
    assert ElementTree.parse(target).getroot().tag.endswith("svg") and [p.name for p in tmp_path.iterdir()] == ["wall.svg"]


def test_files_and_json_together_and_the_file_is_what_dash_prints(tmp_path: Path) -> None:
    code, listed = run_json("calendar", "--ics", tmp_path / "a.ics")
    assert code == 0 and len(listed) == len(PLAN.deadlines)
    assert (tmp_path / "a.ics").read_bytes() == run("calendar", "--ics", "-").stdout_bytes


@pytest.mark.parametrize("arguments", [("--json", "--ics", "-"), ("--ics", "-", "--svg", "-")])
def test_two_documents_on_one_output_are_refused(arguments: tuple[str, ...]) -> None:
    result = run("calendar", *arguments)
    assert result.exit_code == 2 and result.stdout == "" and "วิธีแก้" in result.stderr


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    result = run("calendar", "--svg", tmp_path / "no" / "a.svg")
    assert result.exit_code == 3 and "a.svg" in result.stderr and "วิธีแก้" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_wall_page_and_outlook_file_speak_the_offices_language(tmp_path: Path) -> None:
    """They are for the office's people, whatever the command line speaks; the drawn year on the terminal stays Thai."""
    example = str(ROOT / "plans" / "example-en")
    run("calendar", "--plan", example, "--svg", str(tmp_path / "wall.svg"), "--ics", str(tmp_path / "year.ics"))
    wall, outlook = (tmp_path / "wall.svg").read_text("utf-8"), (tmp_path / "year.ics").read_bytes()
    assert [line for line in content_lines(outlook) if re.search("[\u0e00-\u0e7f]", line[2])] == []
    assert re.findall("[\u0e00-\u0e7f]+", re.sub("<style>.*?</style>", "", wall)) == []
    assert ">Quarter 1<" not in wall and "Quarter 1" in wall and "Quarter 1 2027" in outlook.decode().replace("\r\n ", "")
    assert "ไตรมาสที่" in run("calendar", "--plan", example).output
