"""exchangelib's services as we use them: each keeps the server's wish to wait, also inside a response message.

exchangelib reads BackOffMilliseconds only out of a SOAP fault.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from exchangelib import errors as ews
from exchangelib import services
from exchangelib.services.common import EWSService
from exchangelib.util import TNS

__all__ = [
    "CreateAttachment", "CreateFolder", "CreateItem", "DeleteItem", "FindFolder", "FindItem", "GetFolder", "GetItem",
    "MoveItem", "SendItem", "SyncFolderItems",
]  # fmt: skip


class _Polite:
    @staticmethod
    def _get_exception(code: str, text: str, msg_xml: Any = None, rule_errors: Any = None) -> Exception:
        error = EWSService._get_exception(code=code, text=text, msg_xml=msg_xml, rule_errors=rule_errors)
        if isinstance(error, ews.ErrorServerBusy) and msg_xml is not None:
            for value in msg_xml.iter(f"{{{TNS}}}Value"):
                if value.get("Name") == "BackOffMilliseconds":
                    with suppress(TypeError, ValueError):
                        error.back_off = int(value.text) / 1000
        return error


class CreateAttachment(_Polite, services.CreateAttachment):
    pass


class CreateFolder(_Polite, services.CreateFolder):
    pass


class CreateItem(_Polite, services.CreateItem):
    pass


class DeleteItem(_Polite, services.DeleteItem):
    pass


class FindFolder(_Polite, services.FindFolder):
    pass


class FindItem(_Polite, services.FindItem):
    pass


class GetFolder(_Polite, services.GetFolder):
    pass


class GetItem(_Polite, services.GetItem):
    pass


class MoveItem(_Polite, services.MoveItem):
    pass


class SendItem(_Polite, services.SendItem):
    pass


class SyncFolderItems(_Polite, services.SyncFolderItems):
    pass
