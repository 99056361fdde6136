"""The blank form as data (`domain.layouts.Layout`), derived from its Word template.

The template's Jinja is rewritten before it is run: every printed variable becomes WILD, every loop over `rows.<table>`
gives one row, and what a condition or another loop may or may not print becomes WILD as a whole. Then the document is
walked as the reader walks a returned one, so that both see the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import ChainableUndefined, nodes
from jinja2.visitor import NodeTransformer
from lxml import etree

from songthan.adapters.read_text import paragraphs_of, unwrapped
from songthan.adapters.render_bindings import W14, w
from songthan.adapters.render_jinja import FILL_ERRORS, environment
from songthan.adapters.render_template import Template, load_template
from songthan.domain.errors import RenderError
from songthan.domain.forms import FormSpec
from songthan.domain.layouts import WILD, Layout, LayoutRow, LayoutTable, Passage, Pattern, Slot
from songthan.domain.thai import canonical

__all__ = ["BlankForm", "blank_form", "layout_of"]

# Marks put into the text while it is worked on; private-use characters that no template prints.
_OPEN, _CLOSE = "\ue001", "\ue002"  # around what may or may not be printed
_ROW, _ROW_END, _ROW_CLOSE = "\ue003", "\ue004", "\ue005"  # around a growing table's row: ROW key ROW_END … ROW_CLOSE
_SLOT, _SLOT_END = "\ue006", "\ue007"  # SLOT number SLOT_END

_TAG = re.compile(r"(?:([^.=]*)\.)?([a-z][a-z0-9_]*)(?:=(\w+))?")
_ROW_MARK = re.compile(f"{_ROW}(\\w+){_ROW_END}|{_ROW_CLOSE}")
_OPTIONAL = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_MARKS = re.compile(f"{_ROW}\\w*{_ROW_END}|[{_OPEN}{_CLOSE}{_ROW_CLOSE}]")
_SLOT_MARK = re.compile(f"{_SLOT}([0-9]+){_SLOT_END}")
_WILDS = re.compile(rf"{WILD}(?:\s*{WILD})+")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_pis=True)


@dataclass(frozen=True, kw_only=True)
class BlankForm:
    """A template's layout and what only its making shows.

    `loops`: (loop variable, table) of each loop over `rows.<table>`. `misfits`: slots whose control is a check box
    without a value in its tag, or a text control with one.
    """

    layout: Layout
    loops: tuple[tuple[str, str], ...]
    misfits: tuple[Slot, ...]


_cache: dict[Path, tuple[Template, BlankForm]] = {}


def layout_of(folder: Path, spec: FormSpec) -> Layout | None:
    """The blank form of `spec`, whose template lies in `folder`; None for a form that repeats over activities.

    Kept in memory until the template file changes. RenderError names the file and the remedy.
    """
    if spec.repeat:
        return None
    return blank_form(load_template(folder / spec.template)).layout


def blank_form(template: Template) -> BlankForm:
    """The blank form of any template, also of one that repeats over activities (one row for all of them)."""
    kept = _cache.get(template.path)
    if kept is None or kept[0] is not template:
        kept = _cache[template.path] = (template, _blank(template))
    return kept[1]


def _blank(template: Template) -> BlankForm:
    env = environment(ChainableUndefined)
    tree = env.parse(template.sources["word/document.xml"])
    # whose answers its conditions look at: there are none yet
    owners = {
        g.node.name for g in tree.find_all(nodes.Getattr) if g.attr == "answers" and isinstance(g.node, nodes.Name)
    }
    blanking = _Blanking()
    tree = blanking.visit(tree)
    tree.set_environment(env)
    nobody: dict[str, object] = {owner: {"answers": {}} for owner in owners}
    try:
        text = env.from_string(tree).render({**nobody, "answers": {}})
        root = etree.fromstring(text.replace("\n<w:p", "<w:p").encode(), _PARSER)
    except (*FILL_ERRORS, etree.XMLSyntaxError) as error:
        raise RenderError(
            f"แม่แบบที่ยังไม่กรอกไม่เป็นเอกสาร Word ที่ถูกต้อง ({error})",
            where=template.path.name,
            remedy="ตรวจว่าคำสั่ง {%p … %} อยู่ในย่อหน้าของตนเอง และ {%tr … %} อยู่ในแถวของตนเอง",
        ) from None
    slots, misfits = _mark_slots(root)
    body = root.find(w("body"))
    if body is None:
        body = etree.SubElement(root, w("body"))
    _blur_optional(body)
    layout = Layout(blocks=tuple(_blocks(body, slots)))
    return BlankForm(layout=layout, loops=tuple(blanking.loops), misfits=tuple(misfits))


# ---------------------------------------------------------------- the template's commands


class _Blanking(NodeTransformer):
    """Rewrites a template so that it prints the blank form and needs no data but empty answers."""

    def __init__(self) -> None:
        self.loops: list[tuple[str, str]] = []

    def visit_Output(self, node: nodes.Output) -> nodes.Output:
        node.nodes = [self._printed(item) for item in node.nodes]
        return node

    def visit_If(self, node: nodes.If) -> nodes.Node | list[nodes.Node]:
        node.body = self._visited(node.body)
        if not _asks_answers(node.test):
            return [_text(_OPEN, node), *node.body, _text(_CLOSE, node)]
        for branch in node.elif_:
            branch.body = self._visited(branch.body)
        node.else_ = self._visited(node.else_)
        return node

    def visit_For(self, node: nodes.For) -> list[nodes.Node]:
        table = _table_of(node.iter)
        if table and isinstance(node.target, nodes.Name):
            self.loops.append((node.target.name, table))
            before, after = f"{_ROW}{table}{_ROW_END}", _ROW_CLOSE
        else:
            before, after = _OPEN, _CLOSE
        return [_text(before, node), *self._visited(node.body), _text(after, node)]

    def visit_Assign(self, node: nodes.Assign) -> list[nodes.Node]:
        return []

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> list[nodes.Node]:
        return []

    def _visited(self, body: list[nodes.Node]) -> list[nodes.Node]:
        return [item for node in body for item in self.visit_list(node)]

    def _printed(self, item: nodes.Expr) -> nodes.Expr:
        if isinstance(item, (nodes.TemplateData, nodes.Const)):
            return item
        tables = dict(self.loops)
        for part in (item, *item.find_all(nodes.Getattr)):
            if isinstance(part, nodes.Getattr) and part.attr == "id" and isinstance(part.node, nodes.Name):
                return nodes.Const(tables.get(part.node.name, WILD), lineno=item.lineno)
        return nodes.Const(WILD, lineno=item.lineno)


def _asks_answers(test: nodes.Node) -> bool:
    """Is this a condition on answers (our own bindings, notes and shades, or an author's `carried(…)`)?"""
    names = [test, *test.find_all(nodes.Name)]
    return any(
        isinstance(name, nodes.Name)
        and (name.name in ("answers", "answer", "carried") or name.name.startswith("songthan_"))
        for name in names
    ) or any(part.attr == "answers" for part in test.find_all(nodes.Getattr))


def _table_of(iterated: nodes.Node) -> str:
    """The key of the table whose rows a loop goes over (`rows.dos`, `rows["dos"]`), else ""."""
    if not isinstance(getattr(iterated, "node", None), nodes.Name) or iterated.node.name != "rows":
        return ""
    if isinstance(iterated, nodes.Getattr):
        return iterated.attr
    wanted = iterated.arg if isinstance(iterated, nodes.Getitem) else None
    return str(wanted.value) if isinstance(wanted, nodes.Const) else ""


def _text(text: str, beside: nodes.Node) -> nodes.Output:
    return nodes.Output([nodes.TemplateData(text, lineno=beside.lineno)], lineno=beside.lineno)


# ---------------------------------------------------------------- the document


def _mark_slots(root: etree._Element) -> tuple[list[Slot], list[Slot]]:
    """Every bound control becomes a run with its slot's number; the slots, and those whose control is of a wrong kind."""
    slots, misfits = [], []
    for sdt in list(root.iter(w("sdt"))):
        tag = sdt.find(f"{w('sdtPr')}/{w('tag')}")
        match = _TAG.fullmatch(tag.get(w("val"), "")) if tag is not None else None
        if match is None:
            continue
        row, key, choice = match[1] or "", match[2], match[3] or ""
        slot = Slot(field=f"{row}.{key}" if row and row != WILD else key, choice=choice)
        if (sdt.find(f"{w('sdtPr')}/{{{W14}}}checkbox") is not None) != bool(choice):
            misfits.append(slot)
        run = etree.Element(w("r"))
        etree.SubElement(run, w("t")).text = f"{_SLOT}{len(slots)}{_SLOT_END}"
        run.tail = sdt.tail
        sdt.getparent().replace(sdt, run)
        slots.append(slot)
    return slots, misfits


def _blur_optional(body: etree._Element) -> None:
    """Whole paragraphs or runs between OPEN and CLOSE become one WILD, unless they hold a slot or are table rows."""
    for parent in list(body.iter(w("body"), w("tc"), w("p"), w("sdtContent"))):
        children = list(parent)
        opened: list[int] = []
        for at, text in enumerate([parent.text, *(child.tail for child in children)]):
            for char in text or "":
                if char == _OPEN:
                    opened.append(at)
                elif char == _CLOSE and opened:
                    _blur(parent, children[opened.pop() : at])


def _blur(parent: etree._Element, children: list[etree._Element]) -> None:
    there = [child for child in children if child.getparent() is parent and child.tag != w("sectPr")]
    if not there or any(_SLOT in (t.text or "") for child in there for t in child.iter(w("t"))):
        return
    run = etree.Element(w("r"))
    etree.SubElement(run, w("t")).text = WILD
    wild = run
    if parent.tag != w("p"):
        wild = etree.Element(w("p"))
        wild.append(run)
    there[0].addprevious(wild)
    for child in there:
        parent.remove(child)


def _blocks(body: etree._Element, slots: list[Slot]) -> Iterator[Passage | LayoutTable]:
    # the set keeps lxml's proxies alive, so that the same element is the same object when it is met again
    known = {*unwrapped(body, "p"), *unwrapped(body, "tbl")}
    paragraphs: list[etree._Element] = []
    for block in [node for node in body.iter(w("p"), w("tbl")) if node in known] + [None]:
        if block is not None and block.tag == w("p"):
            paragraphs.append(block)
            continue
        passage = _pattern(paragraphs, slots)
        if passage.pieces:
            yield Passage(pattern=passage)
        paragraphs = []
        if block is not None:
            yield LayoutTable(rows=tuple(_rows(block, slots)))


def _rows(table: etree._Element, slots: list[Slot]) -> Iterator[LayoutRow]:
    growing: dict[etree._Element, str] = {}
    key = _key_after(table.text, "")
    for child in table:
        growing[child] = key
        key = _key_after(child.tail, key)
    for row in unwrapped(table, "tr"):
        top = row
        while top.getparent() is not table:
            top = top.getparent()
        start = _number(row.find(w("trPr")), "gridBefore", 0)
        cells, starts = [], []
        for cell in unwrapped(row, "tc"):
            cells.append(_pattern([cell], slots))
            starts.append(start)
            start += _number(cell.find(w("tcPr")), "gridSpan", 1)
        yield LayoutRow(cells=tuple(cells), starts=tuple(starts), table=growing[top])


def _key_after(text: str | None, key: str) -> str:
    """The growing table one is in after the row marks in `text`."""
    for mark in _ROW_MARK.finditer(text or ""):
        key = mark[1] or ""
    return key


def _number(properties: etree._Element | None, name: str, default: int) -> int:
    node = None if properties is None else properties.find(w(name))
    value = "" if node is None else node.get(w("val"), "")
    return int(value) if value.isascii() and value.isdigit() else default


def _pattern(elements: list[etree._Element], slots: list[Slot]) -> Pattern:
    """The words and slots of these cells or paragraphs; white space single, line ends between paragraphs."""
    text = "\n".join("\n".join(paragraphs_of(element)) for element in elements)
    changed = 1
    while changed:
        text, changed = _OPTIONAL.subn(lambda m: m[1] if _SLOT in m[1] else WILD, text)
    text = canonical(_MARKS.sub("", text)).replace("\u200b", "")
    text = re.sub(r"[^\S\n]+", " ", _WILDS.sub(WILD, text))
    text = re.sub(r" *\n[ \n]*", "\n", text).strip()
    parts = _SLOT_MARK.split(text)
    pieces = [slots[int(part)] if at % 2 else part for at, part in enumerate(parts)]
    return Pattern(pieces=tuple(piece for piece in pieces if piece != ""))
