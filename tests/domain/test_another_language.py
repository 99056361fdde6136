"""An office that is neither Thai nor English: its numbers, dates and words are read and written as its language file says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.domain.test_bundles import DEADLINE, PLAN

from songthan.domain.absence import return_date
from songthan.domain.forms import Answer, Choice, Field
from songthan.domain.language import THAI, Language, number_words, use
from songthan.domain.reports import merge_report
from songthan.domain.values import (
    is_none_word,
    parse_count,
    parse_date,
    parse_number,
    parse_percent,
    parse_tick,
    typed_decimals,
)
from songthan.steps.submit import receipt_number

FRENCH = Language(
    code="fr",
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    short_months=("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    decimal=",",
    units=("agents", "euros"),
    percent=("pour cent",),
    none=("néant", "aucun"),
    yes=("oui",),
    no=("non",),
    small=("le", "du", "au"),
    receipt=("numéro d'enregistrement",),
)  # fmt: skip


@pytest.fixture(autouse=True)
def french():
    use(FRENCH)
    yield
    use(THAI)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("72,5", "72.5"), ("72.5", "72.5"), ("12 500,50", "12500.5"), ("12\u202f500 euros", "12500"), ("12.500", "12500"),
        ("1.234.567,8", "1234567.8"), ("0,125", "0.125"), ("48", "48"),
    ],
)  # fmt: skip
def test_numbers_with_a_decimal_comma(typed: str, value: str) -> None:
    assert parse_number(typed).value == value


@pytest.mark.parametrize("typed", ["12,500", "12 50", "1,2,3", "12.5.6"])
def test_what_may_be_meant_in_two_ways_is_asked(typed: str) -> None:
    assert parse_number(typed).value is None


def test_percents_counts_and_words() -> None:
    assert [parse_percent(t).value for t in ("72,5 %", "72,5 pour cent", "0,5 pour cent")] == ["72.5", "72.5", "0.5"]
    assert parse_percent("0,5").reason == "fraction"
    assert (parse_count("26 agents").value, parse_count("2,5").reason) == ("26", "whole")
    assert [is_none_word(t) for t in ("Néant", "aucun.", "-", "rien du tout")] == [True, True, True, False]
    assert [parse_tick(t) for t in ("Oui", "non", "peut-être")] == [True, False, None]
    assert [typed_decimals(raw, value) for raw, value in (("81,250", "81.25"), ("1 200,5", "1200.5"))] == [3, 1]
    assert [number_words(v) for v in ("72.5", "48", "v1.2", "3.2.1")] == ["72,5", "48", "v1.2", "3.2.1"]


def test_days_with_small_words_and_ordinals() -> None:
    typed = ["1er juillet 2027", "le 15 juil. 2027", "jeudi 1er juillet 2027", "15/07/2027"]
    assert [parse_date(t).value for t in typed] == ["2027-07-01", "2027-07-15", "2027-07-01", "2027-07-15"]
    away = "Je suis absente du 28 juin au 1er sept 2027 ; merci de patienter."
    assert return_date(away, after=date(2027, 6, 1)) == date(2027, 9, 1)


def test_the_registry_answers_in_its_own_words() -> None:
    assert receipt_number("Bonjour,\nNuméro d'enregistrement : VM 412/2027") == "VM 412/2027"
    use(replace(FRENCH, receipt=()))
    assert receipt_number("Numéro d'enregistrement : VM 412/2027") is None


def test_a_report_prints_the_forms_own_words() -> None:
    """A third choice is no missing report, a number and a day are written as this office writes them."""
    fields = (
        Field(key="percent", kind="percent", label="avancement", required=True),
        Field(
            key="output_reached", kind="choice", label="résultat", required=True,
            choices=(Choice(value="yes", label="atteint"), Choice(value="part", label="en partie")),
        ),
        Field(key="spent", kind="number", label="dépenses"),
        Field(key="next", kind="date", label="prochaine étape"),
    )  # fmt: skip
    typed = {"percent": "72.5", "output_reached": "part", "spent": "12500.5", "next": "2027-07-01"}
    answers = {f"1.1.{k}": Answer(field=f"1.1.{k}", value=v, raw=v) for k, v in typed.items()}
    context = merge_report(PLAN, DEADLINE, answers, fields=fields)
    row = context["measures"][0]["groups"][0]["activities"][0]
    assert (row["percent_th"], row["output_reached_th"]) == ("72,5", "en partie")
    assert row["answers"] == {"percent": "72,5", "output_reached": "en partie", "spent": "12500,5", "next": "1 juillet 2027"}
    assert context["footer"]["overall_percent_th"] == "72,50"
    assert not any("1.1 " in line for line in context["missing"])
