"""The building blocks of make_templates.py: paragraphs, tables, content controls, styles and the package around them.

Measures: page sizes and widths in twentieths of a point (dxa), type in half points, as WordprocessingML counts them.

Rules for a form's template: a field that may take several lines stands alone in its own cell (`field_cell`); a short one
may stand in a sentence (`words`, `control`, `box`) with printed words before and after it, never touching another.
A form's page is `section(..., qr=True)` and `save(..., qr_at=<text width>)`: the footer then carries the QR picture.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" mc:Ignorable="w14"'
)
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
FACE = "TH SarabunPSK"
FACES = f'<w:rFonts w:ascii="{FACE}" w:hAnsi="{FACE}" w:eastAsia="{FACE}" w:cs="{FACE}"/>'
GREY, HEAD_FILL = "F2F2F2", "D9E2F3"
CM = 567
#: The footer's QR picture: its name, its side, and the bottom margin that keeps the text clear of it.
QR_NAME, QR_CM, QR_BOTTOM_CM = "songthan-qr", 1.7, 2.5


def size(half_points: int) -> str:
    return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


BOLD = "<w:b/><w:bCs/>"


def run(text: str, look: str = "") -> str:
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    parts = "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(t)}</w:t>' if t else "" for t in text.split("\t"))
    return f"<w:r>{properties}{parts}</w:r>"


def paragraph(content: str, style: str = "", layout: str = "") -> str:
    """A paragraph; `content` is run XML, or bare text when it does not begin with «<»."""
    inner = content if content.startswith("<w:") else run(content)
    name = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{name}{layout}</w:pPr>{inner}</w:p>"


def command(text: str) -> str:
    """A paragraph that holds one template command and vanishes when the template is filled."""
    return paragraph(f"{{%p {text} %}}")


def row_command(text: str, columns: Sequence[int]) -> str:
    return row([cell(sum(columns), paragraph(f"{{%tr {text} %}}", "TableText"), span=len(columns))])


def words(*pieces: str, look: str = "") -> str:
    """A sentence: bare text becomes a run in this look, controls and boxes stay as they are."""
    return "".join(piece if piece.startswith("<w:") else run(piece, look) for piece in pieces)


def cell(width: int, *content: str, fill: str = "", span: int = 1, middle: bool = False) -> str:
    merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    align = '<w:vAlign w:val="center"/>' if middle else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{merged}{shade}{align}</w:tcPr>{"".join(content)}</w:tc>'


def row(cells: Sequence[str], *, head: bool = False, whole: bool = True) -> str:
    marks = ("<w:cantSplit/>" if whole else "") + ("<w:tblHeader/>" if head else "")
    return f"<w:tr><w:trPr>{marks}</w:trPr>{''.join(cells)}</w:tr>"


def table(columns: Sequence[int], rows: Sequence[str], style: str = "SongthanTable") -> str:
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in columns)
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{style}"/><w:tblW w:w="{sum(columns)}" w:type="dxa"/>'
        '<w:tblLayout w:type="fixed"/><w:tblLook w:val="0420" w:firstRow="1" w:lastRow="0" w:firstColumn="0" '
        f'w:lastColumn="0" w:noHBand="0" w:noVBand="1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def field_cell(width: int, tag: str, style: str = "TableText", span: int = 1) -> str:
    """A grey cell that holds this field's control and nothing else: the place for an answer of any length."""
    return cell(width, paragraph(control(tag), style), fill=GREY, span=span)


def column(key: str, name: str) -> str:
    """The tag of the column `name` in a row of the growing table `key`."""
    return f"{{{{ {key}.id }}}}.{name}"


def head_row(columns: Sequence[int], titles: Sequence[str]) -> str:
    cells = [
        cell(width, paragraph(title, "TableHead"), fill=HEAD_FILL, middle=True)
        for width, title in zip(columns, titles, strict=True)
    ]
    return row(cells, head=True)


_ids = iter(range(1, 1000))
_PLACEHOLDER = '<w:rStyle w:val="PlaceholderText"/>'
_GROUND = f'<w:shd w:val="clear" w:color="auto" w:fill="{GREY}"/>'
_BOX = run("☐", '<w:rStyle w:val="CheckBox"/>')


def blank(tag: str) -> str:
    """A control to stand in a sentence: on grey ground, for in a sentence there is no grey cell to show the place."""
    return control(tag, _GROUND)


