"""The way of every answer in words, from the manifest and the chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from songthan.domain.bundles import AnswerSource, Exhibit, FileEntry, Manifest, MessageSource, sha256_of
from songthan.domain.provenance import records_in_words, sources_of, unused

AT = datetime(2023, 3, 1, 10, tzinfo=UTC)
MAIL, OTHER, FORM = sha256_of("mail"), sha256_of("other"), sha256_of("form")


def answer(field, page, row="", mail=MAIL):
    value = sha256_of(field)
    return AnswerSource(
        field=field, value_sha256=value, attachment_sha256=FORM, message_sha256=mail, method="control", page=page, row=row
    )


def manifest(**changes):
    photo = Exhibit(
        number=1, activity="1.1", name="ภาพ.jpg", type="image/jpeg", sha256=sha256_of("p"), size=1, message_sha256=MAIL,
        sender="a@x.example", received=AT, page=9,
    )  # fmt: skip
    made = {
        "deadline": "2566-q2",
        "version": 1,
        "created": AT,
        "files": {photo.path: FileEntry(sha256=photo.sha256, size=1, role="evidence")},
        "exhibits": (photo,),
        "answers": (answer("1.1.done", 2, "๑.๑"), answer("1.1.note", 2, "๑.๑"), answer("f1:c1", 0)),
        "messages": (
            MessageSource(sha256=MAIL, sender="a@x.example", received=AT, message_id="<1@x>", whose="นางสาวก ข"),
            MessageSource(sha256=OTHER, sender="b@x.example", received=AT),
        ),
    }
    return Manifest(**{**made, **changes})


def test_which_mail_whose_when_and_on_which_page():
    first, second = sources_of(manifest())
    head, form, photo = first.in_words()
    assert "นางสาวก ข (a@x.example)" in head and MAIL in head and "<1@x>" in head and "มีนาคม ๒๕๖๖" in head
    assert "แถว ๑.๑ หน้า ๒ (๒ คำตอบ)" in form and "f1:c1 ไม่ได้ระบุหน้า (๑ คำตอบ)" in form and FORM in form
    assert "หลักฐานที่ ๑ ภาพ.jpg" in photo and "หน้า ๙" in photo
    assert second.in_words() == [f"จดหมายของ b@x.example ได้รับ {head.partition('ได้รับ ')[2].partition(' sha256')[0]} sha256 {OTHER}"]
    assert [m.sha256 for m in unused(manifest())] == [OTHER]
    assert first.as_json()["files"][0]["answers"][0] == {
        "field": "1.1.done", "row": "๑.๑", "page": 2, "value_sha256": sha256_of("1.1.done"),
    }  # fmt: skip


def test_pages_and_names_are_under_the_seal_and_old_spellings_stay():
    made = manifest()
    assert Manifest.from_json(made.to_json()) == made
    moved = replace(made, answers=(replace(made.answers[0], page=3), *made.answers[1:]))
    assert moved.seal != made.seal
    bare = manifest(answers=(), messages=(replace(made.messages[0], whose=""),), exhibits=(replace(made.exhibits[0], page=0),))
    text = bare.to_json().decode()
    assert not any(f'"{key}"' in text for key in ("page", "row", "whose", "recorder", "holders"))
    assert Manifest.from_json(bare.to_json()) == bare


def test_what_became_of_it():
    chain = [
        {"step": "manifest", "data": {}},
        {"step": "signature", "data": {"received": AT.isoformat(), "message_sha256": MAIL}},
        {"step": "lasting", "data": {"at": AT.isoformat(), "level": "B-LT"}},
        {"step": "submission", "data": {"message_id": "<2@x>", "sent": [FORM]}},
        {"step": "receipt", "data": {"number": "สว ๑/๒๕๖๖"}},
    ]
    words = records_in_words(chain)
    assert len(words) == 4 and MAIL in words[0] and "B-LT" in words[1] and FORM in words[2] and "สว ๑/๒๕๖๖" in words[3]
