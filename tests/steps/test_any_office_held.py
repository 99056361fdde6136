"""Whatever happens to an office whose letters wait for the secretary: what holds of its letters holds, and none left without
her word."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from any_office import Life, Sent, a_plan
from desk import at
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from test_any_office import no_fsync, plans, steps

from songthan.domain.errors import UsageError
from songthan.domain.messages import OutgoingMail
from songthan.domain.outgoing import held_kinds
from songthan.domain.plans import Plan
from songthan.steps import outbox

__all__ = ["no_fsync"]

GIVEN = {"reason": "เหตุผล", "by": "command:test"}


class HeldLife(Life):
    """Her word is one more thing that may happen, at any time and in any order. `always`: from now on she lets everything go."""

    always = False

    def __init__(self, folder: Path, plan: Plan, start: datetime) -> None:
        super().__init__(folder, plan, start)
        self.desk.office = replace(self.desk.office, held_kinds=held_kinds("hold", ()))

    def seen(self, mail: OutgoingMail) -> Sent:
        if mail.to != (self.desk.secretary.email,):
            for told in self.desk.ledger.outbox.tells(mail.key):
                word = self.desk.ledger.row("select word from words where key=? order by id desc limit 1", (told,))
                assert word and word["word"] in ("release", "again"), ("left without her word", mail.key, told)
        return super().seen(mail)

    def word(self, name: str, n: int) -> None:
        rows = [r for r in outbox.outbox_rows(self.office) if r.waits in ("word", "person", "withheld")]
        if name == "all":
            outbox.release(self.office, [], **GIVEN)
        elif rows:
            getattr(outbox, name)(self.office, *([rows[n % len(rows)].key] if name != "release" else [[rows[n % len(rows)].key]]), **GIVEN)

    def visit(self) -> None:
        super().visit()
        if self.always:
            outbox.release(self.office, [], **GIVEN)
            super().visit()

    def _asked(self) -> None:
        """Who is asked when is hers to say."""

    def end(self) -> None:
        """In the end she lets everything go that still waits."""
        self.always = True
        withheld = {r.key for r in outbox.outbox_rows(self.office) if r.waits == "withheld"}
        for key in withheld:
            try:
                outbox.release(self.office, [key], **GIVEN)
            except UsageError:
                continue
        super().end()


words = st.tuples(st.just("word"), st.sampled_from(["all", "all", "release", "withhold", "once_more"]), st.integers(0, 20))


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "12")), deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
@given(plans(), st.lists(st.one_of(steps, steps, words), min_size=10, max_size=40))
def test_whatever_happens_nothing_leaves_without_her_word(plan, story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = HeldLife(Path(folder), a_plan(*plan), at("2023-02-27 08:35"))
        life.morning()
        for step in story:
            life.do(step)
            life.look()
        life.end()
