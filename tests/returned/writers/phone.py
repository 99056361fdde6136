"""Photographs of a printed form: taken at an angle, badly lit, noisy; sent as pictures or inside a Word file."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageFilter

from writers.ooxml import Docx, make, packed, q
from writers.pdf import pages_as_pictures, printed
from writers.sheet import Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("phone")


def _photograph(page: Image.Image, seed: int) -> Image.Image:
    """The page on a table, seen from one side, with a shadow and a sensor's noise; the same seed, the same picture."""
    dice = random.Random(seed)
    wide, high = page.size
    table = Image.new("L", (wide + 160, high + 160), 96)
    table.paste(page, (80, 80))
    lean = [dice.randint(10, 70) for _ in range(8)]
    corners = (
        lean[0],
        lean[1],
        lean[2],
        table.height - lean[3],
        table.width - lean[4],
        table.height - lean[5],
        table.width - lean[6],
        lean[7],
    )
    seen = table.transform(table.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC)
    shadow = Image.linear_gradient("L").resize(seen.size).point(lambda v: 170 + v // 3)
    noise = Image.frombytes("L", (64, 64), bytes(dice.randrange(100, 156) for _ in range(64 * 64))).resize(seen.size)
    lit = Image.composite(seen, Image.new("L", seen.size, 30), shadow)
    return Image.blend(lit, noise, 0.12).filter(ImageFilter.GaussianBlur(0.6)).rotate(dice.uniform(-2, 2), fillcolor=90)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


@WRITER.case(start="plain", suffix=".jpg", expect="flag")
def photograph(sheet: Sheet) -> bytes:
    """A photograph of the first page."""
    sheet.either()
    return _jpeg(_photograph(pages_as_pictures(printed(sheet.docx.bytes()), 110)[0], 1), 45)


@WRITER.case(start="plain", suffix=".jpg", expect="flag")
def photograph_of_a_part(sheet: Sheet) -> bytes:
    """Only the table, from above."""
    sheet.either()
    sheet.token = None
    page = pages_as_pictures(printed(sheet.docx.bytes()), 90)[0]
    return _jpeg(_photograph(page.crop((0, page.height // 3, page.width, page.height * 4 // 5)), 2), 40)


@WRITER.case(start="plain", suffix=".docx")
def photograph_in_word(sheet: Sheet) -> bytes:
    """The photograph pasted into a Word file, footer and properties kept: no row is left to read."""
    picture = _jpeg(_photograph(pages_as_pictures(printed(sheet.docx.bytes()), 80)[0], 3), 35)
    docx = Docx(sheet.docx.bytes())
    for child in list(docx.body):
        if child.tag != q("w:sectPr"):
            docx.body.remove(child)
    xml = '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="9144000" cy="6096000"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:blipFill><a:blip r:embed="rIdPhoto"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
    docx.body[:0] = make(xml)
    docx.bytes()
    relation = b'<Relationship Id="rIdPhoto" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="media/photo.jpg"/></Relationships>'
    rels = "word/_rels/document.xml.rels"
    docx.parts[rels] = docx.parts[rels].replace(b"</Relationships>", relation)
    types = docx.parts["[Content_Types].xml"]
    docx.parts["[Content_Types].xml"] = types.replace(
        b"</Types>", b'<Default Extension="jpg" ContentType="image/jpeg"/></Types>'
    )
    for key in sheet.fields:
        sheet.fields[key].expect = "flag"
    return packed({**docx.parts, "word/media/photo.jpg": picture})


@WRITER.case(start="plain", suffix=".png", expect="flag")
def screenshot(sheet: Sheet) -> bytes:
    """A screenshot of the form."""
    sheet.either()
    sheet.token = None
    page = pages_as_pictures(printed(sheet.docx.bytes()), 60)[0]
    out = io.BytesIO()
    page.quantize(8).save(out, "PNG", optimize=True)
    return out.getvalue()
