"""Answer files as strangers write them: each a right score with its remarks, or one error that names file, place and remedy."""

from __future__ import annotations

import copy
import json

import pytest
from click.testing import CliRunner

from rubric_by_hand import EXAMPLE
from songthan.cli import main

TEXT = json.dumps(EXAMPLE)
PERCENT, HEADS, PERSONS = "answers.c4.success_percent", "headcount", "answers.c1.persons"
TOPICS, FLAG = "answers.c2.topics", "answers.c3.plan"


def put(path, raw):
    """The good answers as text with `raw`, whatever it is, at `path`."""
    document = copy.deepcopy(EXAMPLE)
    place = document
    *way, last = path.split(".")
    for key in way:
        place = place[key]
    place[last] = "@@"
    return json.dumps(document).replace('"@@"', raw)


def scored(data, *, file=None):
    data = data.encode() if isinstance(data, str) else data
    if file is not None:
        file.write_bytes(data)
    told = CliRunner().invoke(main, ["score", str(file or "-"), "--json"], input=None if file else data)
    assert told.exception is None or isinstance(told.exception, SystemExit), told.exception
    return told


#: what is written → the points of its criterion, and the remark about it (None: none).
RIGHT = [
    *((PERCENT, raw, 3, None) for raw in ("70", "70.0", '"70.00"', '"๗๒.๕"', "72.5", "7.25e1", "79.99999999999999", '" 72.5 "', '"70\\n"')),
    *((PERCENT, raw, 3, "read-as") for raw in ('"80%"', '"๘๐ %"', '"ร้อยละ 80"', '"72,5"', "7e1", "7E+1")),
    *((PERCENT, raw, 3, None) for raw in ('"100.00"', "100", "100.0000", '"７２"', '"７２.５"', '"0072.5"')),
    *((PERCENT, raw, 2, "just-below") for raw in ("69.999999999999999999999", '"69.999999999999999999999"', "69.9900001")),
    *((PERCENT, raw, 2, None) for raw in ("60", "69.99", '"๖๙.๙๙"')),
    *((PERCENT, raw, 0, None) for raw in ("0", "-0", "-0.0", '"0"', '"๐"', "49.99")),
    *((PERCENT, raw, 0, "share") for raw in ("0.7", '"0.7"', "1", "1.0", "0.0000001")),
    *((PERCENT, raw, 0, "read-as") for raw in ("1e1", "1e-400")),
    (PERCENT, "null", 0, "unanswered"),
    *((HEADS, raw, 3, None) for raw in ("39", "48")),
    *((HEADS, raw, 3, "headcount-read-as") for raw in ('"๔๘"', '" 48 "', '"48 คน"', "48.0", "4.8e1")),
    *((HEADS, raw, 2, None) for raw in ("49", "65")),
    *((HEADS, raw, 0, None) for raw in ("98", "1000000000000")),
    *((PERSONS, raw, points, None) for raw, points in (("0", 0), ("19", 0), ("20", 1), ("28", 1), ("29", 2), ("38", 2), ("48", 3))),
    *((PERSONS, raw, 3, "read-as") for raw in ('"๓๙ คน"', "39.0", "3.9e1", '"39 คน"')),
    (PERSONS, "null", 0, "unanswered"),
    *((TOPICS, raw, points, None) for raw, points in (("0", 0), ("2", 1), ("5", 3), ("1000000000000", 3))),
    (TOPICS, "1", 0, "c2-one-topic"),
    *((TOPICS, raw, 3, "read-as") for raw in ('"5 เรื่อง"', "5.0", "1e9")),
    (FLAG, "null", 0, "unanswered"),
    (FLAG, "false", 0, "c3-assignment-without-plan"),
]


@pytest.mark.parametrize(("path", "raw", "points", "remark"), RIGHT)
def test_what_can_be_scored_is_scored_exactly(path, raw, points, remark):
    told = scored(put(path, raw))
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    criterion = path.split(".")[1] if "." in path else "c1"
    others = {name: score for name, score in found["scores"].items() if name != criterion}
    assert found["scores"][criterion] == points and set(others.values()) == {3}
    mine = [r["code"] for r in found["remarks"] if path.split(".")[-1] in r["code"] or r["code"].startswith(criterion)]
    assert any(remark in code for code in mine) if remark else not mine, found["remarks"]


WRONG = [
    *((PERCENT, raw) for raw in ("100.0000000000001", "101", "-1", "-0.1", "1e3", "1e400", "1e99999999999999999999", "1e-99999")),
    *((PERCENT, raw) for raw in ('"1e2"', '"1/2"', '"145/2"', "true", "false", "[]", "{}", '""', '"1,000"', '"NaN"', '"∞"')),
    *((PERCENT, raw) for raw in ('"0x50"', '"72.5.1"', '"+72"', '".5"', '"72."', '"72-75"', '"ประมาณ 70"', '"70 บาท"', '"²"')),
    *((PERCENT, raw) for raw in ('"१०"', '"70\\u0000"', '"\\ud800"', "1" + "0" * 400, f'"{"9" * 5000}"', '"-"', '"ไม่มี"')),
    *((HEADS, raw) for raw in ("0", '"0"', "0.0", "-1", "48.5", '"48.0"', "1e13", "true", "null", '"สี่สิบแปด"', "[48]", '""')),
    *((HEADS, raw) for raw in ("38", "1", "1e-1", "1e400", '"-48"', "{}")),
    *((PERSONS, raw) for raw in ("49", "-1", "39.5", '"39/48"', '"81%"', "true", '"1,0"', '"3 9"', '"-"', '"39-40"', "1e400")),
    *((TOPICS, raw) for raw in ('"หนึ่ง"', "-2", "1000000000001", "2.5", "false", '"5.0"', "[5]")),
    *((FLAG, raw) for raw in ("1", "0", '"true"', '"yes"', '"มี"', '"✓"', "[]", "1.0", '""')),
]


