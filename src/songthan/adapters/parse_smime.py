"""Opens S/MIME wrappers (RFC 8551) with asn1crypto: the signed content is read, encrypted mail is only noted.

The signature itself is not checked here: who wrote a mail is told by our own server's authentication header.
"""

from __future__ import annotations

from asn1crypto import cms


def open_signed(data: bytes) -> bytes | str:
    """The MIME bytes inside an opaque signed mail; else the defect: «encrypted» or «smime-unreadable»."""
    try:
        content = cms.ContentInfo.load(data)
        kind = content["content_type"].native
        if kind in ("enveloped_data", "encrypted_data", "authenticated_enveloped_data"):
            return "encrypted"
        if kind != "signed_data":
            return "smime-unreadable"
        inner = content["content"]["encap_content_info"]["content"].native
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, IndexError, OverflowError):
        return "smime-unreadable"
    return inner if isinstance(inner, bytes) and inner else "smime-unreadable"
