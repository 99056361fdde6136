"""What holds for every test: the language an office speaks is the process's own, and the next test starts in Thai."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from songthan.domain.language import THAI, use


@pytest.fixture(autouse=True)
def thai_again() -> Iterator[None]:
    """An office opened by a test may speak another language, or write other digits."""
    yield
    use(THAI)
