"""Peers that fill Word templates in node: docxtemplater and carbone, given the same form and the same data.

Their templates are made from ours: every loop, condition and value in the peer's own tags. Neither can write into an
attribute, so their content controls keep one tag for all rows; they write no notes, no marks of identity and no QR either.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docxtpl import DocxTemplate
from lxml import etree

from songthan.adapters.render_bindings import W14, w
from songthan.adapters.render_jinja import environment

__all__ = ["PEERS", "PeersMissing", "measure_peers", "texts_of"]

PEERS = ("docxtemplater", "carbone")
_PACKAGES = ("docxtemplater", "pizzip", "carbone")
_PART = re.compile(r"word/(document|header\d*|footer\d*)\.xml")
_COMMAND = re.compile(r"\{%\s*(.*?)\s*%\}|\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_TAG = re.compile(r"(?:\{\{\s*(\w+)\.id\s*\}\}\.)?(\w+)(?:=(\w+))?")
_ENV = environment()

_SCRIPT = """
const fs = require("fs"), PizZip = require("pizzip"), Docxtemplater = require("docxtemplater"), carbone = require("carbone");
const rounds = Number(process.argv[2]), data = JSON.parse(fs.readFileSync("data.json", "utf8"));
const content = fs.readFileSync("docxtemplater.docx");
const peers = {
  docxtemplater: async () => {
    const doc = new Docxtemplater(new PizZip(content), { paragraphLoop: true, linebreaks: true });
    doc.render(data);
    return doc.getZip().generate({ type: "nodebuffer", compression: "DEFLATE" });
  },
  carbone: () => new Promise((done, fail) =>
    carbone.render(process.cwd() + "/carbone.docx", data, (error, result) => error ? fail(error) : done(result))),
};
(async () => {
  const found = {};
  for (const [name, fill] of Object.entries(peers)) {
    try {
      fs.writeFileSync(name + ".out.docx", await fill());
      for (let i = 0; i < 5; i++) await fill();
      const started = process.hrtime.bigint();
      for (let i = 0; i < rounds; i++) await fill();
      found[name] = rounds / (Number(process.hrtime.bigint() - started) / 1e9);
    } catch (error) { found[name] = String(error); }
  }
  fs.writeFileSync("rates.json", JSON.stringify(found));
  process.exit(0);
})();
"""


class PeersMissing(Exception):
    """node, npm or the registry is not there; the message says which."""


@dataclass
class _Block:
    """A loop or condition of the template, or (kind "") the whole of it."""

    kind: str = ""
    variable: str = ""
    expression: str = ""
    key: str = ""
    body: list[str | tuple[str, str] | _Block] = field(default_factory=list)  # text, (key, expression), block


def measure_peers(
    template: Path, context: Mapping[str, object], *, rounds: int, folder: Path
) -> dict[str, float | str]:
    """Forms a second by peer, or why it has none; each peer's first output lies in `folder` as `<peer>.out.docx`."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise PeersMissing("node or npm is not installed")
    (folder / "package.json").write_text("{}")
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--no-package-lock", *_PACKAGES]
    installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    if installed.returncode:
        raise PeersMissing("npm could not install the peers")
    parts, package = _parsed(template)
    for name in PEERS:
        texts = {
            part: (_docxtemplater if name == "docxtemplater" else _carbone)(block) for part, block in parts.items()
        }
        (folder / f"{name}.docx").write_bytes(_zipped({**package, **{k: v.encode() for k, v in texts.items()}}))
    data: dict[str, object] = {}
    for block in parts.values():
        data |= _data(block, context)
    (folder / "data.json").write_text(json.dumps(data))
    (folder / "run.js").write_text(_SCRIPT)
    subprocess.run(["node", "run.js", str(rounds)], cwd=folder, check=True, timeout=600, stdout=subprocess.DEVNULL)
    return json.loads((folder / "rates.json").read_text())


def texts_of(docx: bytes) -> str:
    """All words of the document in reading order, without white space."""
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        root = etree.fromstring(package.read("word/document.xml"))
    return "".join("".join(root.itertext(w("t"))).split())


def _zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            package.writestr(name, data)
    return out.getvalue()


def _parsed(template: Path) -> tuple[dict[str, _Block], dict[str, bytes]]:
    with zipfile.ZipFile(template) as package:
        members = {name: package.read(name) for name in package.namelist()}
    parts = {}
    for number, name in enumerate(sorted(n for n in members if _PART.fullmatch(n))):
        root = etree.fromstring(members[name])
        _bind(root)
        source = DocxTemplate("").patch_xml(etree.tostring(root, encoding="unicode"))
        parts[name] = _blocks(source.replace("<w:t>", '<w:t xml:space="preserve">'), f"p{number}")
    return parts, members


