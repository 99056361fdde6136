"""Who signs for the bureau: the director, and in his turn who acts for him. Reads only.

When the director is silent the report is frozen once more for the acting director (`hand_to_acting`). Both versions wait
side by side then; the first one that is signed counts, and the other becomes void with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from songthan.domain.bundles import Manifest, SignatureSlot
from songthan.domain.language import say
from songthan.domain.plans import Member
from songthan.domain.thai import squeeze
from songthan.steps.office import Office


def signing_officer(office: Office) -> Member:
    """Who signs by right: the director."""
    return office.plan.roster.member(office.plan.roster.director)


def acting_officer(office: Office) -> Member | None:
    """Who acts for the director; None where the roster names nobody else."""
    roster = office.plan.roster
    if roster.acting_director in ("", roster.director):
        return None
    return roster.member(roster.acting_director)


def capacity_of(office: Office) -> str:
    """As what the acting director signs, as the roster words it: «รักษาราชการแทนผู้อำนวยการสำนัก…»."""
    director = signing_officer(office)
    return say("{acting_as}{position}", acting_as=office.plan.roster.acting_as or say("รักษาราชการแทน"), position=director.position)


def certificate_names(office: Office, signer: Member) -> tuple[str, ...]:
    """Other spellings of the signer's name in his certificate, from `[director] certificate_names`."""
    pairs = (line.partition("=") for line in office.certificate_names)
    return tuple(other.strip() for name, _, other in pairs if squeeze(name) == squeeze(signer.full_name) and other.strip())


def manifest_of(office: Office, bundle: Mapping[str, object]) -> Manifest:
    """The manifest of a frozen version."""
    return Manifest.from_json((office.state / str(bundle["folder"]) / "manifest.json").read_bytes())


def awaited_holders(office: Office, bundle: Mapping[str, object]) -> tuple[str, ...]:
    """The names one of which the certificate over this version must carry, as its manifest says: who was to sign when it
    was compiled, whatever the roster says today."""
    slot = manifest_of(office, bundle).signature
    return (slot.signer, *slot.holders) if slot else ()


def slot_of(office: Office, bundle: Mapping[str, object]) -> SignatureSlot:
    """Whose signature this version awaits. A version has one: it is made for it."""
    slot = manifest_of(office, bundle).signature
    assert slot is not None
    return slot


def signer_of(office: Office, bundle: Mapping[str, object]) -> Member | None:
    """Who is to sign this version, by the name in its manifest; None when the roster has no such person any more."""
    name = slot_of(office, bundle).signer
    return next((m for m in office.plan.roster.members if m.full_name == name), None)


def open_versions(office: Office, deadline: str) -> list[dict[str, object]]:
    """The frozen versions that count, newest first: one, or in the acting director's turn his and the director's."""
    return [b for b in reversed(office.ledger.bundles.all(deadline)) if not b["void"] and b["folder"]]
