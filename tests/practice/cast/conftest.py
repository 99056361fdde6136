"""The practice office is a fixture of every test here."""

from practice_office import office

__all__ = ["office"]
