"""The ledger's indexes: what is asked of it for every mail must not take longer as the years go by."""

INDEXES = (
    "create unique index if not exists idx_inbox_mailbox_id on inbox (mailbox_id)",
    "create unique index if not exists idx_inbox_fetched_as on inbox (fetched_as)",
    "create index if not exists idx_inbox_sha256 on inbox (sha256)",
    "create index if not exists idx_inbox_message_id on inbox (message_id, sender)",
    # what waits is little, what is done is much
    "create index if not exists idx_inbox_unfinished on inbox (received) where state != 'settled'",
    "create index if not exists idx_inbox_undecided on inbox (id) where route in ('hold', 'quarantine') and decision is null",
    "create index if not exists idx_outbox_message_id on outbox (message_id)",
    "create index if not exists idx_outbox_deadline on outbox (deadline)",
    "create index if not exists idx_outbox_unsent on outbox (intended_at) where state in ('intended', 'handed')",
    "create index if not exists idx_notices_deadline on notices (deadline)",
    "create index if not exists idx_notices_mail on notices (mail)",
    "create unique index if not exists idx_assignments_token on assignments (token)",
    "create index if not exists idx_returns_assignment on returns (assignment)",
    "create index if not exists idx_evidence_assignment on evidence (assignment)",
    "create index if not exists idx_events_subject on events (subject, kind)",
)
