"""Whose certificate the office takes for the director's: the one the frozen version awaits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import Q2, Desk

from songthan.domain.bundles import Manifest
from songthan.steps.signing_officer import awaited_holders, certificate_names

PDF = "application/pdf"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    director = made.office.plan.roster.member(made.office.plan.roster.director)
    names = (f"{director.full_name} = Panya Example", "นายคนอื่น ทดสอบ = Somebody Else", "no sign", "= x")
    made.office = replace(made.office, certificate_names=names)
    made.tick()
    for seat in made.states():
        made.answer(seat)
    made.tick("2023-03-10 09:00")
    return made


def test_the_manifest_names_the_signer_and_his_other_spelling(desk: Desk) -> None:
    bundle = desk.ledger.bundles.latest(Q2)
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    slot = Manifest.from_json((desk.office.state / str(bundle["folder"]) / "manifest.json").read_bytes()).signature
    assert (slot.signer, slot.holders) == (director.full_name, ("Panya Example",))
    assert awaited_holders(desk.office, bundle) == (director.full_name, "Panya Example")
    # what the settings say later changes no frozen version
    later = replace(desk.office, certificate_names=())
    assert certificate_names(later, director) == () and len(awaited_holders(later, bundle)) == 2


def test_the_mail_is_judged_for_these_names(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    judge = desk.office.signatures.verify

    def spy(signed, **more):
        asked.append(more)
        return judge(signed, **more)

    monkeypatch.setattr(desk.office.signatures, "verify", spy)
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    mail = desk.mails(director, "director")[-1]
    desk.reply(director, to=mail, files=(("ลงนาม.pdf", PDF, desk.office.signatures.sign(mail.files[0][2])),))
    desk.tick("2023-03-10 10:00")
    assert asked and all(more["holders"] == (director.full_name, "Panya Example") for more in asked)


def test_every_answer_stands_on_a_page_and_every_mail_is_somebodys(desk: Desk) -> None:
    bundle = desk.ledger.bundles.latest(Q2)
    manifest = Manifest.from_json((desk.office.state / str(bundle["folder"]) / "manifest.json").read_bytes())
    names = {m.full_name for m in desk.office.plan.roster.members}
    assert manifest.messages and {m.whose for m in manifest.messages} <= names
    rows = {a.id: a.number for a in desk.office.plan.activities}
    assert {a.row for a in manifest.answers} == set(rows.values())
    assert all(a.row == rows[a.field.rpartition(".")[0]] for a in manifest.answers)
