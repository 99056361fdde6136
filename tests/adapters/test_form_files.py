"""Forms as data: strict loading, and the check of data against template."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from small_templates import QR, Xml, box, cell, docx, growing, p, row, table, text

from songthan.adapters.form_check import sample_context
from songthan.adapters.form_files import check_form, list_forms, load_form
from songthan.domain.errors import DataError

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "docx"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("f3.docx", "f3.toml", "f3_report.docx"):
        (tmp_path / name).write_bytes((TEMPLATES / name).read_bytes())
    return tmp_path


def edit_toml(folder: Path, old: str, new: str) -> None:
    text = (folder / "f3.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "f3.toml").write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_docx(folder: Path, old: str, new: str, times: int = 1) -> None:
    path = folder / "f3.docx"
    with zipfile.ZipFile(path) as source:
        files = {name: source.read(name) for name in source.namelist()}
    text = files["word/document.xml"].decode()
    assert old in text
    files["word/document.xml"] = text.replace(old, new, times).encode()
    with zipfile.ZipFile(path, "w") as target:
        for name, data in files.items():
            target.writestr(name, data)


def test_f3_is_the_agreed_form() -> None:
    spec = load_form(TEMPLATES, "f3")
    assert list_forms(TEMPLATES)[:1] == ("f3",) or "f3" in list_forms(TEMPLATES)
    assert (spec.template, spec.report_template, spec.repeat) == ("f3.docx", "f3_report.docx", "activity")
    kinds = {f.key: (f.kind, f.required) for f in spec.fields}
    assert kinds == {
        "percent": ("percent", True), "done": ("text", True), "output_reached": ("choice", True),
        "outcome_reached": ("choice", True), "evidence": ("evidence", False), "note": ("text", False),
    }  # fmt: skip
    assert [(c.value, c.label) for c in spec.field("output_reached").choices] == [
        ("yes", "ปรากฏตามแผน"),
        ("no", "ยังไม่ปรากฏ"),
    ]
    assert {(c.kind, c.field, c.when_field, c.when_value) for c in spec.checks} == {
        ("reason", "note", "output_reached", "no"), ("reason", "note", "outcome_reached", "no"),
    }  # fmt: skip
    assert spec.file_name.format(deadline_title="ไตรมาส ๒", member="นายก") == "แบบรายงาน ไตรมาส ๒ - นายก.docx"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("version = 1", "version = 1\ncolour = 1", "«colour»"),
        ("version = 1", 'version = "1"', "«version»"),
        ("version = 1", "", "«version»"),
        ('key = "done"', 'key = "done"\nrequierd = true', "fields[2]: ไม่รู้จักคีย์ «requierd»"),
        ('key = "done"', 'key = "percent"', "«percent» ซ้ำกัน"),
        ('kind = "evidence"', 'kind = "files"', "«files»"),
        ('field = "note"', 'field = "notes"', "checks[1]: field เป็น «notes»"),
        ('when_value = "no"', 'when_value = "nein"', "«nein»"),
        ("{member}", "{name}", "«name»"),
        ('id = "f3"', 'id = "f4"', "«f4»"),
        ("version = 1", "version = = 1", "f3.toml"),
    ],
)
def test_wrong_data_is_refused_with_file_key_and_remedy(folder: Path, old: str, new: str, named: str) -> None:
    edit_toml(folder, old, new)
    with pytest.raises(DataError) as caught:
        load_form(folder, "f3")
    assert "f3.toml" in str(caught.value) and named in str(caught.value) and caught.value.remedy


FORM = """
id = "t"
title = "ทดลอง"
version = 2
template = "t.docx"
short = "ย่อ"
answered_by = "secretary"
after = ["f2"]

[[fields]]
key = "name"
kind = "text"
label = "ชื่อ"
place = "ข้อ ๑"
prefill = "director.name"

[[fields]]
key = "headcount"
kind = "count"
label = "จำนวนบุคลากร"
minimum = "1"

[[fields]]
key = "day"
kind = "date"
label = "วันที่"
minimum = "2023-03-20"

[[fields]]
key = "plan"
kind = "yes_no"
label = "แผน"
choices = [{ value = "yes", label = "มีแผน" }]

