"""No mail larger than the server takes, no file left out, none twice."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.mail_parts import mail_parts, size_in_mail

SIZES = st.lists(st.integers(0, 3_000_000), max_size=12)


@given(size=st.integers(0, 400))
def test_a_file_takes_at_least_what_base64_takes(size: int) -> None:
    assert size_in_mail(size) >= len(base64.encodebytes(b"x" * size))


@given(sizes=SIZES, largest=st.integers(1, 10_000_000))
def test_every_file_goes_once_in_order_and_only_a_lone_one_is_too_large(sizes: list[int], largest: int) -> None:
    parts = mail_parts(sizes, largest)
    assert [i for part in parts for i in part] == list(range(len(sizes)))
    for part in parts:
        assert len(part) <= 1 or 40_000 + sum(size_in_mail(sizes[i]) for i in part) <= largest


@given(sizes=SIZES)
def test_what_fits_is_one_mail(sizes: list[int]) -> None:
    assert mail_parts(sizes, 0) == mail_parts(sizes, 10**9) == (tuple(range(len(sizes))),)


def test_a_part_is_begun_only_when_the_next_file_does_not_fit() -> None:
    assert mail_parts([700_000, 700_000, 700_000, 9_000_000, 10], 3_000_000) == ((0, 1, 2), (3,), (4,))
    assert mail_parts([], 1_000_000) == ((),)