def control(tag: str, look: str = "") -> str:
    """A run-level rich content control; Songthan fills it by its tag, in this look."""
    return (
        f'<w:sdt><w:sdtPr><w:alias w:val="{tag}"/><w:tag w:val="{tag}"/><w:id w:val="{next(_ids)}"/>'
        '<w:lock w:val="sdtLocked"/><w:showingPlcHdr/></w:sdtPr><w:sdtContent>'
        f"{run('……', _PLACEHOLDER + look)}</w:sdtContent></w:sdt>"
    )


def box(tag: str) -> str:
    """A run-level check box to stand in a sentence; its tag is `<field>=<value>`."""
    return (
        f'<w:sdt><w:sdtPr><w:alias w:val="{tag}"/><w:tag w:val="{tag}"/><w:id w:val="{next(_ids)}"/>'
        '<w:lock w:val="sdtLocked"/><w14:checkbox><w14:checked w14:val="0"/>'
        '<w14:checkedState w14:val="2612" w14:font="Segoe UI Symbol"/>'
        '<w14:uncheckedState w14:val="2610" w14:font="Segoe UI Symbol"/></w14:checkbox></w:sdtPr><w:sdtContent>'
        f"{_BOX}</w:sdtContent></w:sdt>"
    )


def yes_no(key: str, yes: str = "มี", no: str = "ไม่มี") -> str:
    """Two boxes in a sentence: ☐ มี  ☐ ไม่มี."""
    return box(f"{key}=yes") + run(f"\u00a0{yes}   ") + box(f"{key}=no") + run(f"\u00a0{no}")


def bullets(items: str, style: str = "TableBullet") -> str:
    """«- item» for each of the template's list `items`."""
    return command(f"for item in {items}") + paragraph("- {{ item }}", style) + command("endfor")


def numbered_evidence(width: int) -> str:
    """A report's cell: an activity's evidence by its numbers in the bundle."""
    line = paragraph("{% if item.number_th %}{{ item.number_th }} {% endif %}{{ item.text }}", "TableBullet")
    return cell(width, command("for item in activity.evidence"), line, command("endfor"))


def grouped(columns: Sequence[int], titles: Sequence[str], activity: str) -> list[str]:
    """A report's rows: the head, and for each group of a measure its own row and its activities'."""
    group = row([
        cell(columns[0], paragraph(run("{{ group.number }}", BOLD), "TableCentre", "<w:keepNext/>")),
        cell(sum(columns[1:]), paragraph(run("{{ group.title }}", BOLD), "TableText", "<w:keepNext/>"), span=len(columns) - 1),
    ])  # fmt: skip
    return [
        head_row(columns, titles),
        row_command("for group in measure.groups", columns),
        group,
        row_command("for activity in group.activities", columns),
        activity,
        row_command("endfor", columns),
        row_command("endfor", columns),
    ]


def check_box(tag: str, label: str) -> str:
    """A paragraph with a check box and its label, lightly shaded: it is to be filled in."""
    return paragraph(box(tag) + run(f" {label}"), "CheckLine")


def pen_line(before: str, after: str, *, left: int, until: int) -> str:
    """A place for a pen: `before`, a dotted line from there to `until`, `after`. The line is an underlined tab and holds
    no characters: who types on it changes no printed word, and none come out of a PDF."""
    stop = f'<w:keepNext/><w:tabs><w:tab w:val="left" w:pos="{until}"/></w:tabs><w:ind w:left="{left}"/>'
    return paragraph(run(before) + run("\t", '<w:u w:val="dotted"/>') + (run(after) if after else ""), "", stop)


def signature_block(*lines: str, left: int, until: int, room_cm: float = 1.2) -> str:
    """Where the director signs: room for the signature, a dotted line, then these lines, centred from `left` on."""
    gap = paragraph(run(""), "", f'<w:keepNext/><w:spacing w:line="{round(room_cm * CM)}" w:lineRule="exact"/>')
    centre = f'<w:ind w:left="{left}"/><w:jc w:val="center"/>'
    rest = [paragraph(line, "", ("<w:keepNext/>" if line != lines[-1] else "") + centre) for line in lines]
    return gap + pen_line("ลงชื่อ", "ผู้รายงาน", left=left, until=until) + "".join(rest)


# ---------------------------------------------------------------- the package around a document


