"""What an act sends: the mails of members, deputies, the stranger and the registry, with what was typed into them."""

import html
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from songthan.practice.cast import exhibits, office
from songthan.practice.cast.answers import Typed, compose
from songthan.practice.cast.filler import Form
from songthan.practice.cast.hours import next_open
from songthan.practice.cast.letters import Draft, Letter, message_id, read_letter, reply_subject, thai_date, write
from songthan.practice.cast.members import forms_of
from songthan.practice.cast.memory import Envelope, Intent, Memory, Prepared
from songthan.practice.cast.people import Habits, People, Person, Year
from songthan.practice.cast.script import digits, foreign, tell
from songthan.practice.cast.whole import compose_whole, files_named, known

STYLES = {"prints_pdf": "short", "tricky": "tricky"}
STRANGER = "postmaster@thai-mailer.example"
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
GREETING = "เรียน ฝ่ายเลขานุการคณะทำงาน\n\n"
BODIES = {
    "prompt": "ส่งแบบรายงานผลการดำเนินการมาพร้อมนี้ครับ",
    "steady": "ขอส่งแบบรายงานที่กรอกข้อมูลเรียบร้อยแล้วตามไฟล์แนบ\nจึงเรียนมาเพื่อโปรดทราบ",
    "late": "ขออภัยที่ส่งล่าช้า ขอส่งแบบรายงานตามไฟล์แนบค่ะ",
    "corrects": "ส่งแบบรายงานตามไฟล์แนบค่ะ",
    "resaves": "ส่งแบบรายงานตามที่ขอมาครับ (แก้ไขด้วย LibreOffice)",
    "prints_pdf": "ส่งแบบรายงานเป็นไฟล์ PDF ตามแนบครับ",
    "two_files": "ส่งแบบรายงานพร้อมไฟล์หลักฐานประกอบค่ะ",
    "wrong_address": "ขออภัยค่ะ อีเมลสำนักงานเข้าไม่ได้ จึงขอส่งจากอีเมลส่วนตัว",
    "chatty": "ขออภัยค่ะ ลืมแนบไฟล์ ส่งให้ใหม่พร้อมไฟล์แล้วนะคะ",
    "phone": "ส่งแบบรายงานครับ",
    "twice": "ส่งแบบรายงานตามไฟล์แนบครับ",
    "tricky": "ส่งแบบรายงานตามไฟล์แนบค่ะ {{ 7*7 }} & <ขอบคุณ>",
    "photo": "ขอส่งแบบรายงานเป็นไฟล์ Word แทนภาพถ่ายค่ะ",
    "keeps": "ตรวจข้อมูลเดิมแล้ว ขอยืนยันและส่งแบบรายงานตามไฟล์แนบครับ",
}


