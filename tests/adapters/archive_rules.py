"""What ISO 19005-2 level B asks of a file, as far as it can be read from the objects: no validator is to be had here.

Each broken rule is a sentence; an empty list is no certificate, but whatever it names is broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, StreamObject

_ACTIONS = {"/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState", "/Rendition", "/Trans", "/GoTo3DView", "/JavaScript"}
_BLENDS = "Normal Compatible Multiply Screen Overlay Darken Lighten ColorDodge ColorBurn HardLight SoftLight Difference Exclusion Hue Saturation Color Luminosity"


def broken_rules(pdf: bytes) -> list[str]:
    """What speaks against the claim, each once."""
    reader = PdfReader(BytesIO(pdf))
    return list(dict.fromkeys([*_file(pdf, reader), *_catalog(reader), *_objects(reader), *_pages(reader)]))


def _file(pdf: bytes, reader: PdfReader) -> Iterator[str]:
    head, _, rest = pdf.partition(b"\n")
    if not re.fullmatch(rb"%PDF-1\.[0-7]\r?", head):
        yield f"header {head!r}"
    if not (rest.startswith(b"%") and len(rest.split(b"\n")[0]) >= 5 and all(b > 127 for b in rest[1:5])):
        yield "no binary comment behind the header"
    if reader.is_encrypted:
        yield "encrypted"
    if "/ID" not in reader.trailer:
        yield "no file identifier"
    if not pdf.rstrip(b"\r\n").endswith(b"%%EOF"):
        yield "something behind the end"


def _catalog(reader: PdfReader) -> Iterator[str]:
    root = reader.root_object
    for key in ("/AA", "/OpenAction", "/Requirements", "/NeedsRendering"):
        found = root.get(key)
        if found is not None and not (key == "/OpenAction" and isinstance(found.get_object(), ArrayObject)):
            yield f"catalog has {key}"
    names = root.get("/Names")
    if names is not None and {"/JavaScript", "/EmbeddedFiles"} & set(names.get_object()):
        yield "names of scripts or files"
    form = root.get("/AcroForm")
    if form is not None and ("/XFA" in form.get_object() or form.get_object().get("/NeedAppearances")):
        yield "XFA or appearances that are still to be made"
    intents = [i.get_object() for i in root.get("/OutputIntents", [])]
    if [i["/S"] for i in intents] != ["/GTS_PDFA1"] or intents[0]["/DestOutputProfile"].get_object()["/N"] != 3:
        yield "no single output intent with an RGB profile"
    metadata = root.get("/Metadata")
    text = metadata.get_object().get_data() if metadata is not None else b""
    # as elements, or as the attributes a signing program makes of them
    if not re.search(rb"pdfaid:part(>|=\")2", text) or not re.search(rb"pdfaid:conformance(>|=\")B", text):
        yield "the metadata does not claim it"
    if re.search(rb"<\?xpacket begin[^>]*\b(bytes|encoding)=", text):
        yield "attributes in the metadata's packet that are out of use"


def _objects(reader: PdfReader) -> Iterator[str]:
    for number in range(1, int(reader.trailer["/Size"])):
        found = reader.get_object(number)
        for item in _dictionaries(found):
            yield from _dictionary(item)


def _dictionaries(value: object) -> Iterator[DictionaryObject]:
    """The dictionary and those written inside it; what lies elsewhere has a turn of its own."""
    if isinstance(value, DictionaryObject):
        yield value
        for key in value:
            yield from _dictionaries(value.raw_get(key))
    elif isinstance(value, ArrayObject):
        for index in range(len(value)):
            yield from _dictionaries(list.__getitem__(value, index))


def _dictionary(item: DictionaryObject) -> Iterator[str]:
    kind, sub = item.get("/Type"), item.get("/Subtype")
    if item.get("/S") in _ACTIONS:
        yield f"action {item['/S']}"
    if "/AA" in item:
        yield "actions of its own accord"
    if isinstance(item, StreamObject):
        filters = item.get("/Filter", [])
        filters = filters if isinstance(filters, list) else [filters]
        if {"/LZWDecode", "/Crypt"} & set(filters) or {"/F", "/FFilter"} & set(item):
            yield "a stream packed by LZW or lying elsewhere"
        if sub == "/Image" and (item.get("/Interpolate") or {"/Alternates", "/OPI"} & set(item)):
            yield "an image that is to be changed"
        if sub == "/Form" and {"/OPI", "/PS", "/Ref"} & set(item):
            yield "a form that stands for something else"
        if sub == "/PS":
            yield "PostScript"
        if item.get("/ColorSpace") == "/DeviceCMYK":
            yield "CMYK under an RGB output intent"
    if kind == "/FontDescriptor" and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(item):
        yield f"the font {item.get('/FontName')} is not embedded"
    if kind == "/Font" and sub in ("/Type1", "/TrueType", "/MMType1") and "/FontDescriptor" not in item:
        yield f"the font {item.get('/BaseFont')} is not embedded"
    if kind == "/Font" and sub == "/CIDFontType2" and "/CIDToGIDMap" not in item:
        yield "a font without a map of its glyphs"
    if kind == "/ExtGState":
        if {"/TR", "/HTP"} & set(item) or item.get("/TR2", "/Default") != "/Default":
            yield "a transfer function"
        if str(item.get("/BM", "/Normal"))[1:] not in _BLENDS.split():
            yield "an unknown way of blending"


def _pages(reader: PdfReader) -> Iterator[str]:
    for page in reader.pages:
        if not (3 <= float(page.mediabox.width) <= 14400 and 3 <= float(page.mediabox.height) <= 14400):
            yield "a page of impossible size"
        for item in page.get("/Annots") or ():
            note = item.get_object()
            flags, rect = int(note.get("/F", 0)), [float(n) for n in note["/Rect"]]
            if not flags & 4 or flags & (1 | 2 | 32 | 256):
                yield f"an annotation that is not printed: {note['/Subtype']}"
            if rect[0] != rect[2] and ("/AP" not in note or set(note["/AP"]) != {"/N"}):
                yield f"an annotation without its one appearance: {note['/Subtype']}"
            if note["/Subtype"] in ("/FileAttachment", "/Sound", "/Movie", "/Screen", "/3D"):
                yield f"an annotation of a kind that is not allowed: {note['/Subtype']}"