def _bind(root: etree._Element) -> None:
    """Controls hold the value as plain Jinja; what neither peer can write (an attribute) stays as it is in the template."""
    for sdt in root.iter(w("sdt")):
        tag = sdt.find(f"{w('sdtPr')}/{w('tag')}")
        row, key, choice = _TAG.fullmatch(tag.get(w("val"))).groups()
        value = f"answer({row}.answers, '{key}')"
        shown = f"{{{{ '☒' if {value} == '{choice}' else '☐' }}}}" if choice else f"{{{{ {value} or '……' }}}}"
        text = sdt.find(f".//{w('t')}")
        text.text = shown
        for name in ("tag", "alias"):
            sdt.find(f"{w('sdtPr')}/{w(name)}").set(w("val"), f"{row}.{key}")
        for checked in sdt.iter(f"{{{W14}}}checked"):
            checked.set(f"{{{W14}}}val", "0")


def _blocks(source: str, prefix: str) -> _Block:
    whole = _Block()
    stack, at, number = [whole], 0, 0
    for command in _COMMAND.finditer(source):
        stack[-1].body.append(source[at : command.start()])
        at, number = command.end(), number + 1
        key = f"{prefix}k{number}"
        if command[2] is not None:
            stack[-1].body.append((key, command[2]))
            continue
        words = command[1].split(None, 1)
        if words[0] == "for":
            variable, _, expression = words[1].partition(" in ")
            stack.append(_Block(kind="for", variable=variable.strip(), expression=expression, key=key))
        elif words[0] == "if":
            stack.append(_Block(kind="if", expression=words[1], key=key))
        elif words[0] in ("endfor", "endif"):
            closed = stack.pop()
            stack[-1].body.append(_inline(closed) or closed)
        else:
            raise ValueError(f"no translation of {command.group()}")
    whole.body.append(source[at:])
    return whole


def _inline(block: _Block) -> tuple[str, str] | None:
    """A condition inside a sentence becomes one value: carbone repeats whole elements only."""
    if block.kind != "if" or any(isinstance(p, _Block) or (isinstance(p, str) and "<" in p) for p in block.body):
        return None
    pieces = [repr(p) if isinstance(p, str) else f"({p[1]})" for p in block.body if p != ""]
    return block.key, f"({' ~ '.join(pieces)}) if {block.expression} else ''"


def _data(block: _Block, scope: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for piece in block.body:
        if isinstance(piece, tuple):
            found[piece[0]] = str(_ENV.compile_expression(piece[1])(**scope))
        elif isinstance(piece, _Block):
            value = _ENV.compile_expression(piece.expression)(**scope)
            scopes = [{**scope, piece.variable: v} for v in value] if piece.kind == "for" else [scope] * bool(value)
            found[piece.key] = [{**_data(piece, inner), "z": ""} for inner in scopes]
    return found


def _docxtemplater(block: _Block) -> str:
    return "".join(
        p if isinstance(p, str) else f"{{{p[0]}}}" if isinstance(p, tuple) else _docxtemplater_loop(p)
        for p in block.body
    )


def _docxtemplater_loop(block: _Block) -> str:
    body = _docxtemplater(block)
    start, end = f"{{#{block.key}}}", f"{{/{block.key}}}"
    if _row(body):
        return _around(body, start, end)
    return f"{_paragraph(start)}{body}{_paragraph(end)}"


def _carbone(block: _Block, path: str = "d") -> str:
    tag: Callable[[tuple[str, str]], str] = lambda p: f"{{{path}.{p[0]}{':convCRLF' if 'answer(' in p[1] else ''}}}"  # noqa: E731
    return "".join(
        p if isinstance(p, str) else tag(p) if isinstance(p, tuple) else _carbone_loop(p, f"{path}.{p.key}")
        for p in block.body
    )


def _carbone_loop(block: _Block, path: str) -> str:
    body = _carbone(block, f"{path}[i]")
    this, following = f"{{{path}[i].z}}", f"{{{path}[i+1].z}}"
    if _row(body):
        return f"{_around(body, this, '')}<w:tr><w:tc>{_paragraph(following)}</w:tc></w:tr>"
    return f"{_around(body, this, '')}{_paragraph(following)}"


def _row(body: str) -> bool:
    return body.lstrip().startswith("<w:tr")


def _around(body: str, before: str, after: str) -> str:
    """The body with text at the very beginning of its first w:t and at the very end of its last."""
    head, mark, rest = body.partition('<w:t xml:space="preserve">')
    body = f"{head}{mark}{before}{rest}"
    head, mark, rest = body.rpartition("</w:t>")
    return f"{head}{after}{mark}{rest}"


def _paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"
