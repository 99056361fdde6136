"""The bundle's press: `assemble_pdf` and `bundle_files` behind one port, with the workspace's folder and fonts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pypdfium2

from songthan.adapters import assemble_pdf, bundle_files, bundle_pen, bundle_verify
from songthan.adapters.assemble_frame import numbered
from songthan.adapters.bundle_exhibits import ExhibitShower
from songthan.adapters.bundle_places import sign_here
from songthan.adapters.bundle_records import RecordKey
from songthan.adapters.sandbox import Limits, Sandbox
from songthan.domain.bundles import Exhibit, Manifest, sha256_of
from songthan.domain.seal_codes import SealCode, SignHere
from songthan.ports import SignaturePort

#: Our own finished PDF, pictures and all, is larger than a file that comes by mail.
PROOF_LIMITS = Limits(memory_bytes=2 << 30, payload_bytes=256 << 20, cpu_s=60, wall_s=90.0)


#: What the frozen page is compared at: print is readable, and a code of 27 mm has its 160 points.
_SHOWN_DPI = 150


class Press:
    """Fulfils ports.BundlePress. `folder` is where bundles live; `fonts` the fontconfig file of the official faces;
    `secret` the ledger's, of which the record key is made («»: records are not signed); `convert` turns evidence in Word
    into PDF (None: LibreOffice)."""

    def __init__(
        self,
        folder: Path,
        *,
        sandbox: Sandbox,
        signatures: SignaturePort,
        fonts: Path | None,
        secret: str = "",
        convert: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.folder, self._sandbox, self._signatures = folder, sandbox, signatures
        self._exhibits = ExhibitShower(sandbox, fonts=fonts, convert=convert)
        self._key = RecordKey(secret) if secret else None
        face = fonts.parent / "fonts" / "THSarabunNew-Regular.ttf" if fonts else None
        self._number_font = face.read_bytes() if face and face.exists() else None

    def exhibit_pages(self, data: bytes) -> bytes | None:
        return self._exhibits.pages(data)

    def pages(self, pdf: bytes | None) -> int:
        return assemble_pdf.page_count(pdf)

    def page_texts(self, pdf: bytes) -> list[str]:
        document = pypdfium2.PdfDocument(pdf)
        try:
            return [page.get_textpage().get_text_range() for page in document]
        finally:
            document.close()

    def page_picture(self, pdf: bytes, page: int) -> tuple[bytes, tuple[float, float]]:
        document = pypdfium2.PdfDocument(pdf)
        try:
            shown, out = document[page], BytesIO()
            shown.render(scale=_SHOWN_DPI / 72, grayscale=True, draw_annots=False).to_pil().convert("L").save(out, "PNG")
            return out.getvalue(), shown.get_size()
        finally:
            document.close()

    def picture_pages(self, pictures: Sequence[bytes]) -> bytes:
        return bundle_pen.picture_pages(pictures)

    def sign_here(self, pdf: bytes, name: str) -> SignHere:
        return sign_here(pdf, name)

    def assemble(
        self,
        parts: Sequence[tuple[str, bytes]],
        exhibits: Sequence[tuple[Exhibit, bytes | None]],
        *,
        title: str,
        created: datetime,
        seal: str,
        code: tuple[int, float, float, str, int] | None = None,
    ) -> bytes:
        return assemble_pdf.assemble(
            [assemble_pdf.Part(title=name, pdf=pdf) for name, pdf in parts],
            exhibits=[assemble_pdf.ExhibitPages(exhibit=e, pdf=pdf) for e, pdf in exhibits],
            title=title,
            created=created,
            seal=seal,
            code=code and (*code[:3], SealCode(deadline=code[3], version=code[4], seal=seal)),
            number_font=self._number_font,
        )

    @property
    def draws_codes(self) -> bool:
        return self._number_font is not None

    def numbered(self, pdf: bytes) -> bytes:
        return numbered(pdf, self._number_font) if self._number_font else pdf

    def readme(self, *, title: str, version: int) -> bytes:
        return bundle_files.readme(title=title, version=version)

    def write(self, manifest: Manifest, contents: Mapping[str, bytes]) -> Path:
        return bundle_files.write_bundle(self.folder, manifest, contents)

    @property
    def recorder(self) -> str:
        return self._key.public if self._key else ""

    def add_signature(
        self,
        folder: Path,
        signed: bytes,
        *,
        trust: Sequence[bytes],
        received: datetime,
        message_sha256: str,
        stamps: Sequence[bytes] = (),
    ) -> None:
        roots = {f"root-{sha256_of(pem)[:12]}.pem": pem for pem in trust} | _stamp_files(stamps)
        bundle_files.add_signature(
            folder, signed, trust=roots, received=received, message_sha256=message_sha256, key=self._key
        )

    def add_lasting(
        self, folder: Path, lasting: bytes, *, trust: Sequence[bytes], at: datetime, level: str
    ) -> None:  # fmt: skip
        bundle_files.add_lasting(folder, lasting, trust=_stamp_files(trust), at=at, level=level, key=self._key)

    def add_pen(self, folder: Path, record: Mapping[str, object], files: Mapping[str, bytes]) -> None:
        bundle_files.add_pen(folder, record, files, key=self._key)

    def add_submission(self, folder: Path, submission: Mapping[str, object]) -> None:
        bundle_files.add_submission(folder, submission, key=self._key)

    def add_receipt(self, folder: Path, receipt: Mapping[str, object]) -> None:
        bundle_files.add_receipt(folder, receipt, key=self._key)

    def verify(
        self,
        folder: Path,
        *,
        roots: Sequence[bytes] = (),
        stamp_roots: Sequence[bytes] = (),
        at: datetime | None = None,
    ) -> bundle_verify.VerifyReport:
        """What `songthan verify` prints; offline, reads only `folder`."""

        def read_seal(pdf: bytes) -> str | None:
            room = self._sandbox.limits.payload_bytes if isinstance(self._sandbox, Sandbox) else len(pdf)
            if len(pdf) <= room:
                return assemble_pdf.read_seal(pdf, sandbox=self._sandbox)
            with Sandbox(limits=PROOF_LIMITS) as roomy:
                return assemble_pdf.read_seal(pdf, sandbox=roomy)

        return bundle_verify.verify_bundle(
            folder,
            signatures=self._signatures,
            read_seal=read_seal,
            pen=bundle_pen.PenReader(sandbox=self._sandbox),
            roots=roots,
            stamp_roots=stamp_roots,
            at=at,
        )


def _stamp_files(roots: Sequence[bytes]) -> dict[str, bytes]:
    """The time-stamp service's roots under names that tell them from the signer's."""
    return {f"tsa-{sha256_of(pem)[:12]}.pem": pem for pem in roots}