@pytest.mark.parametrize(("path", "raw"), WRONG)
def test_what_cannot_be_is_named_with_its_place(path, raw):
    told = scored(put(path, raw))
    assert told.exit_code == 2 and not told.stdout.strip()
    # more persons than heads: either of the two may be the wrong one
    assert path in told.stderr or PERSONS in told.stderr
    assert told.stderr.count("ผิดพลาด") == 1 and "วิธีแก้" in told.stderr and "Traceback" not in told.stderr


def _without(key):
    return json.dumps({**EXAMPLE, "answers": {k: v for k, v in EXAMPLE["answers"].items() if k != key}})


def _answers(**more):
    return json.dumps({**EXAMPLE, "answers": {**EXAMPLE["answers"], **more}})


READABLE = {
    "a mark in front": b"\xef\xbb\xbf" + TEXT.encode(),
    "Windows line ends": json.dumps(EXAMPLE, indent=1).replace("\n", "\r\n"),
    "old Mac line ends": json.dumps(EXAMPLE, indent=1).replace("\n", "\r"),
    "white space around": f"\n\t {TEXT} \n\n",
    "names written as numbers": TEXT.replace("headcount", "\\u0068eadcount"),
    "another order": json.dumps(dict(reversed(EXAMPLE.items()))),
}


@pytest.mark.parametrize("name", READABLE)
def test_files_that_say_the_same(name, tmp_path):
    for file in (None, tmp_path / "คำตอบ.json"):
        told = scored(READABLE[name], file=file)
        assert told.exit_code == 0 and json.loads(told.stdout)["total"] == 27, told.output


UNREADABLE = {
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 without its mark": TEXT.encode("utf-16-le"),
    "UTF-32": TEXT.encode("utf-32"),
    "a Thai code page": TEXT.replace("headcount", "จำนวน").encode("cp874"),
    "half a letter": TEXT.replace("headcount", "จำนวน").encode()[:3],
    "empty": b"",
    "white space": b" \r\n ",
    "a mark alone": b"\xef\xbb\xbf",
    "nothing but zeros": b"\0" * 20,
    "a list": "[]",
    "the answers in a list": f"[{TEXT}]",
    "null": "null",
    "a number": "5",
    "a text": '"x"',
    "the answers as a text": json.dumps(TEXT),
    "more behind": TEXT + "x",
    "two of them": TEXT + TEXT,
    "a comment": TEXT + "//x",
    "a comma too many": TEXT[:-1] + ",}",
    "cut": TEXT[:-5],
    "other quotes": TEXT.replace('"', "'"),
    "the same key twice": TEXT.replace('"headcount": 48', '"headcount": 10, "headcount": 48'),
    "the same key twice, inside": TEXT.replace('"persons": 39', '"persons": 1, "persons": 39'),
    "the same criterion twice": TEXT.replace('"c1": ', '"c1": {"persons": 1}, "c1": '),
    "lists without end": "[" * 100_000,
    "objects without end": '{"a":' * 50_000,
    "a megabyte": " " * 1_000_001,
    "not a number": put(PERCENT, "NaN"),
    "infinity": put(PERCENT, "Infinity"),
    "less than that": put(HEADS, "-Infinity"),
    "an integer of thousands of digits": put(HEADS, "9" * 5000),
    "a key more": TEXT.replace('"headcount"', '"note": "x", "headcount"'),
    "a key more inside": TEXT.replace('"persons": 39', '"persons": 39, "note": 1'),
    "a criterion missing": _without("c9"),
    "a criterion more": _answers(c10={}),
    "a criterion in capitals": TEXT.replace('"c1"', '"C1"'),
    "a criterion as a list": _answers(c1=[39]),
    "a criterion as a number": _answers(c1=39),
    "an answer missing": _answers(c6={"persons": True}),
    "no headcount": json.dumps({"answers": EXAMPLE["answers"]}),
    "no answers": json.dumps({"headcount": 48}),
    "answers null": json.dumps({"headcount": 48, "answers": None}),
    "answers a list": json.dumps({"headcount": 48, "answers": []}),
    "wrapped": json.dumps({"data": EXAMPLE}),
    "an object without keys": "{}",
    "XML": "<a/>",
    "a table": "headcount,48\n",
    "an invisible letter in front": "\u200b" + TEXT,
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_files_that_are_no_answers(name, tmp_path):
    for file in (None, tmp_path / "คำตอบ.json"):
        told = scored(UNREADABLE[name], file=file)
        assert told.exit_code == 2 and not told.stdout.strip(), told.output
        assert told.stderr.count("ผิดพลาด") == 1 and "วิธีแก้" in told.stderr and "Traceback" not in told.stderr
        assert ("คำตอบ.json" if file else "อินพุต (-)") in told.stderr


def test_every_criterion_may_be_unanswered():
    told = scored(json.dumps({"headcount": 48, "answers": dict.fromkeys(EXAMPLE["answers"])}))
    found = json.loads(told.stdout)
    assert told.exit_code == 0 and found["total"] == 0 and found["level"] == 0
    assert all("unanswered" in r["code"] for r in found["remarks"]) and len(found["remarks"]) == 20
