"""One driver a ledger: every tick renews the lease of this installation, and a second installation stops loudly.

Safe to repeat: renewing one's own lease only moves its end.
"""

from __future__ import annotations

from songthan.steps.office import Office

#: Longer than any tick, shorter than a working morning: after a machine died another may take over within the hour.
SECONDS = 1800.0


def renew(office: Office) -> int:
    """Hold the lease for the next half hour; returns its fence. LeaseLost when another installation drives this ledger."""
    return office.ledger.take_lease("driver", office.holder, office.clock.now(), SECONDS)
