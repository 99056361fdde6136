"""The marks that let a form be recognised when it comes back: custom properties, custom XML, the core identifier.

The fourth mark, the footer line, is ordinary template text.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from songthan.domain.forms import FormIdentity

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STORE_ID = "{5B0E6E0C-6B3B-4E0B-9C3E-50F6B7A0F301}"
_RELATION = re.compile(r"<Relationship\s[^>]*?/>")


def without_marks(members: dict[str, bytes]) -> dict[str, bytes]:
    """`members` without any custom property or custom XML part of the template itself, nor a word of them."""
    gone = {name for name in members if name == "docProps/custom.xml" or name.startswith("customXml/")}
    kept = {name: data for name, data in members.items() if name not in gone}
    for name in ("_rels/.rels", "word/_rels/document.xml.rels"):
        text = kept[name].decode("utf-8")
        kept[name] = _RELATION.sub(
            lambda m: "" if "customXml" in m.group() or "docProps/custom.xml" in m.group() else m.group(), text
        ).encode()
    types = re.sub(
        r'<Override\s[^>]*PartName="/(?:customXml/|docProps/custom\.xml)[^>]*?/>',
        "",
        kept["[Content_Types].xml"].decode("utf-8"),
    )
    kept["[Content_Types].xml"] = types.encode()
    return kept


def with_places(members: dict[str, bytes]) -> dict[str, bytes]:
    """`members` (of `without_marks`) with the relations and content types of the marks, the same for every form.

    The marks themselves are `identity_parts`.
    """
    marked = dict(members)
    marked["customXml/itemProps1.xml"] = (
        f'{_HEAD}<ds:datastoreItem xmlns:ds="{_OFFICE}/customXml" ds:itemID="{_STORE_ID}"><ds:schemaRefs>'
        '<ds:schemaRef ds:uri="urn:songthan:form:1"/></ds:schemaRefs></ds:datastoreItem>'
    ).encode()
    relation = (
        f'<Relationship Id="rIdSongthanProps" Type="{_OFFICE}/relationships/customXmlProps" Target="itemProps1.xml"/>'
    )
    marked["customXml/_rels/item1.xml.rels"] = (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{relation}</Relationships>'
    ).encode()
    _insert(
        marked,
        "_rels/.rels",
        "</Relationships>",
        f'<Relationship Id="rIdSongthanCustom" Type="{_OFFICE}/relationships/custom-properties" Target="docProps/custom.xml"/>',
    )
    _insert(
        marked,
        "word/_rels/document.xml.rels",
        "</Relationships>",
        f'<Relationship Id="rIdSongthanForm" Type="{_OFFICE}/relationships/customXml" Target="../customXml/item1.xml"/>',
    )
    kinds = "application/vnd.openxmlformats-officedocument"
    _insert(
        marked,
        "[Content_Types].xml",
        "</Types>",
        f'<Override PartName="/docProps/custom.xml" ContentType="{kinds}.custom-properties+xml"/>'
        f'<Override PartName="/customXml/itemProps1.xml" ContentType="{kinds}.customXmlProperties+xml"/>',
    )
    core = marked["docProps/core.xml"].decode("utf-8")
    core = re.sub(r"<dc:identifier>.*?</dc:identifier>|<dc:identifier/>", "", core, flags=re.DOTALL)
    marked["docProps/core.xml"] = core.encode()
    return marked


def identity_parts(identity: FormIdentity, core: bytes) -> dict[str, bytes]:
    """The members that carry the identity: custom properties, custom XML, and `core` (of `with_places`) with its name."""
    name = f"songthan:{identity.form}:{identity.version}:{identity.deadline}:{identity.token}"
    parts = {
        "docProps/custom.xml": _custom_properties(identity),
        "customXml/item1.xml": _custom_xml(identity),
        "docProps/core.xml": core,
    }
    _insert(parts, "docProps/core.xml", "</cp:coreProperties>", f"<dc:identifier>{escape(name)}</dc:identifier>")
    return parts


def _insert(members: dict[str, bytes], name: str, before: str, text: str) -> None:
    old = members[name].decode("utf-8")
    head, found, tail = old.rpartition(before)
    assert found, f"{name} has no {before}"
    members[name] = f"{head}{text}{found}{tail}".encode()


def _custom_properties(identity: FormIdentity) -> bytes:
    values = {
        "SongthanForm": identity.form,
        "SongthanVersion": str(identity.version),
        "SongthanDeadline": identity.deadline,
        "SongthanAssignment": identity.assignment,
        "SongthanToken": identity.token,
    }
    items = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{number}" name="{name}">'
        f"<vt:lpwstr>{escape(value)}</vt:lpwstr></property>"
        for number, (name, value) in enumerate(values.items(), start=2)
    )
    spaces = f'xmlns="{_OFFICE}/custom-properties" xmlns:vt="{_OFFICE}/docPropsVTypes"'
    return f"{_HEAD}<Properties {spaces}>{items}</Properties>".encode()


def _custom_xml(identity: FormIdentity) -> bytes:
    return (
        f'{_HEAD}<form xmlns="urn:songthan:form:1" id={quoteattr(identity.form)} version={quoteattr(str(identity.version))} '
        f"deadline={quoteattr(identity.deadline)} assignment={quoteattr(identity.assignment)} "
        f"token={quoteattr(identity.token)}/>"
    ).encode()
