"""Who signs for the bureau. Reads only."""

from __future__ import annotations

from collections.abc import Mapping

from songthan.domain.bundles import Manifest
from songthan.domain.plans import Member
from songthan.domain.thai import squeeze
from songthan.steps.office import Office


def signing_officer(office: Office) -> tuple[Member, bool]:
    """Who signs: the director (the acting director's turn is a later decision of the secretary)."""
    return office.plan.roster.member(office.plan.roster.director), False


def certificate_names(office: Office, signer: Member) -> tuple[str, ...]:
    """Other spellings of the signer's name in his certificate, from `[director] certificate_names`."""
    pairs = (line.partition("=") for line in office.certificate_names)
    return tuple(other.strip() for name, _, other in pairs if squeeze(name) == squeeze(signer.full_name) and other.strip())


def awaited_holders(office: Office, bundle: Mapping[str, object]) -> tuple[str, ...]:
    """The names one of which the certificate over this version must carry, as its manifest says: who was to sign when it
    was compiled, whatever the roster says today."""
    slot = Manifest.from_json((office.state / str(bundle["folder"]) / "manifest.json").read_bytes()).signature
    return (slot.signer, *slot.holders) if slot else ()
