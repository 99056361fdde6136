"""Word templates of a few lines for tests: `docx(path, p("ชื่อ ", text("name")), table(row(cell(…))))`."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
)


class Xml(str):
    """Text that is mark-up already."""


QR = Xml('<w:r><w:drawing><wp:inline><wp:docPr id="1" name="songthan-qr"/></wp:inline></w:drawing></w:r>')


def _run(part: str) -> str:
    return part if isinstance(part, Xml) else f'<w:r><w:t xml:space="preserve">{escape(part)}</w:t></w:r>'


def _sdt(tag: str, alias: str | None, kind: str, content: str) -> Xml:
    name = tag if alias is None else alias
    return Xml(
        f'<w:sdt><w:sdtPr><w:alias w:val="{name}"/><w:tag w:val="{tag}"/><w:id w:val="1"/>{kind}</w:sdtPr>'
        f"<w:sdtContent>{_run(content)}</w:sdtContent></w:sdt>"
    )


def text(tag: str, alias: str | None = None) -> Xml:
    """A control to write in."""
    return _sdt(tag, alias, "<w:showingPlcHdr/>", "……")


def box(tag: str) -> Xml:
    """A check box; its tag ends in «=value»."""
    return _sdt(tag, None, '<w14:checkbox><w14:checked w14:val="0"/></w14:checkbox>', "☐")


def p(*parts: str) -> Xml:
    return Xml(f"<w:p>{''.join(map(_run, parts))}</w:p>")


def cell(*paragraphs: Xml, span: int = 1, merged: str = "") -> Xml:
    """A cell; `merged` is «restart» or «continue» for one that is merged downwards."""
    down = f'<w:vMerge w:val="{merged}"/>' if merged else ""
    inner = "".join(paragraphs) or "<w:p/>"
    return Xml(f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/>{down}</w:tcPr>{inner}</w:tc>')


def row(*cells: Xml | str) -> Xml:
    return Xml(f"<w:tr>{''.join(c if isinstance(c, Xml) else cell(p(c)) for c in cells)}</w:tr>")


def table(*rows: Xml) -> Xml:
    return Xml(f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(rows)}</w:tbl>")


def growing(key: str, *rows: Xml, variable: str = "") -> Xml:
    """Rows between the commands that repeat them."""
    return Xml(row(f"{{%tr for {variable or key} in rows.{key} %}}") + "".join(rows) + row("{%tr endfor %}"))


def docx(path: Path, *blocks: Xml, footer: Xml | None = None) -> None:
    foot = p("รหัสแบบ {{ token }} · {{ deadline.id }}", QR) if footer is None else footer
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "word/document.xml": f"<w:document {SPACES}><w:body>{''.join(blocks)}<w:sectPr/></w:body></w:document>",
        "word/footer1.xml": f"<w:ftr {SPACES}>{foot}</w:ftr>",
    }
    with zipfile.ZipFile(path, "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
