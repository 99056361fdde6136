"""The record key: made from the ledger's secret, the same every time, and nobody else's."""

from __future__ import annotations

import pytest

from songthan.adapters.bundle_records import RecordKey, signed_by

LINK = "ab" * 32


def test_one_secret_one_key_one_signature():
    first, again, other = RecordKey("secret"), RecordKey("secret"), RecordKey("secret ")
    assert first.public == again.public != other.public and len(first.public) == 64
    assert first.sign(LINK) == again.sign(LINK) and len(first.sign(LINK)) == 128
    assert signed_by(first.public, LINK, first.sign(LINK))
    assert not signed_by(other.public, LINK, first.sign(LINK)) and not signed_by(first.public, "cd" * 32, first.sign(LINK))
    assert "secret" not in first.public + first.sign(LINK)


@pytest.mark.parametrize("bad", [None, "", "zz", 7, [], "ab" * 64, "AB" * 64, " " * 128])
def test_what_is_no_signature(bad):
    assert not signed_by(RecordKey("secret").public, LINK, bad)


def test_the_same_signature_in_other_letters_is_none():
    key = RecordKey("secret")
    assert not signed_by(key.public, LINK, key.sign(LINK).upper())


@pytest.mark.parametrize("public", ["", "zz", "00" * 31, "ff" * 32])
def test_what_is_no_key(public):
    assert not signed_by(public, LINK, RecordKey("secret").sign(LINK))
