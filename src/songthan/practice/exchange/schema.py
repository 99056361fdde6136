"""Microsoft's own XSD, when its folder is given: what real Exchange refuses (an element out of order, a word it does
not know) is refused here too. The files are Microsoft's and never part of Songthan: scripts/setup_peers.sh fetches them.
"""

from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from songthan.practice.exchange.errors import PracticeError, SoapFault
from songthan.practice.exchange.soap import MESSAGES, TYPES, Element, tag

#: the newest schema to be had is Exchange 2013's, which fixes this header to its own version
BY_HAND = frozenset({tag("t:RequestServerVersion"), tag("t:ServerVersionInfo")})


@dataclass(frozen=True, kw_only=True)
class Violation:
    """The first thing wrong with a message: where (line, column from 1) and in which words the schema says so."""

    text: str
    line: int
    column: int


class Schema:
    """`messages.xsd` with all it imports, read once."""

    def __init__(self, folder: Path) -> None:
        try:
            self._schema = etree.XMLSchema(etree.parse(folder / "messages.xsd"))
        except (OSError, etree.LxmlError) as error:
            raise PracticeError(f"schema folder {folder}: {error}; it must hold Microsoft's messages.xsd") from error

    def violation(self, envelope: Element) -> Violation | None:
        """What is wrong with the headers and the body of a SOAP envelope; None when all is valid."""
        for part in _judged(envelope):
            # a copy: the schema judges a whole document
            root = etree.fromstring(etree.tostring(part, with_tail=False), etree.XMLParser(huge_tree=True))
            if not self._schema.validate(root):
                first = self._schema.error_log[0]
                line = (part.sourceline or 1) + first.line - 1
                return Violation(text=first.message, line=line, column=max(1, first.column))
        return None

    def demand(self, envelope: Element) -> None:
        """Raise the SOAP fault that real Exchange answers an invalid request with."""
        wrong = self.violation(envelope)
        if wrong is not None:
            raise SoapFault(
                "ErrorSchemaValidation",
                f"The request failed schema validation: {wrong.text}",
                details={"LineNumber": str(wrong.line), "LinePosition": str(wrong.column), "Violation": wrong.text},
            )


def _judged(envelope: Element) -> list[Element]:
    """The SOAP headers and bodies that are EWS's own."""
    parts = [part for holder in ("s:Header", "s:Body") for found in envelope.findall(tag(holder)) for part in found]
    ours = [p for p in parts if isinstance(p.tag, str) and etree.QName(p).namespace in (MESSAGES, TYPES)]
    return [part for part in ours if part.tag not in BY_HAND]
