"""The practice Exchange: an EWS server of our own on loopback, SQLite behind it. Nothing leaves this machine."""

from songthan.practice.exchange.errors import PracticeError
from songthan.practice.exchange.running import RunningExchange, read_log, start

__all__ = ["PracticeError", "RunningExchange", "read_log", "start"]
