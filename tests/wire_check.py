"""Every request and answer that passed over the practice Exchange's wire, held against Microsoft's own schema.

How a suite switches it on: `wire=folder / "wire.jsonl"` (and `strict=peer("schema")`) in its `start(...)`, and
`check_wire(folder / "wire.jsonl")` once its server has stopped.
"""

import json
from collections import Counter
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".venv" / "share" / "songthan" / "peers"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"

#: the one known difference: the schema to be had is Exchange 2013's and fixes these two headers to its own version
HEADERS = {f"{{{TYPES}}}RequestServerVersion", f"{{{TYPES}}}ServerVersionInfo"}


def peer(*names: str) -> Path:
    """A file or folder that scripts/setup_peers.sh fetched; a test that needs it fails without it."""
    path = PEERS.joinpath(*names)
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: run `make peers`"
    return path


def violations(path: Path) -> Counter[tuple[str, str, str]]:
    """(side, operation, what the schema says) of everything in a wire file that is not valid."""
    schema = etree.XMLSchema(etree.parse(peer("schema", "messages.xsd")))
    found: Counter[tuple[str, str, str]] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        for side in ("request", "response"):
            if entry[side] is not None:
                found.update((side, *said) for said in _judge(schema, entry[side].encode("utf-8")))
    return found


def _judge(schema: etree.XMLSchema, raw: bytes) -> list[tuple[str, str]]:
    envelope = etree.fromstring(raw, etree.XMLParser(huge_tree=True))
    parts = [p for holder in ("Header", "Body") for found in envelope.findall(SOAP + holder) for p in found]
    said = []
    for part in parts:
        if part.tag == SOAP + "Fault" or part.tag in HEADERS:
            continue
        whole = etree.fromstring(etree.tostring(part, with_tail=False), etree.XMLParser(huge_tree=True))
        if not schema.validate(whole):
            said += [(etree.QName(part).localname, error.message) for error in schema.error_log]
    return said


def check_wire(path: Path) -> int:
    """Demand that all of a wire file is valid; gives how many exchanges it holds."""
    wrong = violations(path)
    assert not wrong, "\n".join(f"{number}× {' '.join(said)}" for said, number in wrong.items())
    number = sum(1 for _ in path.read_text(encoding="utf-8").splitlines())
    assert number, f"nothing passed over the wire of {path}"
    return number
