"""Files too large for one mail go out in several: which file goes into which part. Pure; sizes in bytes."""

from __future__ import annotations

from collections.abc import Sequence

#: The letter itself with its headers, in text and HTML.
_LETTER = 40_000
#: What a file's own headers in the mail take, a long Thai name included.
_FILE_HEAD = 1_500


def size_in_mail(size: int) -> int:
    """What a file of `size` bytes takes in a mail: base64 in lines of 76 characters (RFC 2045, section 6.8)."""
    encoded = 4 * -(-size // 3)
    return encoded + 2 * -(-encoded // 76) + _FILE_HEAD


def mail_parts(sizes: Sequence[int], largest: int) -> tuple[tuple[int, ...], ...]:
    """Indexes of the files of each mail, in the order given, so that no mail is larger than `largest` (0: no limit).

    A file that is too large by itself gets a mail of its own: the server says no, and a person is told. No files are one
    mail without any.
    """
    parts: list[list[int]] = [[]]
    room = largest - _LETTER
    for index, size in enumerate(sizes):
        needed = size_in_mail(size)
        if largest and parts[-1] and needed > room:
            parts.append([])
            room = largest - _LETTER
        parts[-1].append(index)
        room -= needed
    return tuple(tuple(part) for part in parts)
