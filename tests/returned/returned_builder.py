"""Word files of the F3 slice's shape, built by hand (no renderer of ours), with the oddities people and programs make.

`python tests/returned/returned_builder.py` writes the corpus beside itself; the golden JSON is then looked at by a person.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from songthan.domain.forms import Choice, Field, FormSpec
from songthan.ports import Expectation

HERE = Path(__file__).parent
TOKEN = "ST-7K3D-9QXA-M2PV"
REACHED = (Choice(value="yes", label="ปรากฏตามแผน"), Choice(value="no", label="ยังไม่ปรากฏ"))
SPEC = FormSpec(
    id="f3", title="แบบรายงาน", version=1, template="f3.docx", repeat="activity",
    fields=(
        Field(key="percent", kind="percent", label="ร้อยละของผลการดำเนินการ", column="ร้อยละ", required=True),
        Field(key="done", kind="text", label="ผลการดำเนินการ", column="ผลการดำเนินการ", required=True),
        Field(key="output_reached", kind="choice", label="ผลผลิต", column="ผลผลิต", required=True, choices=REACHED),
        Field(key="outcome_reached", kind="choice", label="ผลลัพธ์", column="ผลลัพธ์", required=True, choices=REACHED),
        Field(key="evidence", kind="evidence", label="หลักฐาน", column="เอกสาร/หลักฐาน"),
        Field(key="note", kind="text", label="หมายเหตุ", column="หมายเหตุ"),
    ),
)  # fmt: skip
ACTIVITIES = (("1.4(1)", "๑.๔ (๑)"), ("1.7(2)", "๑.๗ (๒)"))
EXPECTATION = Expectation(spec=SPEC, activities=ACTIVITIES)
HEADS = ("ลำดับที่", "โครงการ/กิจกรรม", "ร้อยละ", "ผลการดำเนินการ", "ผลผลิต", "ผลลัพธ์", "เอกสาร/หลักฐาน", "หมายเหตุ")
MARKER = "(ข้อมูลไตรมาสก่อน โปรดยืนยันหรือแก้ไข)"
ANSWERS = {
    "1.4(1)": {
        "percent": "ร้อยละ ๗๒.๕",
        "done": "จัดอบรม “น้ำใจ” ให้บุคลากร {{ 7*7 }} & <b>\nครั้งที่ ๒  เมื่อ ๑๐ มี.ค.",
        "output_reached": "yes",
        "outcome_reached": "no",
        "evidence": "รายงานผล.pdf\nhttps://example.test/ภาพ?a=1&b=2",
        "note": "รอผลสำรวจ",
    },
    "1.7(2)": {"percent": "100", "done": "เสร็จ", "output_reached": "yes", "outcome_reached": "yes", "evidence": "-"},
}

_NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def run(text: str) -> str:
    """A run; «\\n» is a line break."""
    lines = [f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n")]
    return f"<w:r>{'<w:br/>'.join(lines)}</w:r>"


def p(*inner: str) -> str:
    return f"<w:p>{''.join(inner)}</w:p>"


def tc(*paragraphs: str, more: str = "") -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="1000" w:type="dxa"/>{more}</w:tcPr>{"".join(paragraphs) or "<w:p/>"}</w:tc>'


def tr(*cells: str, more: str = "") -> str:
    return f"<w:tr>{more}{''.join(cells)}</w:tr>"


def control(name: str, text: str, inner: str | None = None) -> str:
    """A run-level rich content control; an empty one shows its placeholder."""
    empty = "" if text or inner else "<w:showingPlcHdr/>"
    content = inner or run(text or "……")
    return (
        f'<w:sdt><w:sdtPr><w:alias w:val="{name}"/><w:tag w:val="{name}"/>{empty}</w:sdtPr>'
        f"<w:sdtContent>{content}</w:sdtContent></w:sdt>"
    )


def bare(name: str, text: str) -> str:
    """What LibreOffice leaves of a control: its text."""
    return run(text or "……")


def box(name: str, on: bool) -> str:
    return (
        f'<w:sdt><w:sdtPr><w:alias w:val="{name}"/><w:tag w:val="{name}"/><w14:checkbox><w14:checked w14:val="{int(on)}"/>'
        f"</w14:checkbox></w:sdtPr><w:sdtContent>{run('☒' if on else '☐')}</w:sdtContent></w:sdt>"
    )


def choice_cell(field_id: str, value: str | None, *, make: Callable[[str, bool], str] = box) -> str:
    lines = [p(make(f"{field_id}={c.value}", c.value == value), run(f" {c.label}")) for c in REACHED]
    return tc(p(run("ตามแผน:")), p(run("- บุคลากรเข้าร่วม ร้อยละ ๘๐")), *lines)


def row(activity: str, number: str, answers: dict, *, make=control, cells: dict | None = None, make_box=box) -> str:
    """One activity's row; `cells` replaces whole cells by field key."""
    made = {}
    for key in ("percent", "done", "evidence", "note"):
        made[key] = tc(p(make(f"{activity}.{key}", answers.get(key, ""))))
    for key in ("output_reached", "outcome_reached"):
        made[key] = choice_cell(f"{activity}.{key}", answers.get(key), make=make_box)
    made.update(cells or {})
    order = ("percent", "done", "output_reached", "outcome_reached", "evidence", "note")
    return tr(tc(p(run(number))), tc(p(run("กิจกรรมตัวอย่าง"))), *(made[key] for key in order))


