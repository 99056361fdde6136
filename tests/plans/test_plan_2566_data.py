"""The plan of 2566 as data, held against facts that do not come from the data: dates, counts, the plan's own text.

The plan's text is another's document and not part of the repository. So every text is held against a committed
fingerprint of the plan's row (`plan_2566_fingerprints.json`: its columns, white space and dashes out, slips mended by README's table), and where the
text lies beside the repository the fingerprints themselves are made again from it. Neither half is ever skipped: away
from the plan's text the fingerprints stand in for it.
"""

import json
import re
import tomllib
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import holidays
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "plans" / "2566"
SEED = ROOT.parent / "shared" / "seed" / "plan-2566.txt"
PLAN, ROSTER, RUBRIC, HOLIDAYS = (
    tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")) for name in ("plan", "roster", "rubric", "holidays")
)
FINGERPRINTS = json.loads(Path(__file__).with_name("plan_2566_fingerprints.json").read_text("utf-8"))
ACTIVITIES = {a["id"]: a for a in PLAN["activities"]}
THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")

DUE = {
    date(2023, 3, 15): "1.1 1.2 1.3 7.1 13 16",
    date(2023, 4, 3): "1.6(1)",
    date(2023, 6, 15): "1.7(1) 1.7(2) 1.8 2.1 2.2 4.1 9.1 10.1 10.2 10.3 11.1 11.2 11.3",
    date(2023, 6, 16): "1.5 15 17",
    date(2023, 7, 25): "1.4(1) 1.4(2) 1.6(2) 1.9 3.1 5.1 6.1 8.1 12.1 14",
    date(2023, 9, 11): "1.4(3)",
}
ORDER = [
    *("1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7(1)", "1.7(2)", "1.8", "1.9", "2.1", "2.2", "3.1", "4.1", "5.1"),
    *("6.1", "7.1", "8.1", "9.1", "10.1", "10.2", "10.3", "11.1", "11.2", "11.3", "12.1", "13", "14", "15", "16", "17"),
]
PROJECT_LINES = {
    **{"1": 280, "2": 303, "3": 306, "4": 310, "5": 312, "6": 316, "7": 328, "8": 330, "9": 332, "10": 336},
    **{"11": 354, "12": 360, "13-17": 364},
}
GUIDELINE_LINES = {"1.1": 273, "1.2": 275, "1.3": 277, "2.1": 323, "2.2": 325, "3.1": 347, "3.2": 349, "3.3": 351}
MEASURE_LINES = {1: (269,), 2: (319,), 3: (341, 343)}
CHANNEL_LINES = {"f1": (455, 456), "f2": (508, 509), "f3": (554, 555), "f4": (570,), "f5": (641, 642)}


def squeeze(text: str) -> str:
    """Without white space and dashes: what OCR's line ends and bullets cannot change."""
    return re.sub(r"[\s\-–]+", "", text)


