"""EWS on the wire: namespaces, reading a SOAP request, writing responses and faults."""

import re
from dataclasses import dataclass

from lxml import etree

from songthan.practice.exchange.errors import EwsError, SoapFault

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
PREFIXES = {"s": SOAP, "t": TYPES, "m": MESSAGES}
VERSIONS = re.compile(r"Exchange(2007(_SP1)?|2010(_SP[12])?|2013(_SP1)?|2015|2016|2019)|V\d+_\d+_\d+")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = etree._Element


def tag(name: str) -> str:
    """`t:ItemId` as lxml's {namespace}ItemId."""
    prefix, _, local = name.partition(":")
    return f"{{{PREFIXES[prefix]}}}{local}"


def element(name: str, text: str | None = None, *children: Element | None, **attributes: str) -> Element:
    """One element; what XML cannot hold (control characters from hostile mail) becomes U+FFFD."""
    made = etree.Element(tag(name), nsmap=PREFIXES)
    for key, value in attributes.items():
        made.set(key, NOT_XML.sub("\ufffd", value))
    if text is not None:
        made.text = NOT_XML.sub("\ufffd", text)
    made.extend(child for child in children if child is not None)
    return made


def child_text(parent: Element | None, name: str) -> str | None:
    """The text of the first such child, or None."""
    found = None if parent is None else parent.find(tag(name))
    return None if found is None else (found.text or "")


def local_name(node: Element) -> str:
    """The element's name without its namespace."""
    return etree.QName(node).localname


@dataclass(frozen=True, kw_only=True)
class Request:
    """One operation asked for: its name, its element, the envelope, and whom the caller impersonates if anybody."""

    operation: str
    body: Element
    envelope: Element
    impersonate: str | None


def read_request(raw: bytes) -> Request:
    """Parse a SOAP request; SoapFault ErrorSchemaValidation when it is none (a DOCTYPE is refused)."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise SoapFault("ErrorSchemaValidation", f"The request failed schema validation: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise SoapFault("ErrorSchemaValidation", "The request failed schema validation: DTD is prohibited.")
    body = root.find(tag("s:Body"))
    found = None if body is None else next((node for node in body if isinstance(node.tag, str)), None)
    if root.tag != tag("s:Envelope") or found is None:
        raise SoapFault("ErrorSchemaValidation", "The request failed schema validation: no SOAP body.")
    head = root.find(tag("s:Header"))
    version = None if head is None else head.find(tag("t:RequestServerVersion"))
    if version is not None and not VERSIONS.fullmatch(version.get("Version", "")):
        raise SoapFault("ErrorInvalidServerVersion", "The specified server version is invalid.")
    sid = None if head is None else head.find(f"{tag('t:ExchangeImpersonation')}/{tag('t:ConnectingSID')}")
    impersonate = None if sid is None or not len(sid) else (sid[0].text or "").strip().lower()
    return Request(operation=local_name(found), body=found, envelope=root, impersonate=impersonate)


def envelope(content: Element) -> bytes:
    """The SOAP answer around an operation's response, naming the server's build (Exchange 2019)."""
    info = element(
        "t:ServerVersionInfo",
        None,
        MajorVersion="15",
        MinorVersion="2",
        MajorBuildNumber="1544",
        MinorBuildNumber="4",
        Version="V2017_07_11",
    )
    info = element("s:Header", None, info)
    return _bytes(element("s:Envelope", None, info, element("s:Body", None, content)))


def fault(error: SoapFault) -> bytes:
    """The SOAP fault for the whole request; busy carries BackOffMilliseconds."""
    detail = etree.Element("detail")
    for name, text in (("ResponseCode", error.code), ("Message", error.text)):
        node = etree.SubElement(detail, f"{{{ERRORS}}}{name}", nsmap={"e": ERRORS})
        node.text = NOT_XML.sub("\ufffd", text)
    told = [element(f"t:{name}", text) for name, text in error.details.items()]
    if error.back_off_ms is not None:
        told.append(element("t:Value", str(error.back_off_ms), Name="BackOffMilliseconds"))
    if told:
        detail.append(element("t:MessageXml", None, *told))
    made = element("s:Fault")
    for name, text in (("faultcode", f"t:{error.code}"), ("faultstring", error.text)):
        node = etree.SubElement(made, name)
        node.text = NOT_XML.sub("\ufffd", text)
    made.append(detail)
    return _bytes(element("s:Envelope", None, element("s:Body", None, made)))


def response(operation: str, messages: list[Element]) -> Element:
    """`m:<operation>Response` around its response messages."""
    return element(f"m:{operation}Response", None, element("m:ResponseMessages", None, *messages))


def success(operation: str, *children: Element | None) -> Element:
    """One successful response message."""
    return element(
        f"m:{operation}ResponseMessage", None, element("m:ResponseCode", "NoError"), *children, ResponseClass="Success"
    )


#: what a response message holds, empty, also when it tells of a failure
HOLDERS = {
    **dict.fromkeys(("CreateItem", "GetItem", "UpdateItem", "MoveItem", "CopyItem"), "m:Items"),
    **dict.fromkeys(("CreateFolder", "GetFolder", "UpdateFolder", "MoveFolder"), "m:Folders"),
    **dict.fromkeys(("CreateAttachment", "GetAttachment"), "m:Attachments"),
}


def failure(operation: str, error: EwsError, *children: Element) -> Element:
    """One failed response message."""
    if not children and operation in HOLDERS:
        children = (element(HOLDERS[operation]),)
    return element(
        f"m:{operation}ResponseMessage",
        None,
        element("m:MessageText", error.text),
        element("m:ResponseCode", error.code),
        element("m:DescriptiveLinkKey", "0"),
        *children,
        ResponseClass="Error",
    )


def _bytes(root: Element) -> bytes:
    etree.cleanup_namespaces(root, keep_ns_prefixes=["s", "t", "m"])
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