def table(*rows: str, heads: tuple[str, ...] = HEADS) -> str:
    head = tr(*(tc(p(run(h))) for h in heads), more="<w:trPr><w:tblHeader/></w:trPr>")
    return f"{p(run('มาตรการที่ ๑ การขับเคลื่อน'))}<w:tbl><w:tblPr/><w:tblGrid/>{head}{''.join(rows)}</w:tbl>"


def rows(**changes: object) -> list[str]:
    """The two usual rows; `changes` go to the first."""
    first = row(*ACTIVITIES[0], ANSWERS["1.4(1)"], **changes)  # type: ignore[arg-type]
    return [first, row(*ACTIVITIES[1], ANSWERS["1.7(2)"])]


def marks(form: str = "f3", version: str = "1", token: str = TOKEN) -> dict[str, str]:
    """Custom properties, custom XML and core identifier."""
    values = {"Form": form, "Version": version, "Deadline": "2566-q2", "Assignment": "a1", "Token": token}
    items = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{n}" name="Songthan{k}"><vt:lpwstr>{v}</vt:lpwstr></property>'
        for n, (k, v) in enumerate(values.items(), 2)
    )
    spaces = (
        'xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" '
        'xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"'
    )
    return {
        "docProps/custom.xml": f"{_XML}<Properties {spaces}>{items}</Properties>",
        "customXml/item1.xml": f'<form xmlns="urn:songthan:form:1" id="{form}" version="{version}" deadline="2566-q2" assignment="a1" token="{token}"/>',
        "docProps/core.xml": f'{_XML}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier>songthan:{form}:{version}:2566-q2:{token}</dc:identifier></cp:coreProperties>',
    }


def parts(
    body: str, *, identity: dict[str, str] | None = None, footer: str = f"รหัสแบบ {TOKEN} · F3 · 2566-q2"
) -> dict[str, str]:
    """The parts of a small but whole docx."""
    rels = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    return {
        "[Content_Types].xml": f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
        "_rels/.rels": f'{_XML}<Relationships {rels}><Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"{_XML}<w:document {_NS}><w:body>{body}<w:sectPr/></w:body></w:document>",
        "word/_rels/document.xml.rels": f'{_XML}<Relationships {rels}><Relationship Id="r1" Type="{_OFFICE}/footer" Target="footer1.xml"/></Relationships>',
        "word/footer1.xml": f"{_XML}<w:ftr {_NS}>{p(run(footer))}</w:ftr>",
        **(marks() if identity is None else identity),
    }


