"""Which form a file is: the marks a rendered form carries, in the order they are believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from songthan.adapters.read_package import Package
from songthan.domain.forms import FormIdentity

__all__ = ["TOKEN", "Marks", "identity_of_package", "identity_of_text", "tokens_of"]

TOKEN = re.compile(r"ST-[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}(?![0-9A-Z-])", re.IGNORECASE)
_FOOTER = re.compile(rf"({TOKEN.pattern})\s*·\s*(\S+)\s*·\s*(\S+)", re.IGNORECASE)
_PROPERTIES = {
    "SongthanForm": "form",
    "SongthanVersion": "version",
    "SongthanDeadline": "deadline",
    "SongthanAssignment": "assignment",
    "SongthanToken": "token",
}
_FORM_NS = "{urn:songthan:form:1}form"


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The best mark found; `recognised_by` is its name, `tokens` every different token in the file's marks."""

    identity: FormIdentity | None
    recognised_by: str | None
    tokens: frozenset[str]


def _identity(found: dict[str, str]) -> FormIdentity | None:
    token = TOKEN.fullmatch(found.get("token", "").strip())
    version = found.get("version", "").strip()
    if token is None:
        return None
    return FormIdentity(
        form=found.get("form", "").strip().lower(),
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 6 else 0,
        deadline=found.get("deadline", "").strip(),
        assignment=found.get("assignment", "").strip(),
        token=token[0].upper(),
    )


def identity_of_text(text: str) -> FormIdentity | None:
    """From the footer's words «รหัสแบบ <token> · F3 · <deadline>», or from a bare token; version 0 is unknown."""
    footer = _FOOTER.search(text)
    if footer:
        return _identity({"token": footer[1], "form": footer[2], "deadline": footer[3]})
    token = TOKEN.search(text)
    return _identity({"token": token[0]}) if token else None


def tokens_of(text: str) -> frozenset[str]:
    """Every token in footers of `text` («รหัสแบบ <token> · …»)."""
    return frozenset(m[1].upper() for m in _FOOTER.finditer(text))


def identity_of_package(package: Package, *, footers: Iterable[str], body: Callable[[], str]) -> Marks:
    """Custom property → custom XML → core identifier → footer text → any token in the body text (asked for last)."""
    candidates = (
        ("custom-property", _custom_properties(package)),
        ("custom-xml", _custom_xml(package)),
        ("core-identifier", _core(package)),
        ("footer", identity_of_text("\n".join(footers))),
    )
    found = [(name, mark) for name, mark in candidates if mark is not None]
    if not found:
        mark = identity_of_text(body())
        found = [("body-text", mark)] if mark is not None else []
    return Marks(
        identity=found[0][1] if found else None,
        recognised_by=found[0][0] if found else None,
        tokens=frozenset(mark.token for name, mark in found if name != "body-text"),
    )


def _custom_properties(package: Package) -> FormIdentity | None:
    if "docProps/custom.xml" not in package.names:
        return None
    found = {}
    for node in package.xml("docProps/custom.xml").iter("{*}property"):
        key = _PROPERTIES.get(node.get("name", ""))
        if key:
            found[key] = "".join(node.itertext())
    return _identity(found)


def _custom_xml(package: Package) -> FormIdentity | None:
    for name in sorted(package.names):
        if re.fullmatch(r"customXml/item\d+\.xml", name):
            root = package.xml(name)
            node = root if root.tag == _FORM_NS else next(root.iter(_FORM_NS), None)
            if node is not None:
                return _identity({**node.attrib, "form": node.get("id", "")})
    return None


def _core(package: Package) -> FormIdentity | None:
    if "docProps/core.xml" not in package.names:
        return None
    node: etree._Element | None = next(package.xml("docProps/core.xml").iter("{*}identifier"), None)
    words = ("".join(node.itertext()) if node is not None else "").split(":")
    if len(words) < 5 or words[0] != "songthan":
        return None
    return _identity({"form": words[1], "version": words[2], "deadline": ":".join(words[3:-1]), "token": words[-1]})
