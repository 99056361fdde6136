"""What the tests of signatures begin with: an authority, the director's certificate, a frozen PDF and the same signed."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def ca():
    from test_sign_pdf import certificate

    return certificate("ผู้ให้บริการทดสอบ")


@pytest.fixture(scope="module")
def director(ca):
    from test_sign_pdf import DIRECTOR, certificate

    return certificate(DIRECTOR, issuer=ca)


@pytest.fixture(scope="module")
def frozen():
    from test_sign_pdf import BOX, SIGNER, plain_pdf

    return SIGNER.prepare(plain_pdf(), field="Director", page=0, box=BOX)


@pytest.fixture(scope="module")
def signed(frozen, director):
    from test_sign_pdf import sign

    return sign(frozen, director)
