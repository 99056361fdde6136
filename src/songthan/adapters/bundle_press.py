"""The bundle's press: `assemble_pdf` and `bundle_files` behind one port, with the workspace's folder and fonts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pypdfium2

from songthan.adapters import assemble_pdf, bundle_files, bundle_verify
from songthan.adapters.assemble_code import SIDE, SealCode
from songthan.adapters.bundle_exhibits import ExhibitShower
from songthan.adapters.bundle_records import RecordKey
from songthan.adapters.sandbox import Limits, Sandbox
from songthan.domain.bundles import Exhibit, Manifest, sha256_of
from songthan.domain.errors import ConversionFailed
from songthan.ports import SignaturePort

#: The visible signature: 200 × 60 points, standing on the line above the printed name.
_WIDTH, _HEIGHT, _GAP = 200.0, 60.0, 4.0
#: Our own finished PDF, pictures and all, is larger than a file that comes by mail.
PROOF_LIMITS = Limits(memory_bytes=2 << 30, payload_bytes=256 << 20, cpu_s=60, wall_s=90.0)


#: The left margin of official paper, 3 cm.
_LEFT = 85.0


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


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

    def signature_place(self, pdf: bytes, name: str) -> tuple[int, tuple[float, float, float, float]]:
        """The last place where `name` stands in brackets; ConversionFailed when the memo does not print it."""
        document = pypdfium2.PdfDocument(pdf)
        try:
            for index in reversed(range(len(document))):
                page = document[index]
                text = page.get_textpage()
                place, searcher = None, text.search(name)
                while (hit := searcher.get_next()) is not None:
                    place = hit
                if place is not None:
                    boxes = [text.get_charbox(place[0] + n) for n in range(place[1])]
                    left, right = min(b[0] for b in boxes), max(b[2] for b in boxes)
                    top, middle = max(b[3] for b in boxes), (left + right) / 2
                    corner = max(20.0, min(middle - _WIDTH / 2, page.get_width() - _WIDTH - 20))
                    return index, (corner, top + _GAP, corner + _WIDTH, top + _GAP + _HEIGHT)
        finally:
            document.close()
        raise ConversionFailed(
            "ไม่พบชื่อผู้ลงนามในบันทึกข้อความ", where=name, remedy="ตรวจแม่แบบ memo.docx ว่ามีชื่อผู้ลงนามในวงเล็บ"
        )

    def code_place(self, pdf: bytes, page: int, avoid: tuple[float, float, float, float]) -> tuple[float, float] | None:
        """The lower left corner of a free square for the QR code: level with the signature if it can be, else lower, at the
        left margin first. None when the page is full."""
        document = pypdfium2.PdfDocument(pdf)
        try:
            text = document[page].get_textpage()
            boxes = [text.get_rect(n) for n in range(text.count_rects())] + [avoid]
            wide, high = document[page].get_size()
        finally:
            document.close()
        # the page number stands in the lower right corner
        boxes.append((wide - 90, 0, wide, 34))
        rows = [avoid[3] - SIDE, avoid[1] - SIDE / 2, *range(int(avoid[1]), 40, -20), *range(int(avoid[3]), int(high - SIDE), 20)]
        for bottom in rows:
            for left in (_LEFT, wide / 2 - SIDE / 2, wide - SIDE - 57):
                square = (left, bottom, left + SIDE, bottom + SIDE)
                if bottom >= 40 and not any(_touch(square, box) for box in boxes):
                    return left, float(bottom)
        return None

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
            folder, signatures=self._signatures, read_seal=read_seal, roots=roots, stamp_roots=stamp_roots, at=at
        )


def _stamp_files(roots: Sequence[bytes]) -> dict[str, bytes]:
    """The time-stamp service's roots under names that tell them from the signer's."""
    return {f"tsa-{sha256_of(pem)[:12]}.pem": pem for pem in roots}
