"""A TrueType font embedded for what is stamped on pages: numbers, the word for an exhibit, the beginning of a seal."""

from __future__ import annotations

import struct

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

__all__ = ["StampFont", "named", "stream"]


def named(**names: str) -> dict[NameObject, NameObject]:
    """PDF names as a dictionary's entries."""
    return {NameObject(f"/{key}"): NameObject(f"/{value}") for key, value in names.items()}


def stream(writer: PdfWriter, data: bytes) -> IndirectObject:
    """A new stream of the file."""
    made = DecodedStreamObject()
    made.set_data(data)
    return writer._add_object(made)


class StampFont:
    """Embedded whole, used for the glyphs of `letters` only (CIDFontType2, Identity-H). A letter the font has not is left out."""

    name = "/SongthanNumbers"

    def __init__(self, writer: PdfWriter, data: bytes, letters: str) -> None:
        count = struct.unpack_from(">H", data, 4)[0]
        rows = (struct.unpack_from(">4s4xLL", data, 12 + 16 * i) for i in range(count))
        self._tables = {tag: data[start : start + size] for tag, start, size in rows}
        self._unit = 1000 / struct.unpack_from(">H", self._tables[b"head"], 18)[0]
        self._map = self._format4()
        self._glyphs = {c: glyph for c in sorted(set(letters)) if (glyph := self._glyph(ord(c)))}
        self.reference = self._embed(writer, data)

    def encode(self, text: str) -> str:
        """The text as a hexadecimal string of glyphs."""
        return "".join(f"{self._glyphs[c]:04X}" for c in text if c in self._glyphs)

    def width(self, text: str, size: float) -> float:
        """Points the text takes at this size."""
        return sum(self._advance(self._glyphs[c]) for c in text if c in self._glyphs) * size / 1000

    def _advance(self, glyph: int) -> float:
        metrics = struct.unpack_from(">H", self._tables[b"hhea"], 34)[0]
        return struct.unpack_from(">H", self._tables[b"hmtx"], 4 * min(glyph, metrics - 1))[0] * self._unit

    def _format4(self) -> int:
        """Where the font's table of characters (format 4, the one of the basic plane) begins; ValueError without one."""
        cmap = self._tables[b"cmap"]
        for index in range(struct.unpack_from(">H", cmap, 2)[0]):
            start = struct.unpack_from(">4xL", cmap, 4 + 8 * index)[0]
            if struct.unpack_from(">H", cmap, start)[0] == 4:
                return int(start)
        raise ValueError("the font has no table of characters")

    def _glyph(self, code: int) -> int:
        """The glyph of a character; 0 if it has none."""
        cmap, start = self._tables[b"cmap"], self._map
        segments = struct.unpack_from(">H", cmap, start + 6)[0] // 2
        for s in range(segments):
            end, first, delta, offset = (
                struct.unpack_from(">H", cmap, start + 14 + 2 * s + skip)[0]
                for skip in (0, 2 * segments + 2, 4 * segments + 2, 6 * segments + 2)
            )
            if first <= code <= end:
                place = start + 16 + 6 * segments + 2 * s + offset + 2 * (code - first)
                glyph = struct.unpack_from(">H", cmap, place)[0] if offset else code
                return (glyph + delta) % 65536 if glyph else 0
        return 0

    def _embed(self, writer: PdfWriter, data: bytes) -> IndirectObject:
        program = DecodedStreamObject()
        program.set_data(data)
        packed = program.flate_encode()
        packed[NameObject("/Length1")] = NumberObject(len(data))
        ascent, descent = struct.unpack_from(">hh", self._tables[b"hhea"], 4)
        box = struct.unpack_from(">4h", self._tables[b"head"], 36)
        family = named(Type="FontDescriptor", FontName="SongthanNumbers")
        numbers = {"Flags": 4, "ItalicAngle": 0, "StemV": 80, "CapHeight": ascent * self._unit}
        numbers |= {"Ascent": ascent * self._unit, "Descent": descent * self._unit}
        described = DictionaryObject(family | {NameObject(f"/{k}"): FloatObject(v) for k, v in numbers.items()})
        described[NameObject("/Flags")] = NumberObject(4)
        described[NameObject("/FontBBox")] = ArrayObject(FloatObject(n * self._unit) for n in box)
        described[NameObject("/FontFile2")] = writer._add_object(packed)
        widths = ArrayObject()
        for glyph in sorted(set(self._glyphs.values())):
            widths += [NumberObject(glyph), ArrayObject([FloatObject(round(self._advance(glyph), 3))])]
        system = DictionaryObject({NameObject("/Supplement"): NumberObject(0)})
        system |= {
            NameObject("/Registry"): TextStringObject("Adobe"),
            NameObject("/Ordering"): TextStringObject("Identity"),
        }
        names = named(Type="Font", Subtype="CIDFontType2", BaseFont="SongthanNumbers", CIDToGIDMap="Identity")
        inner = DictionaryObject(names | {NameObject("/W"): widths, NameObject("/CIDSystemInfo"): system})
        inner[NameObject("/FontDescriptor")] = writer._add_object(described)
        outer = DictionaryObject(
            named(Type="Font", Subtype="Type0", BaseFont="SongthanNumbers", Encoding="Identity-H")
        )
        outer[NameObject("/DescendantFonts")] = ArrayObject([writer._add_object(inner)])
        outer[NameObject("/ToUnicode")] = stream(writer, self._to_unicode())
        return writer._add_object(outer)

    def _to_unicode(self) -> bytes:
        pairs = "\n".join(f"<{glyph:04X}> <{ord(c):04X}>" for c, glyph in self._glyphs.items())
        return (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /SongthanNumbers def "
            "/CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange "
            f"{len(self._glyphs)} beginbfchar\n{pairs}\nendbfchar endcmap end end"
        ).encode("ascii")