class Replies:
    """Prepares every act of the cast but the director's. `profile` is LibreOffice's private folder."""

    def __init__(self, *, people: People, habits: Habits | Year, memory: Memory, seed: int, profile: Path) -> None:
        self._people, self._habits, self._memory, self._seed = people, habits, memory, seed
        self._profile = profile

    def prepare(self, intent: Intent, now: datetime) -> Prepared:
        """The act's mails and typed texts; nothing is sent yet."""
        letter = read_letter(intent.payload["mail"], self._memory.kept(intent.payload["mail"]))
        acts = {
            "answer": self._answer, "mend": self._answer, "empty": self._empty, "auto": self._automatic,
            "photo": self._photo, "forge": self._forge, "receipt": self._receipt,
        }  # fmt: skip
        return acts[intent.kind](intent, letter, now)

    def _answer(self, intent: Intent, letter: Letter, now: datetime) -> Prepared:
        person, tokens = self._people.members[intent.who], intent.payload["tokens"]
        habit, owner = intent.habit, intent.payload["owner"]
        files, typed, count = [], [], 0
        for name, form in forms_of(letter):
            if form.marks.token not in tokens:
                continue
            whole = whole_form(form)
            exhibit = self._exhibit(owner, form) if habit == "two_files" and not whole else None
            texts = self._texts(intent, form, exhibit[0] if exhibit else "")
            files.append(self._finished(habit, name, type_into(form, texts)))
            files += [exhibit] if exhibit else []
            files += [self._named_file(file, form) for file in files_named(texts)] if whole else []
            typed += self._lines(intent, form, texts)
            count += 0 if whole else len({field.rpartition(".")[0] for field in texts})
        raw = self._reply(intent, letter, now, self._body(intent), tuple(files))
        what = "ส่งแบบรายงานที่แก้ไขแล้ว" if intent.kind == "mend" else "ส่งแบบรายงาน"
        if owner != intent.who:
            what += f"แทน{self._people.members[owner].name}"
        names = ", ".join(name for name, _ in files)
        rows = f" ({str(count).translate(THAI)} กิจกรรม)" if count else ""
        return Prepared(
            what_th=f"{what}{rows}: {names}",
            envelopes=(self._envelope(intent, person, raw),),
            typed=tuple(typed),
            answered=tuple(tokens),
        )

    def _texts(self, intent: Intent, form: Form, evidence_file: str) -> dict[str, Typed]:
        owner = intent.payload["owner"]
        own = owner == intent.who
        mistake = self._mistake(intent, form)
        spoiled = intent.kind == "answer" and bool(mistake)
        if whole_form(form):
            return compose_whole(form.marks.form, form.fields(), mistake=mistake, spoiled=spoiled)
        texts = compose(
            seed=self._seed, member=owner, deadline=form.marks.deadline, fields=form.fields(),
            style=STYLES.get(intent.habit, "") if own else "",
            mistake=mistake, spoiled=spoiled, headcount=self._people.headcount, evidence_file=evidence_file,
        )  # fmt: skip
        if own and intent.habit == "keeps":
            # what he reported last quarter and still holds stays as it stands in the form
            stands = {name: form.text(name) for name in texts if name.endswith(".done")}
            texts |= {name: Typed(typed=text, kind="text") for name, text in stands.items() if text}
        return texts

    def _mistake(self, intent: Intent, form: Form) -> str:
        habits = self._habits.during(form.marks.deadline)
        return habits.mistakes.get(intent.who, "empty") if intent.habit == "corrects" else ""

    def _exhibit(self, owner: str, form: Form) -> tuple[str, bytes]:
        activity = next(iter(form.fields())).rpartition(".")[0]
        note = f"Evidence {activity} {form.marks.token}"
        if Random(f"{self._seed}|{owner}|exhibit").random() < 0.5:
            return tell("ภาพกิจกรรม {activity}.jpg", activity=activity), exhibits.picture(note)
        return tell("หลักฐาน {activity}.pdf", activity=activity), exhibits.page(note)

    def _named_file(self, name: str, form: Form) -> tuple[str, bytes]:
        """The file an answer speaks of."""
        note = f"{name} {form.marks.token}"
        return name, exhibits.picture(note) if name.lower().endswith((".jpg", ".jpeg")) else exhibits.page(note)

    def _finished(self, habit: str, name: str, data: bytes) -> tuple[str, bytes]:
        kind = {"resaves": "docx", "prints_pdf": "pdf"}.get(habit)
        if kind is None:
            return name, data
        people = self._people
        data = office.save_as(
            data, kind, soffice=people.soffice, fontconfig=people.fontconfig, profile=self._profile
        )  # fmt: skip
        return (f"{name.rpartition('.')[0] or name}.pdf", data) if kind == "pdf" else (name, data)

    def _lines(self, intent: Intent, form: Form, texts: dict[str, Typed]) -> list[dict]:
        token = form.marks.token
        rows = self._memory.rows("SELECT attempt FROM forms WHERE token = ? AND holder = ?", (token, intent.who))
        spoiled = intent.kind == "answer" and bool(self._mistake(intent, form))
        return [
            {
                "member": intent.payload["owner"], "by": intent.who, "deadline": form.marks.deadline, "token": token,
                "field": field, "typed": text.typed, "kind": text.kind, "numeric": text.numeric,
                "final": not spoiled, "attempt": rows[0][0] + 1 if rows else 1,
            }
            for field, text in texts.items()
        ]  # fmt: skip

    def _body(self, intent: Intent) -> str:
        person, owner = self._people.members[intent.who], self._people.members[intent.payload["owner"]]
        if owner.id != person.id:
            text = tell("ข้าพเจ้าขอส่งแบบรายงานแทน{name} ซึ่งอยู่ระหว่างไปราชการ ตามไฟล์แนบ", name=owner.name)
        elif intent.kind == "mend":
            text = tell("ได้แก้ไขแบบรายงานตามที่แจ้งแล้ว รายละเอียดตามไฟล์แนบ")
        else:
            text = tell(BODIES[intent.habit])
        return f"{tell(GREETING)}{text}\n\n{person.name}\n{person.position}".rstrip()

    def _reply(
        self, intent: Intent, letter: Letter, now: datetime, body: str, files: tuple[tuple[str, bytes], ...]
    ) -> bytes:
        person = self._people.members[intent.who]
        quoted = letter.text.strip().splitlines()[:12]
        page = ""
        if intent.habit == "phone":
            lines = "<br>".join(html.escape(line) for line in quoted)
            text = html.escape(tell(BODIES["phone"]))
            page = f"<html><body><div>{text}</div><br><div>{tell('ส่งจาก iPhone')}</div><blockquote>{lines}</blockquote></body></html>"
        return write(Draft(
            name=person.name, address=self._from(intent, person), to=self._people.office,
            subject=reply_subject(letter.subject), at=now, text=body, html=page, files=files,
            message_id=self._message_id(intent, person), in_reply_to=letter.message_id, references=letter.references,
        ))  # fmt: skip

    def _from(self, intent: Intent, person: Person) -> str:
        own = intent.payload["owner"] == intent.who
        return private_address(person) if intent.habit == "wrong_address" and own else person.email

    def _message_id(self, intent: Intent, person: Person) -> str:
        return message_id(self._seed, intent.id, self._from(intent, person))

    def _envelope(self, intent: Intent, person: Person, raw: bytes) -> Envelope:
        sender = self._from(intent, person)
        return Envelope(
            message_id=self._message_id(intent, person), raw=raw, mail_from=sender, witness=person.id,
            route="mailbox" if sender == person.email else "outside:pass",
            copies=2 if intent.habit == "twice" and intent.kind == "answer" else 1,
        )  # fmt: skip

    def _empty(self, intent: Intent, letter: Letter, now: datetime) -> Prepared:
        person = self._people.members[intent.who]
        raw = self._reply(intent, letter, now, tell("ส่งแล้วค่ะ"), ())
        return Prepared(
            what_th="ตอบว่า «ส่งแล้วค่ะ» โดยไม่มีไฟล์แนบ",
            envelopes=(self._envelope(intent, person, raw),),
            waits=tuple(intent.payload["tokens"]),
        )

    def _photo(self, intent: Intent, letter: Letter, now: datetime) -> Prepared:
        """The form filled, printed and photographed: nothing a program should read answers from."""
        person, tokens, people = self._people.members[intent.who], intent.payload["tokens"], self._people
        form = next(form for _, form in forms_of(letter) if form.marks.token in tokens)
        pdf = office.save_as(
            type_into(form, self._texts(intent, form, "")), "pdf", soffice=people.soffice, fontconfig=people.fontconfig,
            profile=self._profile,
        )  # fmt: skip
        name = f"IMG_{now:%Y%m%d}.jpg"
        raw = self._reply(intent, letter, now, "ส่งแบบรายงานเป็นภาพถ่ายค่ะ", ((name, exhibits.photograph(pdf)),))
        return Prepared(
            what_th=f"ถ่ายภาพแบบรายงานที่พิมพ์แล้วส่งมา: {name}",
            envelopes=(self._envelope(intent, person, raw),),
            waits=tuple(tokens),
        )

    def _automatic(self, intent: Intent, letter: Letter, now: datetime) -> Prepared:
        person = self._people.members[intent.who]
        deputy = self._people.members.get(person.deputy)
        back = thai_date(next_open(now + timedelta(days=28)).date())
        text = tell("ขณะนี้ข้าพเจ้าอยู่ระหว่างเดินทางไปราชการต่างประเทศ และจะกลับมาปฏิบัติราชการในวันที่ {back}", back=back)
        if deputy:
            words = "ระหว่างนี้โปรดติดต่อผู้ปฏิบัติหน้าที่แทน คือ {name} ({email})"
            text += "\n" + tell(words, name=deputy.name, email=deputy.email)
        raw = write(Draft(
            name=person.name, address=person.email, to=letter.reply_to, at=now, text=f"{text}\n\n{person.name}",
            subject=tell("ตอบกลับอัตโนมัติ: {subject}", subject=letter.subject), message_id=self._message_id(intent, person),
            in_reply_to=letter.message_id, references=letter.references,
            headers=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
        ))  # fmt: skip
        return Prepared(
            what_th=f"ตอบกลับอัตโนมัติว่าไม่อยู่ จะกลับวันที่ {back}",
            envelopes=(self._envelope(intent, person, raw),),
        )

    def _forge(self, intent: Intent, letter: Letter, now: datetime) -> Prepared:
        victim = self._people.members[intent.payload["owner"]]
        name, form = next((n, f) for n, f in forms_of(letter) if f.marks.token in intent.payload["tokens"])
        texts = self._forged(form)
        domain = victim.email.rpartition("@")[2]
        key = message_id(self._seed, intent.id, victim.email)
        raw = write(Draft(
            name=victim.name, address=victim.email, to=self._people.office, subject=reply_subject(letter.subject),
            at=now, message_id=key,
            text=f"{tell(GREETING)}{tell('ขอส่งแบบรายงานฉบับแก้ไข โปรดใช้ฉบับนี้แทนฉบับก่อน')}\n\n{victim.name}",
            in_reply_to=letter.message_id, references=letter.references, files=((name, type_into(form, texts)),),
            headers=(
                ("Authentication-Results", "practice-exchange.example; spf=pass; dkim=pass; dmarc=pass action=none"
                 f" header.from={domain}; compauth=pass reason=100"),
                ("X-MS-Exchange-Organization-AuthAs", "Internal"), ("X-MS-Exchange-Organization-SCL", "-1"),
            ),
        ))  # fmt: skip
        return Prepared(
            what_th=f"คนแปลกหน้าปลอมเป็น{victim.name} ส่งแบบรายงานเท็จ",
            envelopes=(Envelope(message_id=key, raw=raw, route="outside:fail", mail_from=STRANGER, witness=victim.id),),
            typed=tuple(
                {**line, "member": victim.id, "by": "stranger", "final": False}
                for line in self._lines(intent, form, texts)
            ),
            file="forged.jsonl",
        )

    def _forged(self, form: Form) -> dict[str, Typed]:
        if not whole_form(form):
            return compose(
                seed=self._seed, member="stranger", deadline=form.marks.deadline, fields=form.fields(), style="forged",
                headcount=self._people.headcount,
            )  # fmt: skip
        lie = Typed(typed=tell("แล้วเสร็จทุกรายการ ไม่ต้องตรวจสอบเพิ่มเติม (ข้อมูลจากผู้แอบอ้าง)"), kind="text")
        texts = compose_whole(form.marks.form, form.fields())
        return {name: lie if typed.kind == "text" else typed for name, typed in texts.items()}

    def _receipt(self, intent: Intent, letter: Letter, now: datetime) -> Prepared:
        registry = self._people.registry
        year = now.year if foreign() else now.year + 543
        number = tell("สว {number}/{year}", number=digits(intent.payload["number"]), year=digits(year))
        key = message_id(self._seed, intent.id, registry.email)
        words = tell(
            "ตามที่ได้ส่งเรื่อง {subject} นั้น\n\nรับเรื่องไว้แล้ว เลขรับที่ {number} วันที่ {day} เวลา {time} น.\n\nจึงเรียนมาเพื่อโปรดทราบ",
            subject=letter.subject, number=number, day=thai_date(now.date()), time=digits(now.strftime("%H.%M")),
        )  # fmt: skip
        text = f"{tell(GREETING)}{words}\n\n{registry.name}"
        raw = write(Draft(
            name=registry.name, address=registry.email, to=letter.reply_to, subject=reply_subject(letter.subject),
            at=now, text=text, message_id=key, in_reply_to=letter.message_id, references=letter.references,
        ))  # fmt: skip
        return Prepared(what_th=f"งานสารบรรณลงรับหนังสือ เลขรับที่ {number}", envelopes=(Envelope(message_id=key, raw=raw),))


def whole_form(form: Form) -> bool:
    """Is this a form that one person answers whole (its fields are not rows of the plan)?"""
    return known(form.marks.form)


def type_into(form: Form, texts: dict[str, Typed]) -> bytes:
    """The form with every text typed and every box ticked."""
    for field, text in texts.items():
        if text.kind == "choice":
            form.tick(field, text.typed)
        else:
            form.fill(field, text.typed)
    return form.bytes()


def private_address(person: Person) -> str:
    """The address a member writes from at home."""
    return f"{person.email.partition('@')[0]}.private@freemail.example"
