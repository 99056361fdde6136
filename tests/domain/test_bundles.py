"""The manifest has one spelling and holds together; the merged report invents nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.bundles import (
    AnswerSource,
    Exhibit,
    FileEntry,
    Manifest,
    MessageSource,
    SignatureSlot,
    compare,
    exhibit_path,
    safe_path,
    seal_of,
    sha256_of,
)
from songthan.domain.errors import DataError
from songthan.domain.evidence import place_in
from songthan.domain.forms import Answer
from songthan.domain.plans import (
    Activity,
    Deadline,
    Guideline,
    Measure,
    Organisation,
    Plan,
    Project,
    Registry,
    Roster,
)
from songthan.domain.reports import NOT_REPORTED, appendix, merge_report, numbered, two_decimals

BANGKOK = timezone(timedelta(hours=7))
WHEN = datetime(2023, 3, 17, 10, 30, tzinfo=BANGKOK)
MAIL = sha256_of("mail")


def entry(text, role="report"):
    return FileEntry(sha256=sha256_of(text), size=len(text.encode()), role=role)


def exhibit(number=1, activity="1.1", name="ภาพ กิจกรรม.jpg", text="photo"):
    return Exhibit(
        number=number,
        activity=activity,
        name=name,
        type="image/jpeg",
        sha256=sha256_of(text),
        size=len(text.encode()),
        message_sha256=MAIL,
        sender="somying@bureau.example",
        received=WHEN,
    )


def manifest(**changes):
    fields = {
        "deadline": "2566-q2",
        "version": 1,
        "created": WHEN,
        "files": {
            "report.docx": entry("word"),
            "bundle.pdf": entry("pdf", "frozen"),
            "evidence/01-file.jpg": entry("photo", "evidence"),
        },
        "exhibits": (exhibit(),),
        "answers": (
            AnswerSource(
                field="1.1.done",
                value_sha256=sha256_of("ทำแล้ว"),
                attachment_sha256=sha256_of("form"),
                message_sha256=MAIL,
                method="control+table",
            ),
        ),
        "messages": (MessageSource(sha256=MAIL, sender="somying@bureau.example", received=WHEN, message_id="<1@x>"),),
        "signature": SignatureSlot(file="bundle.pdf", field="Director", signer="นายปัญจพล วิเศษกุล"),
    }
    return Manifest(**{**fields, **changes})


def test_one_spelling_there_and_back():
    data = manifest().to_json()
    assert Manifest.from_json(data) == manifest() and data.endswith(b"}\n")
    assert "ภาพ กิจกรรม.jpg".encode() in data
    swapped = manifest(files=dict(reversed(manifest().files.items())))
    assert swapped.to_json() == data


def test_the_id_names_the_content():
    assert manifest().bundle_id == manifest().bundle_id
    assert manifest().bundle_id != manifest(version=2).bundle_id
    assert len(manifest().bundle_id) == 17 and manifest().bundle_id.startswith("SB-")


def test_the_seal_leaves_only_the_pdf_to_be_signed_out():
    other_pdf = {**manifest().files, "bundle.pdf": entry("other pdf", "frozen")}
    other_word = {**manifest().files, "report.docx": entry("other word")}
    assert manifest(files=other_pdf).seal == manifest().seal
    assert manifest(files=other_word).seal != manifest().seal
    assert replace(manifest(), created=WHEN + timedelta(seconds=1)).seal != manifest().seal
    before = {path: e for path, e in manifest().files.items() if path != "bundle.pdf"}
    fields = {name: getattr(manifest(), name) for name in Manifest.__dataclass_fields__}
    assert seal_of(**{**fields, "files": before}) == manifest().seal


@given(st.data())
def test_every_changed_byte_of_the_json_is_refused_or_changes_the_manifest(data):
    raw = bytearray(manifest().to_json())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert Manifest.from_json(bytes(raw)).sha256 != manifest().sha256
    except DataError as error:
        assert error.th


def mangled(change):
    value = json.loads(manifest().to_json())
    change(value)
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(extra=1),
        lambda m: m.pop("answers"),
        lambda m: m.update(format="songthan-manifest/2"),
        lambda m: m["files"]["report.docx"].update(mode=7),
        lambda m: m["exhibits"][0].pop("sender"),
        lambda m: m.update(version="1"),
        lambda m: m.update(version=True),
        lambda m: m.update(version=0),
        lambda m: m.update(created="2023-03-17T10:30:00"),
        lambda m: m.update(created="yesterday"),
        lambda m: m.update(exhibits={}),
        lambda m: m.update(files=[]),
        lambda m: m.update(messages=[]),
        lambda m: m["messages"].append(m["messages"][0]),
        lambda m: m["answers"].append(m["answers"][0]),
        lambda m: m["answers"][0].update(value_sha256="abc"),
        lambda m: m["exhibits"][0].update(number=2),
        lambda m: m["exhibits"][0].update(size=9),
        lambda m: m["signature"].update(file="none.pdf"),
        lambda m: m["files"].update({"../up.txt": m["files"]["report.docx"]}),
        lambda m: m["files"].update({"REPORT.docx": m["files"]["report.docx"]}),
        lambda m: m["files"].update({"signed.pdf": m["files"]["report.docx"]}),
        lambda m: m["files"].update({"trust/x.pem": m["files"]["report.docx"]}),
    ],
)
def test_what_does_not_hold_together_is_refused(change):
    with pytest.raises(DataError):
        Manifest.from_json(mangled(change))


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"{" * 100_000, b'{"a": 1, "a": 2}', b"null"])
def test_what_is_no_manifest_is_refused(raw):
    with pytest.raises(DataError):
        Manifest.from_json(raw)


def test_another_spelling_is_refused():
    spaced = json.dumps(json.loads(manifest().to_json()), sort_keys=True).encode()
    for data in (spaced, manifest().to_json().rstrip(), manifest().to_json().replace(b'"size": 5,', b'"size": 5 ,')):
        with pytest.raises(DataError):
            Manifest.from_json(data)


@pytest.mark.parametrize(
    "path",
    ["", "/a", "a//b", "../a", "a/../b", "a\\b", ".hidden", "a/.b", "a\n", "ก", "con", "a/NUL.txt", "a.", "a" * 200],
)
def test_paths_that_are_tricks(path):
    assert not safe_path(path)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd", "evidence/07-file.bin"),
        ("ภาพถ่าย.JPG", "evidence/07-file.jpg"),
        ("Report final (2).pdf", "evidence/07-report-final-2.pdf"),
        ("x.exe", "evidence/07-x.bin"),
        ("a\r\nb.pdf", "evidence/07-a-b.pdf"),
        ("", "evidence/07-file.bin"),
    ],
)
def test_a_strangers_name_makes_a_harmless_path(name, path):
    assert exhibit_path(7, name) == path and safe_path(path)


@given(st.text(), st.integers(1, 999))
def test_every_name_makes_a_safe_path(name, number):
    assert safe_path(exhibit_path(number, name))


def test_compare_names_each_difference():
    actual = {path: (e.sha256, e.size) for path, e in manifest().files.items()}
    assert compare(manifest(), actual) == []
    del actual["report.docx"]
    actual["bundle.pdf"] = ("0" * 64, 3)
    actual["virus.exe"] = ("0" * 64, 3)
    found = [(b.kind, b.path) for b in compare(manifest(), actual)]
    assert found == [("changed", "bundle.pdf"), ("missing", "report.docx"), ("extra", "virus.exe")]


# ---------------------------------------------------------------------------------------------- the merged report


def activity(id, project, measure=1):
    return Activity(
        id=id,
        project=project,
        measure=measure,
        number=f"เลข {id}",
        title=f"กิจกรรม {id}",
        outputs=("ก", "ข"),
        outcomes=("ค",),
    )


PLAN = Plan(
    fiscal_year=2566,
    organisation=Organisation(
        id="x", name="สำนักทดสอบ", parent="สำนักงานทดสอบ", plan_title="แผนทดสอบ", working_group="คณะทดสอบ", headcount=9
    ),
    measures=(
        Measure(
            number=1, title="มาตรการหนึ่ง", guidelines=(Guideline(id="g1", title="ก"), Guideline(id="g2", title="ข"))
        ),
        Measure(number=2, title="มาตรการสอง", guidelines=(Guideline(id="g3", title="ค"),)),
    ),
    projects=(
        Project(id="1", measure=1, guideline="g1", title="โครงการหนึ่ง"),
        Project(id="2", measure=1, guideline="g2", title="โครงการสอง"),
        Project(id="3", measure=1, guideline="g1", title="โครงการสาม"),
        Project(id="13-17", measure=2, guideline="g3", title="โครงการสิบสาม"),
    ),
    activities=(activity("1.1", "1"), activity("2.1", "2"), activity("3.1", "3"), activity("13", "13-17", 2)),
    deadlines=(),
    channels={},
    roster=Roster(
        seats=(),
        members=(),
        director="",
        acting_director="",
        head="",
        secretary="",
        assistant_secretary="",
        mailbox="",
        mailbox_name="",
        registry=Registry(name="", email=""),
    ),
)
DEADLINE = Deadline(
    id="2566-q2",
    title="ไตรมาสที่ ๒",
    kind="quarterly",
    forms=("f3",),
    internal=date(2023, 3, 15),
    external=date(2023, 3, 20),
    quarter=2,
)


def answered(**percents):
    answers = {}
    for name, percent in percents.items():
        activity_id = name.lstrip("a").replace("_", ".")
        typed = {
            "percent": percent,
            "done": "ทำ {{ แล้ว }} & <ครบ>\nบรรทัด ๒",
            "output_reached": "yes",
            "outcome_reached": "no",
            "note": "เหตุผล",
        }
        for key, value in typed.items():
            field = f"{activity_id}.{key}"
            answers[field] = Answer(field=field, value=value, raw=value)
    return answers


def rows(context):
    return {a["title"]: a for m in context["measures"] for g in m["groups"] for a in g["activities"]}


def test_a_full_report_has_the_contracts_shape():
    context = merge_report(PLAN, DEADLINE, answered(a1_1="100", a2_1="72.5", a3_1="100", a13="33"), [], True)
    assert set(context) == {"organisation", "deadline", "measures", "footer", "missing"}
    assert [m["number_th"] for m in context["measures"]] == ["๑", "๒"]
    assert [(g["number"], g["title"]) for g in context["measures"][0]["groups"]] == [
        ("๑", "โครงการหนึ่ง"),
        ("๒", "โครงการสอง"),
        ("๓", "โครงการสาม"),
    ]
    assert context["measures"][1]["groups"][0]["number"] == "๑๓-๑๗"
    assert context["deadline"]["external_th"] == "๒๐ มีนาคม ๒๕๖๖" and context["missing"] == []
    row = rows(context)["กิจกรรม 2.1"]
    assert set(row) == {
        *("number", "title", "percent_th", "done", "outputs", "output_reached_th", "outcomes", "outcome_reached_th"),
        *("evidence", "note", "answers"),
    }
    assert (row["percent_th"], row["done"]) == ("๗๒.๕", "ทำ {{ แล้ว }} & <ครบ>\nบรรทัด ๒")
    assert (row["output_reached_th"], row["outcome_reached_th"], row["note"]) == ("ปรากฏตามแผน", "ยังไม่ปรากฏ", "เหตุผล")
    # (100 + 72.5 + 100 + 33) / 4 = 76.375, a half at the third decimal
    assert context["footer"] == {"overall_percent_th": "๗๖.๓๘", "finished_th": "๑", "underway_th": "๒"}
    arabic = merge_report(PLAN, DEADLINE, answered(a1_1="100", a2_1="72.5"), [], False)
    assert rows(arabic)["กิจกรรม 2.1"]["percent_th"] == "72.5"


def test_nothing_is_invented_for_who_did_not_answer():
    context = merge_report(PLAN, DEADLINE, answered(a1_1="100", a2_1="0"))
    absent = rows(context)["กิจกรรม 3.1"]
    printed = ("percent_th", "done", "output_reached_th", "outcome_reached_th")
    assert {absent[key] for key in printed} == {NOT_REPORTED} and absent["note"] == ""
    assert context["missing"] == ["เลข 3.1 กิจกรรม 3.1", "เลข 13 กิจกรรม 13"]
    assert context["footer"] == {"overall_percent_th": "๕๐.๐๐", "finished_th": "๐", "underway_th": "๓"}
    assert merge_report(PLAN, DEADLINE, {})["footer"]["overall_percent_th"] == NOT_REPORTED


def test_a_half_answered_row_says_what_it_lacks():
    answers = answered(a1_1="100")
    answers["1.1.percent"] = Answer(field="1.1.percent", value=None, raw="")
    context = merge_report(PLAN, DEADLINE, answers)
    assert context["missing"][0] == "เลข 1.1 กิจกรรม 1.1 (ขาด ร้อยละ)"
    assert rows(context)["กิจกรรม 1.1"]["percent_th"] == NOT_REPORTED


def test_a_guideline_outside_the_report_is_not_known_to_be_finished():
    part = replace(DEADLINE, activities=("1.1", "2.1"))
    context = merge_report(PLAN, part, answered(a1_1="100", a2_1="100"))
    assert context["footer"]["finished_th"] == "๑" and context["footer"]["underway_th"] == "๑"
    assert len(context["measures"]) == 1 and len(rows(context)) == 2


@pytest.mark.parametrize("percent", ["101", "-1", "1/3", "1e2", "๑๐", "100.5"])
def test_a_percent_that_is_none_is_an_error(percent):
    with pytest.raises(DataError) as error:
        merge_report(PLAN, DEADLINE, answered(a1_1=percent))
    assert "1.1.percent" in str(error.value)


def test_evidence_lines_stay_as_typed_and_get_their_exhibits_number():
    answers = {"1.1.evidence": Answer(field="1.1.evidence", value="-\n ภาพ  กิจกรรม.JPG\nhttps://x.example/ก", raw="")}
    files = [exhibit(3), exhibit(4, name="รายงาน.pdf"), exhibit(5, activity="2.1", name="อื่น.pdf")]
    context = merge_report(PLAN, DEADLINE, answers, files)
    assert rows(context)["กิจกรรม 1.1"]["evidence"] == [
        {"number_th": "๓", "text": " ภาพ  กิจกรรม.JPG"},
        {"number_th": "", "text": "https://x.example/ก"},
        {"number_th": "๔", "text": "รายงาน.pdf"},
    ]
    nothing = {"1.1.evidence": Answer(field="1.1.evidence", value="ไม่มี", raw="")}
    assert rows(merge_report(PLAN, DEADLINE, nothing))["กิจกรรม 1.1"]["evidence"] == []


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=40))
def test_the_mean_is_exact_and_rounded_half_up_once(hundredths):
    mean = Fraction(sum(hundredths), 100 * len(hundredths))
    printed = Fraction(two_decimals(mean))
    assert -Fraction(1, 200) < printed - mean <= Fraction(1, 200)


def test_the_appendix_lists_every_exhibit():
    context = appendix(PLAN, DEADLINE, [exhibit(1), exhibit(2, name="เสียง.mp3")], {1: 12, 2: 0})
    first, second = context["exhibits"]
    assert first == {
        "number_th": "๑",
        "activity_number": "เลข 1.1",
        "title": "ภาพ กิจกรรม.jpg",
        "kind_th": "ภาพ",
        "sender": "somying@bureau.example",
        "received_th": "๑๗ มี.ค. ๒๕๖๖ ๑๐.๓๐ น.",
        "sha256": sha256_of("photo"),
        "pages_th": "๑๒",
    }
    assert (second["pages_th"], second["kind_th"]) == ("แนบเป็นแฟ้ม", "แฟ้มแนบ")


def test_times_keep_their_zone():
    utc = manifest(created=WHEN.astimezone(UTC))
    assert Manifest.from_json(utc.to_json()).created.utcoffset() == timedelta(0)
    with pytest.raises(DataError):
        manifest(created=datetime(2023, 3, 17))


def test_the_lines_of_a_whole_form_carry_the_numbers_of_their_exhibits():
    files = [exhibit(4, name="คำสั่ง.pdf"), exhibit(5, name="ภาพ.JPG"), exhibit(6, name="ภาพ.jpg")]
    value = "คำสั่ง.pdf\nhttps://intranet.example/1\n ภาพ.jpg\nภาพ.jpg\nภาพ.jpg"
    assert numbered(value, files).splitlines() == [
        "หลักฐานที่ ๔ คำสั่ง.pdf", "https://intranet.example/1", "หลักฐานที่ ๕ ภาพ.jpg", "หลักฐานที่ ๖ ภาพ.jpg", "หลักฐานที่ ๕ ภาพ.jpg",
    ]  # fmt: skip
    assert numbered("ไม่มี", files) == "ไม่มี" and numbered("", files) == ""


def test_exhibits_stand_as_the_answers_name_them():
    assert [place_in(n, "ก.pdf\nข.jpg") for n in ("ข.JPG", "ก.pdf", "ค.pdf")] == [1, 0, 2]


def test_a_photograph_keeps_its_ending_and_bundles_of_before_still_hold():
    photo = exhibit(name="IMG.HEIC")
    assert photo.path == "evidence/01-img.heic"
    entry = FileEntry(sha256=photo.sha256, size=photo.size, role="evidence")
    for path in ("evidence/01-img.heic", "evidence/01-img.bin"):
        manifest(files={**{p: e for p, e in manifest().files.items() if not p.startswith("evidence/")}, path: entry}, exhibits=(photo,))
    with pytest.raises(DataError):
        manifest(files={**{p: e for p, e in manifest().files.items() if not p.startswith("evidence/")}}, exhibits=(photo,))
