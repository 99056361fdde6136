"""EWS by hand: requests that no library writes, and the answer as an element tree."""

import requests
from lxml import etree
from practice_world import OFFICE, PASSWORDS

SPACES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
    "e": "http://schemas.microsoft.com/exchange/services/2006/errors",
}


def envelope(body: str) -> bytes:
    """A SOAP request around an operation's XML (prefixes m and t)."""
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in SPACES.items())
    head = '<t:RequestServerVersion Version="Exchange2016"/>'
    return f"<s:Envelope {names}><s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()


def post(exchange, content: bytes, login: str = OFFICE) -> requests.Response:
    """Send bytes to the EWS address as that login."""
    who = (login.encode(), PASSWORDS[login].encode())
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    return requests.post(exchange.url, data=content, auth=who, headers=headers, timeout=30)


def call(exchange, body: str, login: str = OFFICE) -> etree._Element:
    """Ask, and parse the answer whatever its status."""
    return etree.fromstring(post(exchange, envelope(body), login).content)


def codes(answer: etree._Element) -> list[str]:
    """The response codes in their order, a fault's too."""
    return [str(code) for code in answer.xpath("//m:ResponseCode/text() | //e:ResponseCode/text()", namespaces=SPACES)]


def order(exchange, **fault: object) -> None:
    """Order a fault at the control endpoint."""
    requests.post(f"{exchange.base}/practice/faults", json=fault, timeout=10).raise_for_status()
