"""The whole cast as a process against the real practice Exchange: a quarter in some seconds, killed in the middle."""

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from email.utils import parseaddr

import contract_paper
import pypdfium2
import pytest
from practice_office import IDS, OFFICE, START, Office, person, token

from songthan.practice.cast.people import HABITS

pytestmark = pytest.mark.real
LATE = {"m08", "m19"}


class Player:
    """The cast's process and the line protocol."""

    def __init__(self, office: Office) -> None:
        self.office = office
        command = [
            sys.executable, "-m", "songthan.practice.cast", "--exchange", office.url, "--people", str(office.people),
            "--state", str(office.folder / "cast"), "--seed", "2566",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def step(self, now: datetime) -> dict:
        self.office.set_clock(now)
        print(json.dumps({"now": now.isoformat()}), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer
        return answer

    def run(self, now: datetime, until: datetime) -> tuple[datetime, list[dict]]:
        """Follow «next» up to `until`; gives the time reached and all acts."""
        acts = []
        while True:
            answer = self.step(now)
            acts += answer["acts"]
            coming = datetime.fromisoformat(answer["next"]) if answer["next"] else until
            assert coming > now or coming >= until
            if coming >= until:
                return until, acts
            now = coming

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def quit(self) -> int:
        self.process.communicate('{"quit": true}\n', timeout=30)
        return self.process.returncode


def printed(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_range() for page in document)


def squeezed(text: str) -> str:
    return "".join(text.split())


def sender(mail) -> str:
    return parseaddr(str(mail["From"]))[1]


def forms(mail) -> list[bytes]:
    return [p.get_payload(decode=True) for p in mail.iter_attachments() if (p.get_filename() or "").endswith(".docx")]


def at(day: int, clock: str = "08:30") -> datetime:
    return datetime.fromisoformat(f"2023-03-{day:02}T{clock}:00+07:00")


def test_a_quarter_with_every_habit(office: Office) -> None:
    for member in IDS[1:]:
        office.ask(member)
    player = Player(office)
    now, acts = player.run(START, at(3, "10:00"))
    assert [a["habit"] for a in acts if a["who"] == "m06"] == ["out_of_office"]
    player.kill()

    player = Player(office)
    chatty = next(m for m in office.inbox() if sender(m) == person("m13")["email"])
    assert "ส่งแล้วค่ะ" in chatty.get_content() and not forms(chatty)
    office.send(person("m13")["email"], "Re: [ส่งทัน]", "ยังไม่พบไฟล์แนบ", now=now, in_reply_to=chatty["Message-ID"])
    office.ask("m06", to=person("m05")["email"], now=now)
    now, more = player.run(now, at(10, "09:00"))
    acts += more

    for member in ("m07", "m18", "m20"):
        (wrong,) = [m for m in office.inbox() if sender(m) == person(member)["email"]]
        files = [("แบบรายงาน.docx", forms(wrong)[0])]
        office.send(person(member)["email"], "[ส่งทัน] โปรดแก้ไขแบบรายงาน", "โปรดแก้ไข", files, now)
    (resaved,) = [m for m in office.inbox() if sender(m) == person("m09")["email"]]
    office.send(
        person("m09")["email"], "[ส่งทัน] โปรดแก้ไขแบบรายงาน", "โปรดแก้ไข", now=now, in_reply_to=resaved["Message-ID"]
    )
    for day in (10, 14, 15):
        for member in (*LATE, "m03"):
            office.send(
                person(member)["email"], "[ส่งทัน] เตือน", f"รหัสแบบ {token(member)} ภายในวันที่ ๑๕ มีนาคม ๒๕๖๖", now=now
            )
        now, more = player.run(now, at(day + 1 if day != 10 else 14))
        acts += more
    now, more = player.run(now, at(17, "16:30"))
    acts += more
    assert player.step(at(17, "16:30"))["next"] is None and player.quit() == 0

    # the habits of later quarters have their tests in test_cast_year.py
    assert {a["habit"] for a in acts} == (HABITS - {"photo", "keeps"}) | {"on_behalf", "stranger"}
    assert [a["habit"] for a in acts if a["who"] in LATE] == ["late", "late"]
    _everything_typed_has_arrived(office)
    _odd_mails_look_their_part(office)


def _everything_typed_has_arrived(office: Office) -> None:
    mails = office.inbox()
    final = {(t["token"], t["field"]): t for t in office.typed() if t["final"]}
    assert len(final) == 12 * len(IDS[1:])
    for member in IDS[1:]:
        mine = {f: t["typed"] for (key, f), t in final.items() if key == token(member)}
        address = {"m06": person("m05")["email"], "m12": "m12.private@freemail.example"}.get(
            member, person(member)["email"]
        )
        if member in ("m09", "m10"):
            continue
        sent = [contract_paper.read_back(f) for m in mails if sender(m) == address for f in forms(m)]
        assert mine in sent, member
    # LibreOffice forgets the tags and paper has none: there the words themselves must stand in the file
    for member in ("m09", "m10"):
        mine = [m for m in mails if sender(m) == person(member)["email"]]
        assert len(mine) == (2 if member == "m09" else 1)
        mail = mine[-1]
        ((name, data),) = [(p.get_filename(), p.get_payload(decode=True)) for p in mail.iter_attachments()]
        words = squeezed(printed(data) if name.endswith(".pdf") else contract_paper.words(data))
        for text in (t for (key, _), t in final.items() if key == token(member) and t["kind"] != "choice"):
            assert squeezed(text["typed"]) in words, (member, text)
    assert Counter(t["member"] for t in office.typed() if not t["final"]) == {m: 12 for m in ("m07", "m18", "m20")}
    counts = Counter(office.ids())
    twice = [m["Message-ID"] for m in mails if sender(m) == person("m16")["email"]]
    assert {key for key, n in counts.items() if n > 1} == set(twice) and counts[twice[0]] == 2


def _odd_mails_look_their_part(office: Office) -> None:
    by = {}
    for mail in office.inbox():
        by.setdefault(sender(mail), []).append(mail)
    (auto,) = by[person("m06")["email"]]
    assert auto["Auto-Submitted"] == "auto-replied" and person("m05")["name"] in auto.get_content()
    (phone,) = by[person("m14")["email"]]
    assert phone.get_body(("plain",)) is None and "iPhone" in phone.get_body(("html",)).get_content()
    (two,) = by[person("m11")["email"]]
    names = [p.get_filename() for p in two.iter_attachments()]
    evidence = [t["typed"] for t in office.typed() if t["token"] == token("m11") and t["kind"] == "evidence"]
    assert len(names) == 2 and names[1] in evidence
    (printed,) = by[person("m10")["email"]]
    (pdf,) = [p.get_payload(decode=True) for p in printed.iter_attachments()]
    assert pdf[:5] == b"%PDF-" and len(forms(printed)) == 0
    (private,) = by["m12.private@freemail.example"]
    assert "dmarc=pass" in private.get_all("Authentication-Results")[0]
    forged = [m for m in by[person("m04")["email"]] if "dmarc=fail" in m.get_all("Authentication-Results")[0]]
    assert len(forged) == 1 and len(by[person("m04")["email"]]) == 2
    lies = {t["typed"] for t in office.typed("forged.jsonl")}
    read = contract_paper.read_back(forms(forged[0])[0])
    assert read["1.1.done"] in lies and read["1.1.done"] not in {t["typed"] for t in office.typed()}
    assert all("dmarc=pass" in m.get_all("Authentication-Results")[0] for m in by[person("m03")["email"]])


def test_the_registry_gives_a_number_and_evenings_are_free(office: Office) -> None:
    key = office.send("registry@senate-office.example", "ส่งรายงาน", "เรียน", [("รายงาน.pdf", b"%PDF-1.4")])
    player = Player(office)
    answer = player.step(START + timedelta(hours=11))
    assert answer == {"acts": [], "next": "2023-03-03T09:15:00+07:00"}
    now, acts = player.run(at(3, "09:15"), at(3, "12:00"))
    assert player.step(now)["acts"] == [] and player.quit() == 0
    (receipt,) = office.inbox()
    assert receipt["In-Reply-To"] == key and parseaddr(receipt["To"])[1] == OFFICE
    assert "เลขรับที่ สว ๔๑๒๓/๒๕๖๖ วันที่ ๓ มีนาคม ๒๕๖๖" in receipt.get_content()
    assert [a["who"] for a in acts] == ["registry"]


def test_nonsense_is_answered_not_died_of(office: Office) -> None:
    player = Player(office)
    for line in ("{}", "nonsense", '{"now": "2023-03-02T09:00:00"}', "[]"):
        print(line, file=player.process.stdin, flush=True)
        assert "not understood" in json.loads(player.process.stdout.readline())["error"]
    assert player.step(START) == {"acts": [], "next": None} and player.quit() == 0
