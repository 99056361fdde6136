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


#: Files whose one rehearsal takes minutes: begun first, so that no process is left alone with one at the end.
_LONG = ("test_story_year.py", "test_story_english.py", "test_story_alone.py", "test_live.py", "test_kill_matrix.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _LONG.index(item.path.name) if item.path.name in _LONG else len(_LONG))
