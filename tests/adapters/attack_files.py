"""What an attacker can make of a signed PDF and of a bundle's folder, for `test_bundle_attacks.py`.

Every function takes good bytes (or a folder) and gives bad ones. The PDF attacks are those of the literature: shadow
attacks (hide, replace, hide and replace), universal signature forgery, incremental saving, and updates that a lenient
difference policy would let pass.
"""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper
from pypdf import PdfReader, PdfWriter

from songthan.adapters.bundle_files import _canonical, _proof_bytes, hashes_of, sums_of
from songthan.domain.bundles import sha256_of


def update(pdf, change):
    """An incremental update made by `change(writer)`."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _page(writer, number=0):
    return writer.find_page_for_modification(number)[0].get_object()


def _action(**entries):
    return generic.DictionaryObject({pdf_name(f"/{k}"): v for k, v in entries.items()})


def script_on_open(writer):
    script = _action(S=pdf_name("/JavaScript"), JS=generic.TextStringObject("app.alert(1)"))
    writer.root[pdf_name("/OpenAction")] = writer.add_object(script)
    writer.update_root()


def embedded_file(writer):
    file = generic.StreamObject({pdf_name("/Type"): pdf_name("/EmbeddedFile")}, stream_data=b"MZ")
    spec = _action(Type=pdf_name("/Filespec"), F=generic.TextStringObject("a.exe"), EF=_action(F=writer.add_object(file)))
    names = generic.ArrayObject([generic.TextStringObject("a"), writer.add_object(spec)])
    writer.root[pdf_name("/Names")] = _action(EmbeddedFiles=_action(Names=names))
    writer.update_root()


def _annotate(writer, subtype, **more):
    page = _page(writer)
    rect = generic.ArrayObject(map(generic.NumberObject, (0, 0, 590, 840)))
    note = _action(Type=pdf_name("/Annot"), Subtype=pdf_name(f"/{subtype}"), Rect=rect, **more)
    page[pdf_name("/Annots")] = generic.ArrayObject([*page.get("/Annots", ()), writer.add_object(note)])
    writer.update_container(page)


def sticky_note(writer):
    _annotate(writer, "Text", Contents=generic.TextStringObject("อนุมัติ"))


def free_text_over_the_page(writer):
    _annotate(writer, "FreeText", Contents=generic.TextStringObject("ยกเลิก"), DA=generic.TextStringObject("/Helv 40 Tf"))


def link_over_the_page(writer):
    _annotate(writer, "Link", A=_action(S=pdf_name("/URI"), URI=generic.TextStringObject("https://x.example")))


def text_field(writer):
    """A filled form field of one's own."""
    page = _page(writer)
    rect = generic.ArrayObject(map(generic.NumberObject, (10, 10, 200, 40)))
    field = writer.add_object(
        _action(
            Type=pdf_name("/Annot"),
            Subtype=pdf_name("/Widget"),
            FT=pdf_name("/Tx"),
            T=generic.TextStringObject("amount"),
            V=generic.TextStringObject("9999"),
            Rect=rect,
        )
    )
    page[pdf_name("/Annots")] = generic.ArrayObject([*page.get("/Annots", ()), field])
    writer.update_container(page)
    form = writer.root["/AcroForm"]
    form["/Fields"].append(field)
    writer.update_container(form["/Fields"])
    writer.update_container(form)


def other_words(writer):
    page = _page(writer)
    page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"BT (other) Tj ET"))
    writer.update_container(page)


def same_object_other_words(writer):
    """The replace variant of the shadow attack: the content object itself is written anew."""
    stream = _page(writer).get("/Contents")
    stream.get_object() if hasattr(stream, "get_object") else stream
    contents = _page(writer).raw_get("/Contents")
    old = contents.get_object()
    old._data, old._encoded_data = b"BT (other) Tj ET", None
    writer.mark_update(contents.reference)


def page_removed(writer):
    pages = writer.root["/Pages"]
    pages[pdf_name("/Kids")] = generic.ArrayObject(list(pages["/Kids"])[:1])
    pages[pdf_name("/Count")] = generic.NumberObject(1)
    writer.update_container(pages)


def pages_swapped(writer):
    pages = writer.root["/Pages"]
    pages[pdf_name("/Kids")] = generic.ArrayObject(list(pages["/Kids"])[::-1])
    writer.update_container(pages)


def page_added(writer):
    pages = writer.root["/Pages"]
    page = _action(Type=pdf_name("/Page"), Parent=writer.root.raw_get("/Pages"), Resources=generic.DictionaryObject())
    page[pdf_name("/MediaBox")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842)))
    pages[pdf_name("/Kids")] = generic.ArrayObject([*pages["/Kids"], writer.add_object(page)])
    pages[pdf_name("/Count")] = generic.NumberObject(len(pages["/Kids"]))
    writer.update_container(pages)


