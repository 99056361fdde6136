"""The people, the key property and the times of the practice Exchange's tests."""

import datetime
from zoneinfo import ZoneInfo

from exchangelib import EWSTimeZone
from exchangelib.extended_properties import ExtendedProperty

ACCOUNTS = """
server_name = "practice-exchange.example"
domains = ["senate-foreign.example"]

[[mailboxes]]
address = "office@senate-foreign.example"
name = "งานเลขานุการ"
password = "office word"

[[mailboxes]]
address = "member@senate-foreign.example"
name = "สมาชิก ทดลอง"
password = "member word"

[[mailboxes]]
address = "friend@elsewhere.example"
name = "เพื่อน ภายนอก"
password = "friend word"

[[mailboxes]]
address = "shared@senate-foreign.example"
name = "กล่องกลาง"
shared = true
delegates = ["office@senate-foreign.example"]
"""
OFFICE, MEMBER = "office@senate-foreign.example", "member@senate-foreign.example"
SHARED, FRIEND = "shared@senate-foreign.example", "friend@elsewhere.example"
PASSWORDS = {OFFICE: "office word", MEMBER: "member word", FRIEND: "friend word"}


class SendKey(ExtendedProperty):
    """The key a client marks its drafts with."""

    property_set_id = "5b2f7c1e-41b7-4a4f-9e0f-6d7a3f0c9a11"
    property_name = "songthan-test-key"
    property_type = "String"


def noon(day: int) -> datetime.datetime:
    """Noon in Bangkok on a day of March 2566."""
    return datetime.datetime(2023, 3, day, 12, tzinfo=EWSTimeZone.from_timezone(ZoneInfo("Asia/Bangkok")))
