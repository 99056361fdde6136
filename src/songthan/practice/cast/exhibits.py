"""Small files a member attaches: a one-page PDF, a JPEG picture, a photograph of printed paper."""

import base64
import io

import pypdfium2

_PICTURE = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDADUlKC8oITUvKy88OTU/UIVXUElJUKN1e2GFwarLyL6qurfV8P//1eL/5re6////////////zv///////"
    "///////wAALCAAMABABAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/EABcQAAMBAAAAAAAAAAAAAAAAAAABAwL/2gAIAQEAAD8ALHA+OA0Uh8Uj/9k="
)


def picture(note: str) -> bytes:
    """A JPEG picture with `note` as its comment, so that no two have the same sha256."""
    comment = note.encode("utf-8")[:60000]
    return _PICTURE[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + _PICTURE[2:]


def photograph(pdf: bytes) -> bytes:
    """A JPEG of the first page as a phone takes it: a little askew, 150 dots an inch."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        image = document[0].render(scale=150 / 72).to_pil().convert("RGB")
    finally:
        document.close()
    out = io.BytesIO()
    image.rotate(0.7, expand=True, fillcolor="lightgrey").save(out, "JPEG", quality=80)
    return out.getvalue()


def page(note: str) -> bytes:
    """A one-page A4 PDF 1.4 that prints `note` (ASCII)."""
    safe = "".join(c if c.isascii() and c.isprintable() and c not in "()\\" else " " for c in note)
    stream = f"BT /F1 14 Tf 72 760 Td ({safe}) Tj ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length " + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    start = len(out)
    size = len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n".encode() + table
    return out + f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
