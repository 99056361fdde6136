"""Forms as data: strict loading, and the check of data against template."""

import zipfile
from pathlib import Path

import pytest

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
    findings = [str(f) for f in check_form(folder, "f3")]
    assert len(findings) == 2
    assert any("output_reached=yes» ซ้ำกัน 2 แห่ง" in f for f in findings)
    assert any("«output_reached=no»" in f for f in findings)


def test_check_reports_what_cannot_be_read(folder: Path) -> None:
    (folder / "f3.docx").write_bytes(b"not a zip")
    assert one_finding(folder).where == "f3.docx"
    (folder / "f3.docx").unlink()
    assert "ไม่พบไฟล์แม่แบบ" in one_finding(folder).th


def test_check_reports_an_expression_that_cannot_be_worked_out(folder: Path) -> None:
    edit_docx(folder, "{{ deadline.title }}", "{{ deadline.title + 1 }}")
    assert "คำนวณไม่ได้" in one_finding(folder).th