def page_cropped(writer):
    page = _page(writer)
    page[pdf_name("/CropBox")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 10, 10)))
    writer.update_container(page)


def layers_hidden(writer):
    """The hide variant: optional content that is switched off."""
    group = writer.add_object(_action(Type=pdf_name("/OCG"), Name=generic.TextStringObject("x")))
    off = _action(OFF=generic.ArrayObject([group]))
    writer.root[pdf_name("/OCProperties")] = _action(OCGs=generic.ArrayObject([group]), D=off)
    writer.update_root()


def catalogue_swapped(writer):
    """Hide and replace: another page tree behind the same catalogue."""
    kid = _action(Type=pdf_name("/Page"), MediaBox=generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842))))
    tree = _action(Type=pdf_name("/Pages"), Kids=generic.ArrayObject([writer.add_object(kid)]), Count=generic.NumberObject(1))
    writer.root[pdf_name("/Pages")] = writer.add_object(tree)
    writer.update_root()


def need_appearances(writer):
    form = writer.root["/AcroForm"]
    form[pdf_name("/NeedAppearances")] = generic.BooleanObject(True)
    writer.update_container(form)


def signature_drawn_anew(writer):
    """Another picture where the director's signature is seen."""
    for _, _, ref in fields.enumerate_sig_fields(writer, filled_status=True):
        field = ref.get_object()
        look = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 100, 100))),
            },
            stream_data=b"1 0 0 rg 0 0 100 100 re f",
        )
        field[pdf_name("/AP")] = _action(N=writer.add_object(look))
        writer.mark_update(ref)


def signature_field_moved(writer):
    for _, _, ref in fields.enumerate_sig_fields(writer, filled_status=True):
        ref.get_object()[pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 590, 840)))
        writer.mark_update(ref)


def signature_value_taken(writer):
    for _, _, ref in fields.enumerate_sig_fields(writer, filled_status=True):
        del ref.get_object()["/V"]
        writer.mark_update(ref)


def title_changed(writer):
    """pyHanko's own policy lets the document's description change after the signature."""
    writer.set_info(writer.add_object(_action(Title=generic.TextStringObject("อีกเรื่องหนึ่ง"))))


def metadata_changed(writer):
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b"</rdf:RDF></x:xmpmeta>"
    )
    stream = generic.StreamObject(
        {pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")}, stream_data=xmp
    )
    writer.root[pdf_name("/Metadata")] = writer.add_object(stream)
    writer.update_root()


def orphan_added(writer):
    """An object nothing points to; pyHanko's own policy does not mind it."""
    writer.add_object(generic.StreamObject(stream_data=b"hidden cargo"))


def empty_signature_field(writer):
    fields.append_signature_field(writer, fields.SigFieldSpec("Second"))


def strange_security_store(writer):
    writer.root[pdf_name("/DSS")] = writer.add_object(_action(Cargo=generic.TextStringObject("x")))
    writer.update_root()


#: Harm done by an incremental update, whoever makes it and whenever.
UPDATES = (
    *(script_on_open, embedded_file, sticky_note, free_text_over_the_page, link_over_the_page, text_field, other_words),
    *(same_object_other_words, page_removed, pages_swapped, page_added, page_cropped, layers_hidden, catalogue_swapped),
    *(need_appearances, strange_security_store),
)
#: Harm that only makes sense behind a signature.
LATER = (
    *(signature_drawn_anew, signature_field_moved, signature_value_taken, title_changed, metadata_changed, orphan_added),
    *(empty_signature_field,),
)


def with_list(pdf, crl):
    """A further revocation list in the security store, as anybody may add one."""

    def change(writer):
        dss = writer.root["/DSS"]
        lists = generic.ArrayObject([*dss.get("/CRLs", ()), writer.add_object(generic.StreamObject(stream_data=crl))])
        dss[pdf_name("/CRLs")] = lists
        writer.update_container(dss)

    return update(pdf, change)


def stamped(pdf, service):
    """A document time-stamp of `service`, whatever its clock says."""
    stamper = PdfTimeStamper(RequestsHTTPTimeStamper(service.url), field_name="Late")
    return stamper.timestamp_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), "sha256").getvalue()


# -------------------------------------------------------------------------------------- bytes, without a PDF library


def _in_signature(pdf, pattern, new):
    """The signature dictionary (the last one) with `pattern` replaced; nothing else is touched."""
    start = pdf.rindex(b"/ByteRange")
    start = pdf.rindex(b" obj", 0, start)
    changed, times = re.subn(pattern, new, pdf[start:], count=1, flags=re.S)
    assert times == 1, pattern
    return pdf[:start] + changed


