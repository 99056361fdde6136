"""The Reader of `songthan.ports`: every returned file is opened in the sandbox, and every ending is a ReturnedForm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from songthan.adapters.read_expectation import args_of
from songthan.adapters.read_verdict import refused_form
from songthan.adapters.sandbox import Sandbox, SandboxFailed
from songthan.domain.forms import Answer, Problem, ReturnedForm
from songthan.ports import Expectation

__all__ = ["SandboxedReader"]

_JOBS = "songthan.adapters.read_office"
_VERDICTS = ("complete", "incomplete", "review", "refused")


class SandboxedReader:
    """Reads returned files in child processes of `sandbox`; never raises for what a file holds."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def identify(self, data: bytes | Path, name: str) -> ReturnedForm:
        """Which form it is, without answers. `name` is for display only: the content tells the type."""
        return self._run("identify_job", data, {"name": name})

    def read(self, data: bytes | Path, name: str, expectation: Expectation) -> ReturnedForm:
        """Identity, answers and problems of reading; sandbox-timeout, -memory, -crash and -size are refusals."""
        return self._run("read_job", data, {"name": name, **args_of(expectation)})

    def _run(self, job: str, data: bytes | Path, args: dict) -> ReturnedForm:
        try:
            answer, _ = self._sandbox.run(f"{_JOBS}:{job}", data, args)
            return _from_json(answer)
        except SandboxFailed as error:
            return refused_form(error)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # An answer of the wrong shape means that the child is no longer ours.
            return refused_form(SandboxFailed("sandbox-crash", detail=type(error).__name__))


def _from_json(answer: Mapping) -> ReturnedForm:
    """`ReturnedForm.as_json()` back into the value; ValueError or the like when it is not one."""
    if answer["verdict"] not in _VERDICTS:
        raise ValueError("no such verdict")
    answers = {
        str(key): Answer(
            field=str(key),
            value=_text(a["value"]),
            raw=str(a["raw"]),
            source=str(a["source"]),
            method=str(a["method"]),
            confidence=float(a["confidence"]),
        )
        for key, a in answer["answers"].items()
    }
    problems = tuple(
        Problem(field=str(p["field"]), code=str(p["code"]), message_th=str(p["message_th"])) for p in answer["problems"]
    )
    return ReturnedForm(
        form=_text(answer["form"]),
        token=_text(answer["token"]),
        deadline=_text(answer["deadline"]),
        recognised_by=_text(answer["recognised_by"]),
        answers=answers,
        problems=problems,
        verdict=answer["verdict"],
        suggestion=str(answer.get("suggestion", "")),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
