"""Proof, once per template, that filling it gives well-formed XML whatever the values: then no filled form need be parsed.

Every body of an `if` or a `for` must be whole in itself, and every value stand where finished text may stand: inside w:t,
or in a quoted attribute behind `as_attribute`. A template that cannot be proven may still be right; it is then checked
each time it is filled.
"""

from __future__ import annotations

import re

from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from songthan.adapters.render_bindings import w

__all__ = ["proven"]

_TEXT_PROBE, _ATTRIBUTE_PROBE = "\ue0f0", "\ue0f1"
_PREFIX = re.compile(r"<(?:/?)([A-Za-z_][\w.-]*):|\s([A-Za-z_][\w.-]*):[\w.-]+\s*=")
# filters that give plain text when they are given plain text; others might print mark-up of their own
_PLAIN = frozenset(
    {"as_answer", "as_problem", "as_wrong_note", "is_carried", "as_attribute", "join", "default", "d", "length", "count", "first"}
    | {"last", "int", "float", "round", "string", "trim", "upper", "lower", "replace", "sort", "list", "reverse", "unique", "sum"}
)  # fmt: skip


class _Unproven(Exception):
    """Nothing is known about this template."""


def proven(env: ImmutableSandboxedEnvironment, source: str) -> bool:
    """Is every filling of this part well-formed? False also when it merely cannot be told."""
    tree = env.parse(source)
    if any(f.name not in _PLAIN for f in tree.find_all(nodes.Filter)):
        return False
    try:
        root = etree.fromstring(_flat(tree.body).encode("utf-8"))
    except (_Unproven, etree.XMLSyntaxError):
        return False
    return all(map(_values_stand_well, root.iter()))


def _values_stand_well(element: etree._Element) -> bool:
    if not isinstance(element.tag, str):
        return not any(p in (element.text or "") for p in (_TEXT_PROBE, _ATTRIBUTE_PROBE)) and _TEXT_PROBE not in (
            element.tail or ""
        )
    if _TEXT_PROBE in element.tag or any(_TEXT_PROBE in v for v in element.attrib.values()):
        return False
    parent = element.getparent()
    loose = (element.text if element.tag != w("t") else "") or ""
    after = (element.tail if parent is None or parent.tag != w("t") else "") or ""
    return _TEXT_PROBE not in loose and _TEXT_PROBE not in after


def _flat(body: list[nodes.Node]) -> str:
    """The template with each body once, and a probe for each value."""
    return "".join(map(_one, body))


def _one(node: nodes.Node) -> str:
    if isinstance(node, nodes.Output):
        return "".join(map(_value, node.nodes))
    if isinstance(node, nodes.If):
        return "".join(_whole(b) for b in (node.body, *(e.body for e in node.elif_), node.else_))
    if isinstance(node, nodes.For) and not node.recursive:
        return _whole(node.body) + _whole(node.else_)
    if isinstance(node, nodes.Assign):
        return ""
    raise _Unproven


def _value(node: nodes.Node) -> str:
    if isinstance(node, nodes.TemplateData):
        return node.data
    return _ATTRIBUTE_PROBE if isinstance(node, nodes.Filter) and node.name == "as_attribute" else _TEXT_PROBE


def _whole(body: list[nodes.Node]) -> str:
    """The body's text, if it may be left out or repeated without breaking what stands around it."""
    text = _flat(body)
    if "<" in text or ">" in text or "&" in text:
        prefixes = {a or b for a, b in _PREFIX.findall(text)} - {"xml"}
        spaces = "".join(f' xmlns:{prefix}="urn:x"' for prefix in sorted(prefixes))
        etree.fromstring(f"<r{spaces}>{text}</r>".encode())
    elif '"' in text or "'" in text:
        raise _Unproven
    return text