def styles() -> str:
    def style(
        name: str, label: str, layout: str = "", look: str = "", based: str = "Normal", kind: str = "paragraph"
    ) -> str:
        base = f'<w:basedOn w:val="{based}"/>' if based else ""
        inner = (f"<w:pPr>{layout}</w:pPr>" if layout else "") + (f"<w:rPr>{look}</w:rPr>" if look else "")
        return (
            f'<w:style w:type="{kind}" w:styleId="{name}"><w:name w:val="{label}"/>{base}<w:qFormat/>{inner}</w:style>'
        )

    body = f'{FACES}{size(32)}<w:lang w:val="en-US" w:bidi="th-TH"/>'
    line = '<w:spacing w:before="0" w:after="0" w:line="240" w:lineRule="auto"/>'
    edge = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="404040"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    tight = '<w:spacing w:before="0" w:after="0" w:line="228" w:lineRule="auto"/>'
    return (
        f"{HEAD}<w:styles {NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr>{body}</w:rPr></w:rPrDefault>"
        f"<w:pPrDefault><w:pPr>{line}</w:pPr></w:pPrDefault></w:docDefaults>"
        f'<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        f"<w:pPr>{line}</w:pPr><w:rPr>{body}</w:rPr></w:style>"
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/></w:style>'
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr>'
        '<w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/>'
        "</w:tblCellMar></w:tblPr></w:style>"
        '<w:style w:type="table" w:styleId="SongthanTable"><w:name w:val="Songthan Table"/>'
        f'<w:basedOn w:val="TableNormal"/><w:tblPr><w:tblBorders>{edge}</w:tblBorders></w:tblPr></w:style>'
        + style("Title", "Title", '<w:keepNext/><w:jc w:val="center"/>', BOLD + size(34))
        + style("Heading1", "heading 1", '<w:keepNext/><w:spacing w:before="100" w:after="40"/><w:outlineLvl w:val="0"/>', BOLD + size(32))
        + style("TableText", "Table Text", tight, size(28))
        + style("TableHead", "Table Head", '<w:keepNext/><w:jc w:val="center"/>', BOLD + size(28), "TableText")
        + style("TableCentre", "Table Centre", '<w:jc w:val="center"/>', "", "TableText")
        + style("TableBullet", "Table Bullet", '<w:ind w:left="142" w:hanging="142"/>', "", "TableText")
        + style("FormText", "Form Text", line)
        + style("FormCentre", "Form Centre", '<w:jc w:val="center"/>', "", "FormText")
        + style("CheckLine", "Check Line", f'<w:shd w:val="clear" w:color="auto" w:fill="{GREY}"/>', "", "TableText")
        + style("Instruction", "Instruction", '<w:ind w:left="340" w:hanging="340"/>', size(28))
        + style("Carried", "Carried Mark", tight, '<w:color w:val="7F7F7F"/>' + size(22), "TableText")
        + style("PageMark", "Page Mark", "", '<w:color w:val="595959"/>' + size(24))
        + style("PlaceholderText", "Placeholder Text", "", '<w:color w:val="7F7F7F"/>', "DefaultParagraphFont", "character")
        + style(
            "CheckBox", "Check Box", "",
            '<w:rFonts w:ascii="DejaVu Sans" w:hAnsi="DejaVu Sans" w:eastAsia="DejaVu Sans" w:cs="DejaVu Sans"/>' + size(20),
            "DefaultParagraphFont", "character",
        )
        + "</w:styles>"
    )  # fmt: skip


def empty_picture() -> bytes:
    """A transparent PNG of one pixel: the slot the office puts its emblem into."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0\0\0\0")) + chunk(b"IEND", b"")


def picture_slot(alt: str, width_cm: float, height_cm: float, relation: str = "rIdSlot") -> str:
    """An in-line picture of this size showing nothing; in Word: right click, Change Picture."""
    extent = f'cx="{round(width_cm * 360000)}" cy="{round(height_cm * 360000)}"'
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {extent}/>'
        f'<wp:docPr id="1" name="{alt}" descr="{alt}"/><wp:cNvGraphicFramePr/><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
        f'<pic:cNvPr id="1" name="{alt}" descr="{alt}"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'<a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
        f'<a:off x="0" y="0"/><a:ext {extent}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>'
        "</pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def text_width(*, landscape: bool, margins_cm: tuple[float, float, float, float]) -> int:
    """How wide the text of an A4 page with these margins is, in twentieths of a point."""
    _, right, _, left = (round(m * CM) for m in margins_cm)
    return (16838 if landscape else 11906) - right - left


def section(*, landscape: bool, margins_cm: tuple[float, float, float, float], parts: bool, qr: bool = False) -> str:
    """`margins_cm`: top, right, bottom, left. With `qr` the bottom is at least so high that the text clears the QR."""
    margins_cm = (*margins_cm[:2], max(margins_cm[2], QR_BOTTOM_CM if qr else 0), margins_cm[3])
    width, height = (16838, 11906) if landscape else (11906, 16838)
    orient = ' w:orient="landscape"' if landscape else ""
    top, right, bottom, left = (round(m * CM) for m in margins_cm)
    marks = (
        '<w:headerReference w:type="default" r:id="rIdHeader"/><w:footerReference w:type="default" r:id="rIdFooter"/>'
    )
    return (
        f'<w:sectPr>{marks if parts else ""}<w:pgSz w:w="{width}" w:h="{height}"{orient}/>'
        f'<w:pgMar w:top="{top}" w:right="{right}" w:bottom="{bottom}" w:left="{left}" w:header="397" w:footer="340" '
        'w:gutter="0"/><w:pgNumType w:fmt="thaiNumbers"/></w:sectPr>'
    )


def page_number() -> str:
    def field(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = '<w:r><w:instrText xml:space="preserve"> PAGE \\* THAIARABIC </w:instrText></w:r>'
    inner = run("หน้า ") + field("begin") + code + field("separate") + run("๑") + field("end")
    return paragraph(inner, "PageMark", '<w:jc w:val="right"/>')


def footer_line(footer: str, qr_at: int) -> str:
    """The footer's words and, at the right edge `qr_at`, the place of the QR picture."""
    if not qr_at:
        return paragraph(footer, "PageMark")
    edge = f'<w:tabs><w:tab w:val="right" w:pos="{qr_at}"/></w:tabs>'
    return paragraph(run(f"{footer}\t") + picture_slot(QR_NAME, QR_CM, QR_CM, "rIdQr"), "PageMark", edge)