def packed(files: dict[str, str | bytes]) -> bytes:
    """The zip; the same parts give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2023, 3, 1, 9, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def docx(body: str | None = None, **more: object) -> bytes:
    return packed(parts(table(*rows()) if body is None else body, **more))  # type: ignore[arg-type]


def _edited_in_word() -> str:
    """Split runs, smart tags, spelling marks, tracked changes, a comment, hidden text, a text box with its fallback."""
    name = "1.4(1).done"
    alternate = "<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:t>A</w:t></mc:Choice><mc:Fallback><w:t>A</w:t></mc:Fallback></mc:AlternateContent></w:r>"
    inner = (
        '<w:proofErr w:type="spellStart"/><w:r><w:t>จัด</w:t></w:r><w:smartTag><w:r><w:t>อบ</w:t></w:r></w:smartTag><w:r><w:t>รม</w:t></w:r>'
        '<w:del w:id="1"><w:r><w:delText>ที่เลิกแล้ว</w:delText></w:r></w:del><w:ins w:id="2"><w:r><w:t xml:space="preserve"> เพิ่ม</w:t></w:r></w:ins>'
        f"<w:r><w:tab/><w:t>แท็บ</w:t><w:cr/><w:noBreakHyphen/></w:r>{alternate}<w:r><w:rPr><w:vanish/></w:rPr><w:t>ซ่อน</w:t></w:r>"
        '<w:r><w:commentReference w:id="0"/></w:r>'
    )
    return table(*rows(cells={"done": tc(p(control(name, "", inner)))}))


def corpus() -> dict[str, bytes]:
    """File name (telling the oddity) → bytes."""
    one = ACTIVITIES[0]
    done = ANSWERS["1.4(1)"]["done"]
    percent = control("1.4(1).percent", "ร้อยละ ๗๒.๕")
    merged_top = tc(p(control("1.4(1).note", "ใช้ร่วมกัน")), more='<w:vMerge w:val="restart"/>')
    merged_below = tc(more="<w:vMerge/>")
    swapped = (
        "ลำดับที่",
        "โครงการ/กิจกรรม",
        "ผู้รับผิดชอบ",
        "ร้อยละ",
        "ผลการดำเนินการ",
        "ผลผลิต",
        "ผลลัพธ์",
        "เอกสาร/ หลักฐาน",
        "หมายเหตุ",
    )
    extra = [r.replace("<w:tc>", "<w:tc-held>", 2).replace("<w:tc>", tc(p(run("นาย ก"))) + "<w:tc>", 1) for r in rows()]
    extra = [r.replace("<w:tc-held>", "<w:tc>") for r in extra]
    both = tc(*(p(box(f"1.4(1).output_reached={c.value}", True), run(f" {c.label}")) for c in REACHED))
    beside = tc(
        *(
            p(box(f"1.4(1).output_reached={c.value}", False), run(f" {m}{c.label}"))
            for c, m in zip(REACHED, ("✓ ", ""), strict=True)
        )
    )
    plain_box = lambda name, on: run("☒" if on else "☐")  # noqa: E731
    bodies = {
        "filled-as-sent": table(*rows()),
        "left-empty": table(*(row(*a, {}) for a in ACTIVITIES)),
        "edited-in-word-tracked": _edited_in_word(),
        "tags-lost-in-libreoffice": table(*(row(*a, ANSWERS[a[0]], make=bare, make_box=plain_box) for a in ACTIVITIES)),
        "control-doubled": table(*rows(cells={"percent": tc(p(percent), p(percent))})),
        "value-four-times": table(*rows(make=lambda n, t: bare(n, t * 4))),
        "typed-beside-control": table(*rows(cells={"done": tc(p(control("1.4(1).done", "จัดอบรม"), run(" แล้วเสร็จ")))})),
        "typed-beside-placeholder": table(*rows(cells={"done": tc(p(control("1.4(1).done", ""), run("จัดอบรม")))})),
        "enter-pressed-in-control": table(
            *rows(cells={"done": tc(p(control("1.4(1).done", "บรรทัดหนึ่ง")), p(run("บรรทัดสอง")))})
        ),
        "carried-answer-confirmed": table(*rows(cells={"done": tc(p(control("1.4(1).done", done)), p(run(MARKER)))})),
        "typed-behind-carried-marker": table(
            *rows(cells={"done": tc(p(control("1.4(1).done", "เดิม")), p(run(MARKER)), p(run("ใหม่")))})
        ),
        "both-boxes-ticked": table(*rows(cells={"output_reached": both})),
        "tick-typed-beside-box": table(*rows(cells={"output_reached": beside})),
        "row-deleted": table(rows()[1]),
        "row-copied": table(*rows(), rows()[0]),
        "row-added-without-number": table(*rows(), row("", "", {"done": "เพิ่มเติม"}, make=bare, make_box=plain_box)),
        "controls-swapped-between-rows": table(
            *(
                row(
                    a,
                    n,
                    ANSWERS[a],
                    make=lambda name, t, a=a: control(name.replace(a, "1.4(1)" if a != "1.4(1)" else "1.7(2)"), t),
                )
                for a, n in ACTIVITIES
            )
        ),
        "column-added": table(*extra, heads=swapped),
        "cell-merged-by-word": table(
            row(*one, ANSWERS["1.4(1)"], cells={"note": merged_top}),
            row(*ACTIVITIES[1], ANSWERS["1.7(2)"], cells={"note": merged_below}),
        ),
        "table-split-in-two": table(rows()[0]) + p() + f"<w:tbl><w:tblPr/>{rows()[1]}</w:tbl>",
        "number-in-arabic-digits": table(
            *(r.replace("๑.๔ (๑)", "1.4(1)").replace("๑.๗ (๒)", " 1.7 (2) ") for r in rows())
        ),
        "table-in-cell": table(
            *rows(
                cells={
                    "done": tc(
                        p(control("1.4(1).done", "ดังนี้")), f"<w:tbl>{tr(tc(p(run('ก'))), tc(p(run('ข'))))}</w:tbl>", p()
                    )
                }
            )
        ),
        "table-gone": p(run("ส่งแล้วค่ะ")),
    }
    files = {f"{name}.docx": docx(body) for name, body in bodies.items()}
    files["old-version.docx"] = docx(identity=marks(version="7"))
    files["another-form.docx"] = docx(identity=marks(form="f4"))
    files["footer-of-another-quarter.docx"] = docx(footer="รหัสแบบ ST-0000-0000-0000 · F3 · 2565-q4")
    files["only-footer-left.docx"] = docx(identity={})
    files["no-mark-left.docx"] = docx(identity={}, footer="หน้า ๑")
    files["word-called-pdf.pdf"] = files["filled-as-sent.docx"]
    files["rich-text.rtf"] = b"{\\rtf1\\ansi \\u3649?}"
    files["picture-called-word.docx"] = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(40)
    files["old-word.doc"] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le")
    files["word-with-password.docx"] = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    )
    files["open-document.odt"] = packed({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<x/>"})
    files["empty.docx"] = b""
    return files


if __name__ == "__main__":
    for file_name, content in corpus().items():
        (HERE / file_name).write_bytes(content)
