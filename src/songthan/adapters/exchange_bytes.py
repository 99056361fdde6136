"""Large things in pieces: a message's bytes out of the server's answer, a file's bytes into our request.

exchangelib holds both as text in an XML tree, several times over; a 25 MB file took 130 MB.
"""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.parsers import expat

import lxml.etree
from exchangelib import Account, FileAttachment, Message
from exchangelib.errors import MalformedResponseError
from exchangelib.fields import FieldPath
from exchangelib.items import ID_ONLY
from exchangelib.util import SOAPNS, TNS

from songthan.adapters.exchange_services import CreateAttachment, GetItem

__all__ = ["send_file", "stream_mime"]

_CHUNK = 65536  # bytes
_RAW = 3 * 16384  # bytes of a file that become one piece of base64 without padding
_PLACE = b"songthan puts the file's bytes here"
_MIME = f"{TNS} MimeContent"


class _Split:
    """An XML answer read piece by piece: the text of MimeContent is decoded and handed on, the rest becomes a tree."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._tree = lxml.etree.TreeBuilder()
        self._inside = False
        self._left = ""
        self.found = False
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.buffer_size = _CHUNK
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._no_doctype
        self._parser = parser

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """MalformedResponseError when this is not XML, or not base64 inside."""
        try:
            self._parser.Parse(piece, last)
        except (expat.ExpatError, binascii.Error, UnicodeEncodeError) as error:
            raise MalformedResponseError(f"the answer could not be read: {type(error).__name__}") from None

    def tree(self) -> lxml.etree._Element:
        """The answer without the message."""
        return self._tree.close()

    def _no_doctype(self, *_: object) -> None:
        raise MalformedResponseError("a DOCTYPE in a SOAP answer")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._tree.start(_clark(name), {_clark(key): value for key, value in attributes.items()})
        if name == _MIME:
            self._inside = self.found = True

    def _end(self, name: str) -> None:
        if name == _MIME:
            self._inside = False
            self._decode("", last=True)
        self._tree.end(_clark(name))

    def _text(self, text: str) -> None:
        if self._inside:
            self._decode(text)
        else:
            self._tree.data(text)

    def _decode(self, text: str, *, last: bool = False) -> None:
        waiting = self._left + "".join(text.split())
        whole = len(waiting) if last else len(waiting) // 4 * 4
        self._left = waiting[whole:]
        if whole:
            self._write(base64.b64decode(waiting[:whole].encode("ascii"), validate=True))


def _clark(name: str) -> str:
    namespace, _, local = name.rpartition(" ")
    return f"{{{namespace}}}{local}" if namespace else local


class _GetMime(GetItem):
    """GetItem whose answer is never held whole."""

    def __init__(self, *, account: Account, write: Callable[[bytes], object]) -> None:
        super().__init__(account=account)
        self._write = write
        self.found = False

    def run(self, item_id: str) -> None:
        """Write the message's bytes; exchangelib's error when the server names one."""
        self.streaming = True
        field = FieldPath(field=Message.get_field_by_fieldname("mime_content"))
        payload = self.get_payload(items=[(item_id, None)], additional_fields=[field], shape=ID_ONLY)
        try:
            answers = list(self._elems_to_objs(self._get_elements(payload=payload)))
        finally:
            if self.streaming:
                self.stop_streaming()
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer

    def _elem_to_obj(self, elem: Any) -> Any:
        # the message went to `write`; what kind of item it was does not matter
        return elem

    def _get_soap_parts(self, response: Any) -> tuple[Any, Any]:
        split = _Split(self._write)
        for piece in response.iter_content(_CHUNK):
            split.feed(piece)
        split.feed(b"", last=True)
        self.found = split.found
        root = split.tree()
        body = root.find(f"{{{SOAPNS}}}Body")
        if body is None:
            raise MalformedResponseError("No Body element in SOAP response")
        return root.find(f"{{{SOAPNS}}}Header"), body


def stream_mime(account: Account, item_id: str, write: Callable[[bytes], object]) -> bool:
    """The message's bytes, piece by piece to `write`. False when the server answered without any."""
    service = _GetMime(account=account, write=write)
    service.run(item_id)
    return service.found


class _Body(io.RawIOBase):
    """A request whose middle is a file in base64, read from the disk as it is sent.

    It starts over by itself after its end: NTLM sends the same request up to three times on a new connection and does
    not turn back every time.
    """

    def __init__(self, head: bytes, path: Path, tail: bytes) -> None:
        super().__init__()
        self._head, self._path, self._tail = head, path, tail
        size = path.stat().st_size
        self._size = len(head) + (size + 2) // 3 * 4 + len(tail)
        self._pieces: Iterator[bytes] | None = None
        self._left = b""
        self._at = 0

    def __len__(self) -> int:
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Only to the beginning."""
        target = offset if whence == io.SEEK_SET else max(0, self._at + offset)
        if target:
            raise io.UnsupportedOperation("a request is sent from its beginning")
        self._rewind()
        return 0

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; all that is left without it."""
        if self._pieces is None:
            self._pieces = self._made()
        while size < 0 or len(self._left) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._left += piece
        size = len(self._left) if size < 0 else size
        found, self._left = self._left[:size], self._left[size:]
        self._at += len(found)
        if not found:
            self._rewind()
        return found

    def _rewind(self) -> None:
        self._pieces, self._left, self._at = None, b"", 0

    def _made(self) -> Iterator[bytes]:
        yield self._head
        with self._path.open("rb") as file:
            while piece := file.read(_RAW):
                yield base64.b64encode(piece)
        yield self._tail


class _SendFile(CreateAttachment):
    """CreateAttachment whose file is never held whole."""

    def __init__(self, *, account: Account, path: Path) -> None:
        super().__init__(account=account)
        self._path = path

    def wrap(self, content: Any, api_version: str | None = None) -> Any:
        envelope = super().wrap(content, api_version)
        head, place, tail = envelope.partition(b">" + base64.b64encode(_PLACE) + b"<")
        if not place:
            raise ValueError("no place for the file in the request")
        return _Body(head + b">", self._path, b"<" + tail)


def send_file(account: Account, parent: Message, *, name: str, type: str, path: Path) -> Any:
    """Attach the file at `path` to the draft `parent`; the server's answer names the draft's new change."""
    file = FileAttachment(name=name, content=_PLACE, content_type=type)
    return _SendFile(account=account, path=path).get(parent_item=parent, items=[file])
