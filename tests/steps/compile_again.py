"""Makes the report of a state folder again, in a process of its own: the real press, LibreOffice and signature field.

    python compile_again.py STATE NOW
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from desk import Q2, Desk

from songthan.adapters.bundle_press import Press
from songthan.adapters.convert import LibreOffice, default_fontconfig
from songthan.adapters.ledger import SqliteLedger
from songthan.adapters.sandbox import Sandbox
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.domain.decisions import Compile
from songthan.steps.compile_bundle import compile_bundle

state = Path(sys.argv[1])
with Sandbox() as sandbox:
    desk = Desk(state, now=sys.argv[2], ledger=SqliteLedger(state / "ledger.sqlite"))
    signatures = PadesSignatures(sandbox=sandbox)
    press = Press(
        state / "bundles", sandbox=sandbox, signatures=signatures, fonts=default_fontconfig(), secret=desk.ledger.salt
    )
    office = replace(desk.office, converter=LibreOffice(), signatures=signatures, press=press)
    assert compile_bundle(office, Compile(deadline=Q2)) is True
