"""A quarterly form made by hand to the contract, and a second, plain way of reading one back; nothing of the cast's."""

import io
import zipfile
from xml.sax.saxutils import escape
from zlib import crc32

from lxml import etree

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
HEADS = ("ลำดับที่", "โครงการ/กิจกรรม", "ร้อยละ", "ผลการดำเนินการ", "ผลผลิต", "ผลลัพธ์", "เอกสาร/หลักฐาน", "หมายเหตุ")
LABELS = {"yes": "ปรากฏตามแผน", "no": "ยังไม่ปรากฏ"}
PRINTED = "<w:p><w:r><w:t>แผนคุณธรรม & ความโปร่งใส</w:t></w:r></w:p>".replace("&", "&amp;")
CONTENT_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
<Override PartName="/docProps/custom.xml"
 ContentType="application/vnd.openxmlformats-officedocument.custom-properties+xml"/></Types>"""
RELS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Target="word/document.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
<Relationship Id="r2" Target="docProps/custom.xml"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"/></Relationships>"""


def form(
    *, token: str, member: str, activities: tuple[str, ...] = ("1.1", "1.7(1)"), carried: str = "",
    deadline: str = "2566-q2",
) -> bytes:  # fmt: skip
    """The .docx; `carried` pre-fills every «done» with last quarter's text."""
    head = "".join(_cell(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>") for text in HEADS)
    rows = "".join(_row(activity, carried) for activity in activities)
    body = (
        f"{PRINTED}<w:p><w:r><w:t>ผู้รายงาน {escape(member)}</w:t></w:r></w:p>"
        '<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid>' + '<w:gridCol w:w="1800"/>' * 8 +
        f"</w:tblGrid><w:tr>{head}</w:tr>{rows}</w:tbl>"
        '<w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/></w:sectPr>'
    )  # fmt: skip
    document = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="{W}" xmlns:w14="{W14}">'
        f"<w:body>{body}</w:body></w:document>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", RELS)
        archive.writestr("word/document.xml", document)
        archive.writestr("docProps/custom.xml", _custom(token, deadline))
        archive.writestr("customXml/item1.xml", '<form xmlns="urn:songthan:form:1"/>')
    return out.getvalue()


def read_back(data: bytes) -> dict[str, str]:
    """Field id → text (breaks as line feeds), or «yes»/«no»/«» for a choice, by walking the controls' own nodes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = etree.fromstring(archive.read("word/document.xml"))
    found: dict[str, str] = {}
    for control in root.iter(f"{{{W}}}sdt"):
        tag = control.find(f"{{{W}}}sdtPr/{{{W}}}tag").get(f"{{{W}}}val")
        name, _, choice = tag.partition("=")
        if choice:
            ticked = control.find(f".//{{{W14}}}checked").get(f"{{{W14}}}val") == "1"
            shown = "".join(control.find(f"{{{W}}}sdtContent").itertext())
            assert shown == ("☒" if ticked else "☐")
            found[name] = choice if ticked else found.get(name, "")
            continue
        text = ""
        for node in control.find(f"{{{W}}}sdtContent").iter():
            text += "\n" if node.tag == f"{{{W}}}br" else (node.text or "") if node.tag == f"{{{W}}}t" else ""
        hinting = control.find(f"{{{W}}}sdtPr/{{{W}}}showingPlcHdr") is not None
        found[name] = "" if hinting else text
    return found


def words(data: bytes) -> str:
    """All the words of a .docx, controls or not."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return "".join(etree.fromstring(archive.read("word/document.xml")).itertext(f"{{{W}}}t"))


def _custom(token: str, deadline: str) -> str:
    names = {
        "SongthanForm": "f3", "SongthanVersion": "1", "SongthanDeadline": deadline, "SongthanAssignment": "a-1",
        "SongthanToken": token,
    }  # fmt: skip
    items = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{n}" name="{name}"><vt:lpwstr>{value}'
        "</vt:lpwstr></property>"
        for n, (name, value) in enumerate(names.items(), start=2)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Properties'
        ' xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"'
        f' xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes">{items}</Properties>'
    )


def _row(activity: str, carried: str) -> str:
    return (
        "<w:tr>" + _cell(f"<w:p><w:r><w:t>{activity}</w:t></w:r></w:p>")
        + _cell("<w:p><w:r><w:t>กิจกรรมตามแผน</w:t></w:r></w:p>") + _cell(_text(f"{activity}.percent"))
        + _cell(_text(f"{activity}.done", carried)) + _cell(_choice(f"{activity}.output_reached"))
        + _cell(_choice(f"{activity}.outcome_reached")) + _cell(_text(f"{activity}.evidence"))
        + _cell(_text(f"{activity}.note")) + "</w:tr>"
    )  # fmt: skip


def _cell(content: str) -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="1800" w:type="dxa"/></w:tcPr>{content}</w:tc>'


def _text(name: str, carried: str = "") -> str:
    hint = "" if carried else "<w:showingPlcHdr/>"
    looks = (
        "<w:sz w:val='28'/>"
        if carried
        else '<w:rStyle w:val="PlaceholderText"/><w:color w:val="808080"/><w:sz w:val="28"/>'
    )
    return (
        f'<w:p><w:sdt><w:sdtPr><w:alias w:val="{name}"/><w:tag w:val="{name}"/><w:id w:val="{crc32(name.encode()) % 10**8}"/>'
        f"{hint}</w:sdtPr><w:sdtContent><w:r><w:rPr>{looks}</w:rPr><w:t>{escape(carried) or '……'}</w:t></w:r>"
        "</w:sdtContent></w:sdt></w:p>"
    )


def _choice(name: str) -> str:
    return "".join(
        f'<w:p><w:sdt><w:sdtPr><w:alias w:val="{name}={value}"/><w:tag w:val="{name}={value}"/><w14:checkbox>'
        '<w14:checked w14:val="0"/><w14:checkedState w14:val="2612" w14:font="MS Gothic"/><w14:uncheckedState'
        ' w14:val="2610" w14:font="MS Gothic"/></w14:checkbox></w:sdtPr><w:sdtContent><w:r><w:t>☐</w:t></w:r>'
        f'</w:sdtContent></w:sdt><w:r><w:t xml:space="preserve"> {label}</w:t></w:r></w:p>'
        for value, label in LABELS.items()
    )
