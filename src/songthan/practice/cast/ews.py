"""A small EWS client of the cast's own (http.client + lxml): list a folder, read a message, send one. Basic auth.

Nothing is retried but a listing or reading over a connection that had gone stale: whoever sends looks into Sent first.
"""

import base64
import http.client
import json
import urllib.parse
from dataclasses import dataclass, field

from lxml import etree

from songthan.practice.cast.people import CastError

M = "http://schemas.microsoft.com/exchange/services/2006/messages"
T = "http://schemas.microsoft.com/exchange/services/2006/types"
S = "http://schemas.xmlsoap.org/soap/envelope/"
NS = {"m": M, "t": T, "s": S}
PAGE = 200


class PostFailed(CastError):
    """The server did not do what was asked, or could not be reached; the message says which call and why."""


@dataclass(kw_only=True)
class Post:
    """One person's keep-alive connection. `url` is the server's root or its EWS address."""

    url: str
    address: str
    password: str = field(repr=False)
    timeout: float = 30.0
    _line: http.client.HTTPConnection | None = field(default=None, repr=False)

    def listing(self, folder: str) -> list[tuple[str, str]]:
        """(item id, Message-ID or «») of everything in a distinguished folder («inbox», «sentitems»)."""
        found: list[tuple[str, str]] = []
        while True:
            root = self._ask("FindItem", _find(folder, len(found)), again=True)
            page = root.find(".//m:RootFolder", NS)
            items = page.find("t:Items", NS) if page is not None else None
            for item in items if items is not None else ():
                key = item.findtext("t:InternetMessageId", "", NS)
                found.append((item.find("t:ItemId", NS).get("Id"), key.strip()))
            if page is None or page.get("IncludesLastItemInRange") != "false" or not len(items):
                return found

    def raw(self, item_id: str) -> bytes:
        """The message as its MIME bytes."""
        body = (
            "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>"
            f'</m:ItemShape><m:ItemIds><t:ItemId Id="{item_id}"/></m:ItemIds>'
        )
        root = self._ask("GetItem", f"<m:GetItem>{body}</m:GetItem>", again=True)
        return base64.b64decode(root.findtext(".//t:MimeContent", "", NS))

    def count(self, message_id: str, folder: str) -> int:
        """How many mails with this Message-ID lie in one's own folder."""
        return sum(key == message_id for _, key in self.listing(folder))

    def send(self, raw: bytes) -> None:
        """Send a MIME message and keep a copy in Sent Items."""
        content = base64.b64encode(raw).decode("ascii")
        self._ask(
            "CreateItem",
            '<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:SavedItemFolderId><t:DistinguishedFolderId'
            ' Id="sentitems"/></m:SavedItemFolderId><m:Items><t:Message><t:MimeContent CharacterSet="UTF-8">'
            f"{content}</t:MimeContent></t:Message></m:Items></m:CreateItem>",
        )

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(self, action: str, body: str, *, again: bool = False) -> etree._Element:
        envelope = (
            f'<s:Envelope xmlns:s="{S}" xmlns:m="{M}" xmlns:t="{T}"><s:Header>'
            f'<t:RequestServerVersion Version="Exchange2016"/></s:Header><s:Body>{body}</s:Body></s:Envelope>'
        )
        try:
            status, content = self._exchange(action, envelope.encode("utf-8"))
        except (OSError, http.client.HTTPException) as error:
            fresh = self._line is None
            self.close()
            if again and not fresh:
                return self._ask(action, body)
            raise PostFailed(f"{action} of {self.address}: {type(error).__name__}: {error}") from error
        return self._checked(action, status, content)

    def _exchange(self, action: str, content: bytes) -> tuple[int, bytes]:
        line = self._line
        if line is None:
            line = connection(self.url, self.timeout)
            line.connect()
            self._line = line
        login = base64.b64encode(f"{self.address}:{self.password}".encode()).decode("ascii")
        line.request("POST", "/EWS/Exchange.asmx", content, {
            "Content-Type": "text/xml; charset=utf-8", "Authorization": f"Basic {login}",
            "SOAPAction": f'"{M}/{action}"',
        })  # fmt: skip
        answer = line.getresponse()
        return answer.status, answer.read()

    def _checked(self, action: str, status: int, content: bytes) -> etree._Element:
        if status == 401:
            raise PostFailed(f"{action} of {self.address}: the server refuses the password")
        try:
            root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        except etree.XMLSyntaxError as error:
            raise PostFailed(f"{action} of {self.address}: status {status}, no XML") from error
        code = root.findtext(".//m:ResponseCode", "", NS)
        if status != 200 or code != "NoError":
            text = root.findtext(".//m:MessageText", "", NS) or root.findtext(".//faultstring", "")
            raise PostFailed(f"{action} of {self.address}: status {status} {code} {text}")
        return root


def connection(url: str, timeout: float) -> http.client.HTTPConnection:
    """A connection to the host of `url` (http or https)."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)


def deliver_outside(url: str, *, to: tuple[str, ...], mail_from: str, auth: str, raw: bytes) -> None:
    """Hand the practice server a mail from the internet, for all of `to` or none.

    `auth` («pass», «fail», «none») is what the server is to find out about it. PostFailed also when an address is
    unknown there.
    """
    query = urllib.parse.urlencode({"to": to, "mail_from": mail_from, "auth": auth}, doseq=True)
    line = connection(url, 30.0)
    try:
        line.request("POST", f"/practice/outside?{query}", raw, {"Content-Type": "message/rfc822"})
        answer = line.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise PostFailed(f"outside mail to {to[0]}: {type(error).__name__}: {error}") from error
    finally:
        line.close()
    if answer.status >= 300 or json.loads(text).get("rejected"):
        raise PostFailed(f"outside mail to {to[0]}: status {answer.status} {text[:200]}")


def _find(folder: str, offset: int) -> str:
    return (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>'
        '<t:FieldURI FieldURI="message:InternetMessageId"/></t:AdditionalProperties></m:ItemShape>'
        f'<m:IndexedPageItemView MaxEntriesReturned="{PAGE}" Offset="{offset}" BasePoint="Beginning"/>'
        f'<m:ParentFolderIds><t:DistinguishedFolderId Id="{folder}"/></m:ParentFolderIds></m:FindItem>'
    )