def fingerprint(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def row(*cells: list[str]) -> str:
    return "|".join(squeeze("".join(cell)) for cell in cells)


def texts_of_the_data() -> dict[str, str]:
    """Every text that is said to be the plan's, by a key, in the plan's order of columns."""
    texts = {"organisation title": squeeze(PLAN["organisation"]["plan_title"])}
    texts["organisation group"] = squeeze(PLAN["organisation"]["working_group"])
    for a in PLAN["activities"]:
        head = [a["title"], *a["details"]]
        texts[f"activity {a['id']}"] = row(head, a["outputs"], a["outcomes"], a["documents"], a["notes"])
    texts |= {f"project {p['id']}": squeeze(p["title"]) for p in PLAN["projects"]}
    texts |= {f"measure {m['number']}": squeeze(m["title"]) for m in PLAN["measures"]}
    texts |= {f"guideline {g['id']}": squeeze(g["title"]) for m in PLAN["measures"] for g in m["guidelines"]}
    texts |= {f"channel {k}": squeeze(PLAN["channels"][k]["title"]) for k in CHANNEL_LINES}
    for c in RUBRIC["criteria"]:
        texts[f"criterion {c['id']}"] = row([c["text"]], *([s["text"]] for s in c["scores"]))
    texts |= {f"level {x['level']}": squeeze(x["name"] + x["text"]) for x in RUBRIC["levels"]}
    texts |= {f"department {x['level']}": squeeze(x["name"] + x["text"]) for x in RUBRIC["department_levels"]}
    return texts


def mended_seed() -> dict[int, str]:
    """The plan's lines with README's mends applied, HTML and shared passwords out, cells parted by «|»."""
    lines = dict(enumerate(SEED.read_text("utf-8").split("\n"), start=1))
    for number, as_read, mended in mends():
        assert squeeze(as_read) in squeeze(lines[number]), (
            f"README mends «{as_read}», which line {number} does not have"
        )
        pattern = r"\s*".join(map(re.escape, "".join(as_read.split())))
        lines[number] = re.sub(pattern, lambda _, text=mended: text, lines[number])
    # persons are named in two note cells: 1.1 after a centred paragraph begins, 1.2 after the group's name
    lines[281] = lines[281].partition('<p style="text-align: center;">')[0]
    lines[284] = re.sub(r"(ผู้รับผิดชอบ: คณะทำงานสำนัก).*", r"\1", lines[284])
    clean = {n: re.sub(r"\(?Password: \*+\)?", "", re.sub(r"<[^>]+>", " ", line)) for n, line in lines.items()}
    return {n: "|".join(squeeze(cell) for cell in line.split("\t")) for n, line in clean.items()}


def mends() -> list[tuple[int, str, str]]:
    table = (FOLDER / "README.md").read_text("utf-8").partition("## Mended slips")[2].partition("Slips of the text")[0]
    return [(int(n), a, b) for n, a, b in re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \|", table, re.MULTILINE)]


def texts_of_the_seed() -> dict[str, str]:
    """The same keys as `texts_of_the_data`, made from the plan's lines alone (and the line numbers)."""
    seed = mended_seed()
    joined = "".join(seed[n] for n in (15, 16, 17))
    texts = {"organisation title": seed[44], "organisation group": joined}
    for a in ORDER:
        printed = "๒)" if a == "1.7(2)" else a.removesuffix("(1)").translate(THAI_DIGITS)
        text = seed[ACTIVITIES[a]["source_lines"][0]].lstrip("|")
        assert text.startswith(printed)
        texts[f"activity {a}"] = text.removeprefix(printed).lstrip(".|")
    for key, number in PROJECT_LINES.items():
        texts[f"project {key}"] = re.sub(r"^[๐-๙]+\.", "", seed[number]).strip("|")
    for key, numbers in MEASURE_LINES.items():
        text = "".join(seed[n] for n in numbers)
        texts[f"measure {key}"] = text.removeprefix(f"มาตรการที่{key}".translate(THAI_DIGITS))
    for key, number in GUIDELINE_LINES.items():
        texts[f"guideline {key}"] = seed[number].removeprefix(key.translate(THAI_DIGITS))
    texts |= {f"channel {k}": "".join(seed[n] for n in numbers) for k, numbers in CHANNEL_LINES.items()}
    for c in range(1, 10):
        number = RUBRIC["criteria"][c - 1]["source_lines"][0]
        cells = seed[number].translate(THAI_DIGITS).split("|")
        assert cells[0] == str(c).translate(THAI_DIGITS)
        cells[2] += seed[{3: 440, 7: 451}[c]].strip("|") if c in (3, 7) else ""  # the row goes on overleaf
        texts[f"criterion c{c}"] = "|".join(cells[1:6])
    for level, (first, last, department) in {1: (408, 410, 424), 2: (412, 414, 426), 3: (416, 418, 428)}.items():
        prefix = f"ระดับที่{level}".translate(THAI_DIGITS)
        texts[f"level {level}"] = seed[first].removeprefix(prefix) + seed[last]
        texts[f"department {level}"] = seed[department].removeprefix(prefix)
    return texts


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [s for v in value.values() for s in strings(v)]
    if isinstance(value, list):
        return [s for v in value for s in strings(v)]
    return [value] if isinstance(value, str) else []


def test_every_text_is_the_plans_own():
    data = texts_of_the_data()
    assert {key: fingerprint(text) for key, text in data.items()} == FINGERPRINTS
    if SEED.is_file():
        seed = texts_of_the_seed()
        assert data == seed
        assert {key: fingerprint(text) for key, text in seed.items()} == FINGERPRINTS


def test_the_activities_and_their_dates():
    assert [a["id"] for a in PLAN["activities"]] == ORDER
    due = [(d["id"], d["due"]) for a in PLAN["activities"] for d in a["deliverables"]]
    assert len(due) == 34
    assert dict(due) == {i: day for day, ids in DUE.items() for i in ids.split()}
    for a in PLAN["activities"]:
        whole = [f"{a['id']}({n})" for n in range(1, len(a["deliverables"]) + 1)]
        assert [d["id"] for d in a["deliverables"]] == (whole if len(whole) > 1 else [a["id"]])


def test_a_deliverables_title_is_a_piece_of_its_rows_text():
    texts = texts_of_the_data()
    for a in PLAN["activities"]:
        for d in a["deliverables"]:
            for piece in d["title"].split("พร้อม"):  # 1.6(1) joins the two forms
                assert squeeze(piece) in texts[f"activity {a['id']}"], d["title"]


def test_measures_projects_and_guidelines_hang_together():
    guidelines = {g["id"]: m["number"] for m in PLAN["measures"] for g in m["guidelines"]}
    assert sorted(guidelines) == sorted(GUIDELINE_LINES)
    projects = {p["id"]: p for p in PLAN["projects"]}
    assert list(projects) == list(PROJECT_LINES)
    assert all(guidelines[p["guideline"]] == p["measure"] for p in projects.values())
    assert {p["guideline"] for p in projects.values()} == set(guidelines)
    for a in PLAN["activities"]:
        number = a["id"].split(".")[0]
        assert a["project"] == (number if int(number) < 13 else "13-17")
        assert a["measure"] == projects[a["project"]]["measure"]
        assert a["number"].replace(" ", "") == a["id"].translate(THAI_DIGITS)
    assert Counter(a["measure"] for a in PLAN["activities"]) == {1: 16, 2: 6, 3: 9}


def test_the_measurable_targets():
    def having(kind):
        return {a["id"]: t["value"] for a in PLAN["activities"] for t in a["targets"] if t["kind"] == kind}

    assert having("participation_percent") == dict.fromkeys(("1.1", "1.2", "2.1", "2.2", "3.1"), 80)
    assert having("topics") == {"1.2": 5}
    assert having("channels") == {"1.1": 2}
    assert having("rated_percent") == {"1.5": 90}
    assert having("networks") == {"4.1": 1, "5.1": 1}
    assert having("clips") == {"11.2": 1}
    success = {t["by"]: t["value"] for t in ACTIVITIES["1.4"]["targets"]}
    assert success == {date(2023, 7, 25): 95, date(2023, 9, 11): 100}
    points = {
        (a["id"], t["what"]): t["value"] for a in PLAN["activities"] for t in a["targets"] if t["kind"] == "points"
    }
    assert points == {("11.1", "book"): 20, ("11.1", "report"): 5, ("11.2", "clip"): 10, ("11.3", "symbol"): 5}
    assert points == {(p["activity"], p["what"]): p["points"] for p in RUBRIC["activity_points"]}
    assert success == {p["by"]: int(p["percent"]) for p in RUBRIC["plan_success"]}
    kinds = {t["kind"] for a in PLAN["activities"] for t in a["targets"]}
    readme = (FOLDER / "README.md").read_text("utf-8").partition("## Kinds of `targets`")[2]
    assert kinds == set(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE))


def test_the_six_deadlines():
    expected = {
        "2566-q2": ("f3", date(2023, 3, 15), date(2023, 3, 20)),
        "2566-review": ("f4", date(2023, 3, 15), date(2023, 3, 20)),
        "2566-official": ("official", date(2023, 4, 3), date(2023, 4, 3)),
        "2566-q3": ("f3", date(2023, 6, 15), date(2023, 6, 20)),
        "2566-july": ("f1 f2 f5 f3", date(2023, 7, 25), date(2023, 7, 30)),
        "2566-q4": ("f3", date(2023, 9, 11), date(2023, 9, 20)),
    }
    deadlines = PLAN["deadlines"]
    assert {d["id"]: (" ".join(d["forms"]), d["internal"], d["external"]) for d in deadlines} == expected
    assert [d["id"] for d in deadlines] == list(expected)
    assert {d["id"]: d["internal_to"] for d in deadlines if "internal_to" in d} == {"2566-q3": date(2023, 6, 16)}
    assert {d["id"]: d["activities"] for d in deadlines if d["activities"] != "all"} == {
        "2566-review": ["1.2"],
        "2566-official": ["1.6"],
    }
    assert all(form in PLAN["channels"] for d in deadlines for form in d["forms"])


def test_the_channels_follow_the_boxes():
    got = {k: (c["registry"], c["website"], c["evidence"], c["pictures"]) for k, c in PLAN["channels"].items()}
    both = ["word", "pdf"]
    assert got == {
        "f1": (both, ["pdf"], False, False),
        "f2": (both, ["pdf"], True, False),
        "f3": (["word"], [], False, False),
        "f4": ([], ["pdf"], False, False),
        "f5": (both, ["pdf"], False, True),
        # no box is printed for it: the two papers themselves come as evidence under a covering note
        "official": (both, [], True, False),
    }
    assert PLAN["channels"]["f3"]["full_marks"] == 300
    assert PLAN["channels"]["f2"]["cover_max_sheets"] == 3


def test_the_seats_and_who_answers():
    numbers = [*range(1, 15), *range(16, 23)]
    roles = ["ที่ปรึกษาคณะทำงาน", "หัวหน้าคณะทำงาน", "รองหัวหน้าคณะทำงาน", *["คณะทำงาน"] * 16]
    roles += ["คณะทำงานและเลขานุการ", "คณะทำงานและผู้ช่วยเลขานุการ"]
    assert [(s["number"], s["id"], s["member"]) for s in ROSTER["seats"]] == [
        (n, f"s{n:02}", f"m{n:02}") for n in numbers
    ]
    assert [s["role"] for s in ROSTER["seats"]] == roles
    assert [m["id"] for m in ROSTER["members"]] == [f"m{n:02}" for n in numbers]
    load = Counter(seat for a in PLAN["activities"] for seat in a["seats"])
    assert all(len(a["seats"]) == 1 for a in PLAN["activities"])
    assert set(load) == {f"s{n:02}" for n in numbers[1:]}
    assert Counter(load.values()) == {1: 9, 2: 11}
    assert "s21" not in {*ACTIVITIES["1.1"]["seats"], *ACTIVITIES["1.2"]["seats"]}


def test_the_people_are_invented_and_reachable():
    members = {m["id"]: m for m in ROSTER["members"]}
    for m in members.values():
        assert m["prefix"] in ("นาย", "นาง", "นางสาว")
        assert re.fullmatch(r"[a-z]+@bfa\.example", m["email"])
        assert re.fullmatch(r"0 2000 12\d\d", m["phone"])
        assert m["deputy"] in members and m["deputy"] != m["id"]
    for key in ("email", "phone", "given", "family"):
        assert len({m[key] for m in members.values()}) == 21
    office = ROSTER["office"]
    roles = ("director", "acting_director", "head", "secretary", "assistant_secretary")
    assert [office[k] for k in roles] == ["m01", "m02", "m02", "m21", "m22"]
    addresses = [s for s in strings([ROSTER, PLAN]) if "@" in s]
    assert len(addresses) == 23 and all(s.endswith(".example") for s in addresses)
    if (
        SEED.is_file()
    ):  # the officials' names must stand nowhere here, not even hashed, so only the plan itself can tell
        plan = squeeze(SEED.read_text("utf-8"))
        parts = [p for m in members.values() for p in (m["given"], *m["family"].split()) if len(p) > 1]
        assert [p for p in parts if p in plan] == []


def test_no_broken_lines_passwords_or_left_over_markup():
    for text in strings([PLAN, ROSTER, RUBRIC, HOLIDAYS]):
        assert text == text.strip() and text, repr(text)
        assert not re.search(r"[\r\n\t<>]|  |password|\*\*", text, re.IGNORECASE), text
        assert not text.startswith("- "), text


def days_off() -> set[date]:
    assert HOLIDAYS["source"] == "holidays:TH"
    public = set(holidays.country_holidays("TH", years=(2022, 2023)))
    removed = {d["date"] for d in HOLIDAYS["remove"]}
    assert removed <= public, "a removed day must be in the library's list"
    assert not {d["date"] for d in HOLIDAYS["add"]} & public, "an added day must not be there already"
    year = (date(2022, 10, 1) + timedelta(days=n) for n in range(365))
    wanted = (public | {d["date"] for d in HOLIDAYS["add"]}) - removed
    return {day for day in year if day in wanted}


@pytest.mark.parametrize("day", ["2022-10-14", "2022-12-30", "2023-05-05", "2023-05-17", "2023-07-31", "2023-08-02"])
def test_government_offices_are_closed(day):
    assert date.fromisoformat(day) in days_off()


@pytest.mark.parametrize("day", ["2023-05-01", "2023-01-14", "2023-01-16", "2023-07-27", "2023-08-03", "2023-09-11"])
def test_no_government_holiday(day):
    assert date.fromisoformat(day) not in days_off()


def test_the_working_days_around_the_deadlines():
    off = days_off()
    assert sum(day.weekday() < 5 for day in off) == 22
    run = [date(2023, 7, 28) + timedelta(days=n) for n in range(6)]
    assert all(day in off or day.weekday() >= 5 for day in run)
    inside = {d[k] for d in PLAN["deadlines"] for k in ("internal", "external")}
    assert {d for d in inside if d in off or d.weekday() >= 5} == {date(2023, 7, 30)}


def holds(condition: dict, values: dict) -> bool:
    if "flag" in condition:
        return values[condition["flag"]]
    value = Fraction(values[condition["value"]])
    tests = {"at_least": value.__ge__, "above": value.__gt__, "below": value.__lt__, "equals": value.__eq__}
    return all(tests[name](Fraction(bound)) for name, bound in condition.items() if name != "value")


def judged(criterion_id: str, **values: object) -> tuple[int, list[str]]:
    """Score and remarks of one criterion, read off the data by its own stated rules."""
    criterion = next(c for c in RUBRIC["criteria"] if c["id"] == criterion_id)
    known = {"headcount", *(i["key"] for i in criterion["inputs"])}
    assert set(values) <= known, "the data declares every input it uses"
    for d in criterion["derived"]:
        values[d["key"]] = Fraction(values[d["percent_of"]]) * 100 / values[d["base"]]
    score = next(s["score"] for s in criterion["scores"] if all(holds(c, values) for c in s["all"]))
    silent = [s for s in RUBRIC["silent"] if s["criterion"] == criterion_id]
    return score, [s["id"] for s in silent if all(holds(c, values) for c in s["when"])]


@pytest.mark.parametrize(
    ("criterion", "rising", "scores"),
    [
        ("c1", [{"persons": n, "headcount": 10000} for n in (3999, 4000, 6000, 7999, 8000)], [0, 1, 2, 2, 3]),
        ("c2", [{"topics": n} for n in (0, 2, 3, 4, 5)], [0, 1, 2, 2, 3]),
        ("c4", [{"success_percent": p} for p in ("49.99", "50", "60", "69.99", "70")], [0, 1, 2, 2, 3]),
    ],
)
def test_the_thresholds_of_the_numbers(criterion, rising, scores):
    assert [judged(criterion, **values) for values in rising] == [(s, []) for s in scores]


@pytest.mark.parametrize(
    ("criterion", "steps"),
    [
        ("c3", [{"plan": True}, {"assignment": True}, {"committee": True}]),
        ("c5", [{"evaluation": True}, {"improvement": True}, {"lessons": True}]),
        ("c6", [{"persons": True}, {"units": True, "publicised_inside": True}, {"channels": 2}]),
        (
            "c7",
            [
                {"success_percent": 70},
                {"success_percent": 80, "better_climate": True},
                {"success_percent": 90, "better_behaviour": True},
            ],
        ),  # fmt: skip
        ("c8", [{"documented_all": True}, {"media": 1}, {"media": 2}]),
        ("c9", [{"published_inside": True}, {"channels": 2}, {"channels": 3}]),
    ],
)
def test_the_steps_of_the_conditions(criterion, steps):
    inputs = next(c["inputs"] for c in RUBRIC["criteria"] if c["id"] == criterion)
    values = {i["key"]: False if i["kind"] == "flag" else 0 for i in inputs}
    assert judged(criterion, **values) == (0, [])
    for score, step in enumerate(steps, start=1):
        values |= step
        assert judged(criterion, **values) == (score, [])


def test_where_the_rubric_is_silent():
    assert judged("c2", topics=1) == (0, ["c2-one-topic"])
    assert judged("c1", persons=79995, headcount=100000) == (2, ["c1-just-below-80"])
    praised = {"persons": True, "units": True, "publicised_inside": True}
    assert judged("c6", **praised, channels=1) == (2, ["c6-one-channel"])
    levels = [(len(x["criteria"]), x["each_at_least"], x["sum_at_least"]) for x in RUBRIC["levels"]]
    assert levels == [(3, 1, 6), (6, 2, 14), (9, 2, 21)]
    department = [(x["bureau_level_at_least"], x["percent_at_least"]) for x in RUBRIC["department_levels"]]
    assert department == [(1, "80"), (2, "75"), (3, "70")]
