"""Stands between the adapter and a mail server, and does what is ordered at the command it is ordered for.

An order is for one operation of the port; `Faults.now` says which one runs. Kinds: «drop_before» cuts the connection
instead of passing the command on, «drop_after» passes it on and cuts instead of passing the answer back, and a text is
the server's answer, given without asking it. The SMTP commands «DOT» and «BODY» are the end of a mail and its first line.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")


@dataclass
class Faults:
    """Orders by (operation, protocol, command); `told` are the commands passed on, in order."""

    now: str = ""
    orders: list[tuple[str, str, str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    #: what the server's answers are made to leave out
    hidden: re.Pattern[bytes] = re.compile(rb"(?!)")
    #: bytes the servers answered
    answered: int = 0

    def order(self, operation: str, protocol: str, command: str, kind: str, *, times: int = 1) -> None:
        self.orders += [(operation, protocol, command, kind)] * times

    def take(self, protocol: str, command: str) -> str:
        """The kind ordered for this command, once."""
        for order in self.orders:
            if order[:3] == (self.now, protocol, command):
                self.orders.remove(order)
                return order[3]
        self.told.append(f"{protocol} {command}")
        return ""


class Proxy:
    """Listens on a port of its own and passes on to `port`, command by command."""

    def __init__(self, protocol: str, port: int, faults: Faults) -> None:
        self._way = {"imap": _Imap, "smtp": _Smtp}[protocol]
        self._to, self._faults = port, faults
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                for end in (client, server):
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open += [client, server]
                self._way(client, server, self._faults)

    def cut(self) -> None:
        """End every connection."""
        while self._open:
            _close(self._open.pop())

    def close(self) -> None:
        self._door.close()
        self.cut()


class _Connection(ABC):
    def __init__(self, client: socket.socket, server: socket.socket, faults: Faults) -> None:
        self.client, self.server, self.faults = client, server, faults
        #: set: answers are held back; the connection is cut once the line beginning so is there
        self.until: bytes | None = None
        threading.Thread(target=self._quietly, args=(self.upward,), daemon=True).start()
        threading.Thread(target=self._quietly, args=(self.downward,), daemon=True).start()

    def _quietly(self, work) -> None:
        with contextlib.suppress(OSError, ValueError):
            work()
        self.cut()

    def cut(self) -> None:
        _close(self.client)
        _close(self.server)

    def downward(self) -> None:
        with self.server.makefile("rb") as answers:
            while line := answers.readline():
                self.faults.answered += len(line)
                if self.until is None or line.startswith(b"+"):
                    self.client.sendall(self.faults.hidden.sub(b"", line))
                elif line.startswith(self.until):
                    return

    @abstractmethod
    def upward(self) -> None:
        """What the client says, on to the server, with the faults ordered."""


class _Imap(_Connection):
    def upward(self) -> None:
        with self.client.makefile("rb") as commands:
            while line := commands.readline():
                words = line.split()
                tag, name = words[0], b" ".join(words[1:3] if words[1:2] == [b"UID"] else words[1:2]).decode()
                kind = self.faults.take("imap", name.upper())
                if kind == "drop_before":
                    return
                if kind == "drop_after":
                    self.until = tag + b" "
                elif kind:
                    self.client.sendall(tag + b" " + kind.encode() + b"\r\n")
                    continue
                self.server.sendall(line)
                while literal := _LITERAL.search(line):
                    self.server.sendall(commands.read(int(literal[1])))
                    line = commands.readline()
                    self.server.sendall(line)


class _Smtp(_Connection):
    def upward(self) -> None:
        body = first = False
        with self.client.makefile("rb") as commands:
            while line := commands.readline():
                name = line.split()[0].decode().upper() if line.split() else ""
                if body:
                    name = "DOT" if line == b".\r\n" else "BODY" if first else ""
                kind = self.faults.take("smtp", name) if name else ""
                if kind == "drop_before":
                    return
                if kind == "drop_after":
                    self.until = b""
                elif kind:
                    self.client.sendall(kind.encode() + b"\r\n")
                    if kind.startswith("421") or body:
                        return
                    continue
                self.server.sendall(line)
                body, first = (name != "DOT", False) if body else (name == "DATA", name == "DATA")


def _close(door: socket.socket) -> None:
    with contextlib.suppress(OSError):
        door.shutdown(socket.SHUT_RDWR)
    door.close()