[[fields]]
key = "level"
kind = "choice"
label = "ระดับ"
choices = [{ value = "a", label = "ทุกกิจกรรม" }, { value = "b", label = "บางกิจกรรม" }]

[[fields]]
key = "dos"
kind = "table"
label = "พฤติกรรม"
rows = 3
minimum = "1"

[[fields.columns]]
key = "behaviour"
kind = "text"
label = "พฤติกรรม"
column = "พฤติกรรม"

[[fields.columns]]
key = "persons"
kind = "count"
label = "จำนวน"
maximum = "headcount"

[[fields.columns]]
key = "percent"
kind = "percent"
label = "ร้อยละ"

[[fields]]
key = "sign"
kind = "signature"
label = "ลงชื่อ"

[[checks]]
kind = "percent-of"
field = "dos.percent"
of = "dos.persons"
base = "headcount"

[[checks]]
kind = "needs"
field = "name"
when_field = "plan"
when_value = "yes"

[[checks]]
kind = "lines"
field = "headcount"
of = "dos"

[[checks]]
kind = "not-both"
field = "plan"
fields = ["plan", "level"]

[[checks]]
kind = "sum"
field = "dos.percent"
fields = ["dos.persons", "dos.percent"]
"""


def test_every_key_of_a_form_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(FORM, encoding="utf-8")
    spec = load_form(tmp_path, "t")
    assert (spec.short, spec.answered_by, spec.after, spec.cover_template) == ("ย่อ", "secretary", ("f2",), "")
    assert (spec.field("name").place, spec.field("name").prefill) == ("ข้อ ๑", "director.name")
    dos = spec.field("dos")
    assert (dos.rows, dos.minimum, [c.key for c in dos.columns]) == (3, "1", ["behaviour", "persons", "percent"])
    assert spec.of_id("dos[2].persons").maximum == "headcount"
    checks = [(c.kind, c.field, c.of, c.base, c.fields) for c in spec.checks]
    assert checks[0] == ("percent-of", "dos.percent", "dos.persons", "headcount", ())
    assert checks[3] == ("not-both", "plan", "", "", ("plan", "level"))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('answered_by = "secretary"', 'answered_by = "treasurer"', "«treasurer»"),
        ('answered_by = "secretary"', 'answered_by = "secretary"\nrepeat = "activity"', "answered_by เป็น «secretary»"),
        ('answered_by = "secretary"', 'repeat = "activity"', "fields[6]: แบบที่ซ้ำตามกิจกรรม"),
        ('after = ["f2"]', 'after = ["t"]', "after กล่าวถึงแบบนี้เอง"),
        ('after = ["f2"]', "after = [2]", "«after» ต้องเป็นข้อความ"),
        ('after = ["f2"]', 'after = "f2"', "«after» ต้องเป็นรายการ"),
        ('key = "name"', 'key = "Name"', "fields[1]: key «Name»"),
        ('prefill = "director.name"', 'prefill = " "', "fields[1]: prefill"),
        ('minimum = "1"', 'minimum = "๑"', "fields[2]: minimum เป็น «๑»"),
        ('minimum = "1"', 'minimum = "headcount"', "fields[2]: minimum เป็น «headcount»"),
        ('minimum = "1"', "rows = 2", "fields[2]: kind = \"table\" กับ rows"),
        ('minimum = "2023-03-20"', 'minimum = "20 มี.ค. 2566"', "fields[3]: minimum"),
        ('value = "yes", label = "มีแผน"', 'value = "no", label = "มีแผน"', "fields[4]: choices ของ yes_no"),
        ('value = "a"', 'value = "b"', "fields[5]: choices.value «b» ซ้ำกัน"),
        ('label = "บางกิจกรรม"', 'label = "ทุกกิจกรรม"', "fields[5]: choices.label"),
        ("rows = 3", "rows = 0", "fields[6]: kind = \"table\" กับ rows"),
        ('rows = 3\nminimum = "1"', 'rows = 3\nminimum = "1.5"', "fields[6]: minimum ของตาราง"),
        ('kind = "table"', 'kind = "text"', "fields[6]: kind = \"table\" กับ columns"),
        ('kind = "signature"', 'kind = "table"', "fields[7]: kind = \"table\" กับ columns"),
        ('key = "persons"\nkind = "count"', 'key = "persons"\nkind = "table"', "columns[2]: ช่องของตาราง"),
        ('key = "persons"', 'key = "persons"\nrows = 2', "columns[2]: ไม่รู้จักคีย์ «rows»"),
        ('key = "persons"', 'key = "behaviour"', "columns.key «behaviour» ซ้ำกัน"),
        ('kind = "needs"', 'kind = "wants"', "«wants»"),
        ('of = "dos.persons"', 'of = "dos.people"', "checks[1]: of เป็น «dos.people»"),
        ('of = "dos.persons"', 'of = "name"', "checks[1]: รายการตรวจอ้างช่องของตารางปน"),
        ('base = "headcount"', 'base = "heads"', "checks[1]: base เป็น «heads»"),
        ('of = "dos.persons"', "", "checks[1]: ขาดคีย์ «of»"),
        ('of = "dos.persons"', 'of = "dos.persons"\nwhen_field = "name"', "checks[1]: คีย์ «when_field» ไม่ใช้"),
        ('when_field = "plan"', 'when_field = "plans"', "checks[2]: when_field"),
        ('when_value = "yes"', 'when_value = "ja"', "checks[2]: when_value เป็น «ja»"),
        ('fields = ["plan", "level"]', 'fields = ["plan", "levels"]', "checks[4]: fields เป็น «levels»"),
        ('fields = ["plan", "level"]', 'fields = ["plan", "plan"]', "checks[4]: fields ต้องมีอย่างน้อยสอง"),
        ('fields = ["plan", "level"]', "fields = [1]", "checks[4]"),
    ],
)  # fmt: skip
def test_each_mistake_in_the_data_has_its_sentence(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in FORM
    (tmp_path / "t.toml").write_text(FORM.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_form(tmp_path, "t")
    assert str(caught.value).startswith("t.toml") and named in str(caught.value) and caught.value.remedy


def test_unknown_form_names_the_known_ones(folder: Path) -> None:
    with pytest.raises(DataError, match="f3"):
        load_form(folder, "../f3")


@pytest.mark.parametrize("form_id", list_forms(TEMPLATES))
def test_shipped_forms_have_no_findings(form_id: str) -> None:
    assert [str(f) for f in check_form(TEMPLATES, form_id)] == []


def one_finding(folder: Path) -> DataError:
    (finding,) = check_form(folder, "f3")
    assert finding.remedy
    return finding


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("{{ deadline.title }}", "{{ deadline.titel }}", "titel"),
        ("{{ organisation.parent }}", "{{ organization.parent }}", "organization"),
        ("{{ activity.title }}", "{% if false %}{{ nobody }}{% endif %}", "nobody"),
    ],
)
def test_check_finds_an_unknown_variable(folder: Path, old: str, new: str, name: str) -> None:
    edit_docx(folder, old, new)
    finding = one_finding(folder)
    assert f"«{name}»" in finding.th and finding.where == "f3.docx" and "{{" in finding.th


def test_check_finds_a_field_without_control(folder: Path) -> None:
    edit_toml(folder, "[[checks]]", '[[fields]]\nkey = "cost"\nkind = "number"\nlabel = "ค่าใช้จ่าย"\n\n[[checks]]')
    finding = one_finding(folder)
    assert "«cost»" in finding.th and finding.where == "f3.toml"


def test_check_finds_a_control_without_field(folder: Path) -> None:
    edit_docx(folder, 'w:tag w:val="{{ activity.id }}.note"', 'w:tag w:val="{{ activity.id }}.remark"')
    findings = check_form(folder, "f3")
    assert {f.where for f in findings} == {"f3.docx", "f3.toml"}
    assert any("remark" in f.th and "ไม่มีข้อมูลคู่กัน" in f.th for f in findings)


def test_check_finds_a_doubled_tag_and_the_choice_it_robbed(folder: Path) -> None:
    tag = 'w:tag w:val="{{{{ activity.id }}}}.output_reached={}"'
    edit_docx(folder, tag.format("no"), tag.format("yes"))
    edit_docx(folder, tag.replace("w:tag", "w:alias").format("no"), tag.replace("w:tag", "w:alias").format("yes"))
    findings = [str(f) for f in check_form(folder, "f3")]
    assert len(findings) == 2
    assert any("output_reached=yes» ซ้ำกัน ๒ แห่ง" in f for f in findings)
    assert any("«output_reached=no»" in f for f in findings)


def test_check_reports_what_cannot_be_read(folder: Path) -> None:
    (folder / "f3.docx").write_bytes(b"not a zip")
    assert one_finding(folder).where == "f3.docx"
    (folder / "f3.docx").unlink()
    assert "ไม่พบไฟล์แม่แบบ" in one_finding(folder).th


def test_check_reports_an_expression_that_cannot_be_worked_out(folder: Path) -> None:
    edit_docx(folder, "{{ deadline.title }}", "{{ deadline.title + 1 }}")
    assert "คำนวณไม่ได้" in one_finding(folder).th


# ---------------------------------------------------------------- forms that one person answers


TWIN = """
id = "t"
title = "ทดลอง"
version = 1
template = "t.docx"
fields = [
  { key = "name", kind = "text", label = "ชื่อ" },
  { key = "persons", kind = "count", label = "จำนวน" },
  { key = "plan", kind = "yes_no", label = "แผน" },
  { key = "faith", kind = "yes_no", label = "ศาสนา", choices = [{ value = "yes", label = "หลักธรรม" }] },
  { key = "result", kind = "text", label = "ผล" },
  { key = "proof", kind = "evidence", label = "หลักฐาน" },
  { key = "dos", kind = "table", label = "พฤติกรรม", rows = 2, columns = [
    { key = "behaviour", kind = "text", label = "พฤติกรรม" },
    { key = "kept", kind = "choice", label = "คุณธรรม", choices = [
      { value = "same", label = "เดิม" }, { value = "new", label = "ใหม่" } ] },
  ] },
  { key = "sign", kind = "signature", label = "ลงชื่อ" },
]
"""
NAME = p("ชื่อ ", text("name"), " จำนวน ", text("persons"), " คน")
PLAN = p("แผน ", box("plan=yes"), " มี ", box("plan=no"), " ไม่มี ", box("faith=yes"), " หลักธรรม")
RESULT = row("๑", "ผลการดำเนินการ", cell(p(text("result"))))
PROOF = row("๒", "หลักฐาน", cell(p(text("proof"))))
DOS_HEAD = row("ลำดับ", "พฤติกรรม", "ใช้แบบเดิม", "แก้ไขใหม่")
DOS = row(
    "{{ dos.number_th }}", cell(p(text("{{ dos.id }}.behaviour"))), cell(p(box("{{ dos.id }}.kept=same"))),
    cell(p(box("{{ dos.id }}.kept=new"))),
)  # fmt: skip
GROWING = growing("dos", DOS)


def findings(
    folder: Path, *, name: Xml = NAME, plan: Xml = PLAN, result: Xml = RESULT, proof: Xml = PROOF,
    head: Xml = DOS_HEAD, dos: Xml = GROWING, more: Xml | str = "", footer: Xml | None = None, twin: str = TWIN,
) -> list[str]:  # fmt: skip
    """What check_form says of a good form with one thing changed; every finding names its file and a remedy."""
    (folder / "t.toml").write_text(twin, encoding="utf-8")
    docx(folder / "t.docx", name, plan, table(result, proof), table(head, dos), Xml(more), footer=footer)
    found = check_form(folder, "t")
    assert all(f.where in ("t.toml", "t.docx", "c.docx", "r.docx") and f.remedy for f in found)
    return [f.th for f in found]


def test_a_good_form_has_no_findings(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


BEHAVIOUR = cell(p(text("{{ dos.id }}.behaviour")))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"name": p("ชื่อ ", text("name", "Name"), " จำนวน ", text("persons"), " คน")}, "ชื่อ (title) เป็น «Name»"),
        ({"name": p("ชื่อ ", text("name"), " ", text("persons"), " คน")}, "«persons» อยู่ติดกับช่อง «name»"),
        ({"name": p("ชื่อ ", text("name"), " {{ token }} ", text("persons"), " คน")}, "«persons» อยู่ติดกับช่อง «name»"),
        ({"name": p("ชื่อ ", text("name"), " จำนวน ", text("persons=yes"), " คน")}, "ไม่ตรงกับชนิด"),
        ({"plan": p("แผน ", box("plan=yes"), " มี ", box("faith=yes"), " หลักธรรม")}, "ไม่มีช่องกรอก «plan=no»"),
        ({"plan": p("แผน ", box("plan=yes"), " มี ", box("plan=no"), " ไม่มี")}, "ไม่มีช่องกรอก «faith=yes»"),
        ({"plan": p("แผน ", text("plan=yes"), " มี ", box("plan=no"), " ไม่มี ", box("faith=yes"), " ก")}, "เป็นช่องกาแต่"),
        ({"more": p("ก ", box("faith=no"))}, "tag «faith=no» ไม่ตรงกับชนิดหรือตัวเลือก"),
        ({"more": p("ลงชื่อ ", text("sign"))}, "«sign» ไม่มีข้อมูลคู่กัน"),
        ({"plan": p("แผน ", box("plan=yes"), " มี ", box("faith=yes"), " หลักธรรม"), "more": table(row(cell(p(box("plan=no"), " ไม่มี"))))},
         "«plan» มีช่องกาอยู่คนละที่"),
        ({"result": row("๑", "ผลการดำเนินการ", cell(p("อธิบาย"), p(text("result"))))}, "«result» อาจยาวหลายบรรทัด"),
        ({"proof": row("๒", "หลักฐาน", cell(p(text("proof")), p("{{ token }}")))}, "«proof» อาจยาวหลายบรรทัด"),
        ({"result": row("", "", cell(p(text("result"))))}, "«result» ไม่มีคำที่พิมพ์ไว้ให้หาพบ"),
        ({"result": row("๒", "หลักฐาน", cell(p(text("result"))))}, "«result» ไม่มีคำที่พิมพ์ไว้ให้หาพบ"),
        ({"head": row("ลำดับ", "พฤติกรรม", "ใหม่", "ใหม่")}, "«dos.kept=same» ไม่มีคำที่พิมพ์ไว้ให้หาพบ"),
        ({"dos": growing("dos", row("", BEHAVIOUR, cell(p(box("{{ dos.id }}.kept=same"))), ""))}, "«dos.kept» (คุณธรรม) ไม่มีช่องกรอก «kept=new»"),
        ({"dos": growing("dos", DOS, row("", "", "", cell(p(text("{{ dos.id }}.cost")))))}, "«{{ dos.id }}.cost» ไม่มีข้อมูลคู่กัน"),
        ({"dos": growing("dos", DOS, variable="row")}, "ตัวแปรวนแถว «row» ไม่ตรงกับชื่อตาราง «dos»"),
        ({"dos": DOS}, "ตาราง «dos» ต้องมีคำสั่งวนแถว"),
        ({"more": table(growing("donts", row("{{ donts.number_th }}")))}, "rows.donts ซึ่งไม่มี"),
        ({"dos": growing("dos", DOS, row("", "", "", ""))}, "ระหว่างคำสั่งวนแถวของตาราง «dos» มี 2 แถว"),
        ({"dos": growing("dos", row("", BEHAVIOUR, cell(p(box("{{ dos.id }}.kept=same"))), cell(p(box("{{ dos.id }}.kept=new"), " ", text("persons"))))),
          "name": p("ชื่อ ", text("name"))}, "«persons» ไม่ใช่ช่องของตาราง «dos»"),
        ({"more": text("proof"), "proof": row("๒", "หลักฐาน", "")}, "«proof» ไม่อยู่ในย่อหน้า"),
        ({"footer": p("{{ deadline.id }}", QR)}, "ท้ายกระดาษไม่มีรหัสแบบ"),
        ({"footer": p("{{ token }}")}, "ท้ายกระดาษไม่มีที่วางภาพ QR"),
        ({"twin": 'cover_template = "c.docx"' + TWIN}, "cover_template"),
        ({"twin": 'report_template = "r.docx"' + TWIN}, "report_template"),
        ({"twin": 'after = ["x"]' + TWIN}, "after กล่าวถึงแบบ «x» ซึ่งไม่มี"),
    ],
)  # fmt: skip
def test_check_finds_each_mistake(tmp_path: Path, changed: dict, named: str) -> None:
    found = findings(tmp_path, **changed)
    assert sum(named in f for f in found) == 1, found


@pytest.mark.parametrize(
    "changed",
    [
        {"name": p("ชื่อ ", text("name")), "more": p(text("persons"), " คน")},
        {"proof": row("๒", "", cell(p(text("proof"))))},
        {"result": row("", "ผล", ""), "proof": Xml(row("", cell(p(text("result"))), "") + row("", "หลักฐาน", cell(p(text("proof")))))},
        {"head": Xml(row(cell(p("ลำดับ"), merged="restart"), cell(p("พฤติกรรม"), merged="restart"), cell(p("คุณธรรม"), span=2))
         + row(cell(merged="continue"), cell(merged="continue"), "ใช้แบบเดิม", "แก้ไขใหม่"))},
        {"dos": growing("dos", row("{{ dos.number_th }}", BEHAVIOUR, cell(p(box("{{ dos.id }}.kept=same"), " เดิม"), p(box("{{ dos.id }}.kept=new"), " ใหม่")), ""))},
    ],
)  # fmt: skip
def test_other_good_forms_have_no_findings(tmp_path: Path, changed: dict) -> None:
    assert findings(tmp_path, **changed) == []


def test_a_sample_has_all_that_a_form_may_print(tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text(TWIN, encoding="utf-8")
    sample = sample_context(load_form(tmp_path, "t"))
    assert set(sample) == {
        "organisation", "deadline", "year", "member", "secretary", "director", "token", "answers", "rows", "scores",
    }  # fmt: skip
    assert set(sample["answers"]) == {"name", "persons", "plan", "faith", "result", "proof"}
    (only,) = sample["rows"]["dos"]
    assert (only["id"], only["number_th"], set(only["answers"])) == ("dos[1]", "๑", {"behaviour", "kept"})
    assert set(sample["scores"]) == {*(f"c{n}" for n in range(1, 10)), "total", "level", "level_title"}
    assert "measures" in sample_context(load_form(TEMPLATES, "f3"))


def test_cells_under_another_head_and_a_template_without_controls_are_found(tmp_path):
    folder = tmp_path / "docx"
    shutil.copytree(TEMPLATES, folder)
    twin = folder / "f4.toml"
    text = twin.read_text("utf-8")
    twin.write_text(text.replace('column = "จำนวน (คน)"', 'column = "จำนวนผู้ปฏิบัติ"', 1), encoding="utf-8")
    (found,) = check_form(folder, "f4")
    assert "จำนวนผู้ปฏิบัติ" in found.th and "จำนวน (คน)" in found.th and found.where == "f4.docx"
    with zipfile.ZipFile(folder / "f5.docx") as package:
        parts = {name: package.read(name) for name in package.namelist()}
    parts["word/document.xml"] = re.sub(rb"<w:sdtPr>.*?</w:sdtPr>", b"", parts["word/document.xml"], flags=re.S)
    with zipfile.ZipFile(folder / "f5.docx", "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    (found,) = check_form(folder, "f5")
    assert "ช่องกรอกหายทั้งหมด" in found.th and "สำเนาเดิม" in found.remedy


def test_a_form_may_print_the_scores_of_the_offices_own_rubric(tmp_path):
    """Other offices' criteria are called otherwise: what the rubric knows is no unknown name, what it does not is one."""
    folder = tmp_path / "docx"
    shutil.copytree(TEMPLATES, folder)
    with zipfile.ZipFile(folder / "f2.docx") as package:
        parts = {name: package.read(name) for name in package.namelist()}
    assert b"scores.c1" in parts["word/document.xml"]
    parts["word/document.xml"] = parts["word/document.xml"].replace(b"scores.c1", b"scores.thrift")
    with zipfile.ZipFile(folder / "f2.docx", "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    named = ("thrift", *(f"c{n}" for n in range(2, 10)))
    assert check_form(folder, "f2", named) == []
    (found,) = check_form(folder, "f2")
    assert "thrift" in found.th