def byte_attacks(pdf):
    """name → file: universal signature forgery and other play with the signature dictionary and the file's end."""
    _, length, after, rest = map(int, re.findall(rb"/ByteRange *\[ *(\d+) +(\d+) +(\d+) +(\d+)", pdf)[-1])
    contents = rb"/Contents *<[0-9A-Fa-f]*>"
    ranges = rb"/ByteRange *\[[^\]]*\]"
    hole = pdf[length:after]
    made = {
        "contents missing": _in_signature(pdf, contents, b""),
        "contents null": _in_signature(pdf, contents, b"/Contents null"),
        "contents empty": _in_signature(pdf, contents, b"/Contents <>"),
        "contents zero": pdf[: length + 1] + b"0" * (len(hole) - 2) + pdf[after - 1 :],
        "contents text": _in_signature(pdf, contents, b"/Contents (x)"),
        "range missing": _in_signature(pdf, ranges, b""),
        "range null": _in_signature(pdf, ranges, b"/ByteRange null"),
        "range empty": _in_signature(pdf, ranges, b"/ByteRange []"),
        "range negative": _in_signature(pdf, ranges, b"/ByteRange [-1 -1 -1 -1]"),
        "range short": _in_signature(pdf, ranges, b"/ByteRange [0 10]"),
        "range long": _in_signature(pdf, ranges, f"/ByteRange [0 {length} {after} {rest} 0 1]".encode()),
        "range overlapping": _in_signature(pdf, ranges, f"/ByteRange [0 {after} {length} {rest}]".encode()),
        "range from one": _in_signature(pdf, ranges, f"/ByteRange [1 {length} {after} {rest}]".encode()),
        "range too far": _in_signature(pdf, ranges, f"/ByteRange [0 {length} {after} {rest + 999}]".encode()),
        "range of words": _in_signature(pdf, ranges, b"/ByteRange [/a /b /c /d]"),
        "range huge": _in_signature(pdf, ranges, b"/ByteRange [0 99999999999999999999 1 1]"),
        "padding used": pdf[: after - 9] + b"deadbeef" + pdf[after - 1 :],
        "hole widened": pdf[:after] + b" " + pdf[after:],
        "another kind": _in_signature(pdf, rb"/SubFilter */[\w.]+", b"/SubFilter /adbe.x509.rsa_sha1"),
        "no filter": _in_signature(pdf, rb"/SubFilter */[\w.]+", b""),
        "time-stamp kind": _in_signature(pdf, rb"/SubFilter */[\w.]+", b"/SubFilter /ETSI.RFC3161"),
        "cut at the end": pdf[:-20],
        "half": pdf[: len(pdf) - rest // 2],
        "comment behind": pdf + b"% and the other pages\n",
        "space behind": pdf + b" " * 5000,
        "nul behind": pdf + b"\x00" * 64,
        "second end": pdf + b"\n%%EOF\n",
        "bare trailer": pdf + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n",
        "only objects": pdf + b"1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
        "doctored table": pdf + _doctored(pdf, own=False),
        "doctored table and catalogue": pdf + _doctored(pdf, own=True),
        "twice": pdf + pdf,
    }
    return made


def _doctored(pdf, *, own):
    """Incremental saving by hand: a cross-reference section of one's own, linked back or not."""
    at = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    root = int(re.findall(rb"/Root (\d+) 0 R", pdf)[-1])
    body = f"\n{root} 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n".encode()
    table = len(pdf) + len(body)
    entry = f"{len(pdf) + 1:010d} 00000 n \n"
    back = "" if own else f"/Prev {at}"
    tail = f"xref\n{root} 1\n{entry}trailer\n<< /Size 99 /Root {root} 0 R {back} >>\nstartxref\n{table}\n%%EOF\n"
    return body + tail.encode()


def rewritten(pdf):
    """Opened and saved anew by another program: the same pages to the eye."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


# ------------------------------------------------------------------------------------------------------- the folder


def files_of(folder: Path):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def made_to_agree(folder: Path) -> None:
    """A forger who knows the formats: hashes, chain and sums agree again; only what is signed he cannot make."""
    hashes = hashes_of(folder)
    chain, previous = json.loads((folder / "proof.json").read_bytes())["chain"], ""
    for link in chain:
        link["files"] = {path: hashes.get(path, digest) for path, digest in link["files"].items()}
        if link["step"] == "submission":
            sent = json.loads((folder / "submission.json").read_bytes())
            link["data"] = {"message_id": sent["message_id"], "sent": sorted({f["sha256"] for f in sent["files"]})}
        if link["step"] == "receipt":
            link["data"] = {"number": json.loads((folder / "receipt.json").read_bytes())["number"]}
        body = {name: link[name] for name in ("step", "files", "data")} | {"previous": previous}
        link.update(body, link=sha256_of(_canonical(body)))
        previous = link["link"]
    (folder / "proof.json").write_bytes(_proof_bytes(chain))
    (folder / "SHA256SUMS").write_bytes(sums_of(hashes_of(folder)))