def form_footer(form: str) -> str:
    """The mark a form is recognised by when it comes back; a submitted one (no token) names bureau and report instead."""
    mark = f"รหัสแบบ {{{{ token }}}} · {form} · {{{{ deadline.id }}}}"
    return f"{{% if token %}}{mark}{{% else %}}{{{{ organisation.name }}}} · {{{{ deadline.title }}}}{{% endif %}}"


def save(
    path: Path, title: str, body: str, page: str, *, footer: str = "", picture: bool = False, qr_at: int = 0
) -> None:
    """Writes the package; `qr_at` (forms only) is the text width, where the footer's QR picture ends."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kinds = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    parts = {"styles": "styles", "settings": "settings"} | (
        {"header1": "header", "footer1": "footer"} if footer else {}
    )
    relations = "".join(
        f'<Relationship Id="rId{kind.title()}" Type="{office}/{kind}" Target="{name}.xml"/>'
        for name, kind in parts.items()
    )
    if picture:
        relations += f'<Relationship Id="rIdSlot" Type="{office}/image" Target="media/slot.png"/>'
    types = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{kinds}.{kind}+xml"/>'
        for name, kind in {"document": "document.main", **parts}.items()
    )
    packages = "http://schemas.openxmlformats.org/package/2006"
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{packages}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>{types}<Override '
        'PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{packages}/relationships"><Relationship Id="rIdDocument" '
        f'Type="{office}/officeDocument" Target="word/document.xml"/><Relationship Id="rIdCore" '
        f'Type="{packages}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f'{HEAD}<cp:coreProperties xmlns:cp="{packages}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{escape(title)}</dc:title>'
        "<dc:creator>ส่งทัน</dc:creator><dc:language>th-TH</dc:language></cp:coreProperties>",
        "word/document.xml": f"{HEAD}<w:document {NAMESPACES}><w:body>{body}{page}</w:body></w:document>",
        "word/_rels/document.xml.rels": f'{HEAD}<Relationships xmlns="{packages}/relationships">{relations}</Relationships>',
        "word/styles.xml": styles(),
        "word/settings.xml": f'{HEAD}<w:settings {NAMESPACES}><w:defaultTabStop w:val="720"/><w:compat><w:compatSetting '
        'w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
        '<w:themeFontLang w:val="en-US" w:bidi="th-TH"/></w:settings>',
    }
    if footer:
        files["word/header1.xml"] = f"{HEAD}<w:hdr {NAMESPACES}>{page_number()}</w:hdr>"
        files["word/footer1.xml"] = f"{HEAD}<w:ftr {NAMESPACES}>{footer_line(footer, qr_at)}</w:ftr>"
    if footer and qr_at:
        files["word/_rels/footer1.xml.rels"] = (
            f'{HEAD}<Relationships xmlns="{packages}/relationships">'
            f'<Relationship Id="rIdQr" Type="{office}/image" Target="media/qr.png"/></Relationships>'
        )
        files["word/media/qr.png"] = empty_picture()
    if picture:
        files["word/media/slot.png"] = empty_picture()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            package.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
