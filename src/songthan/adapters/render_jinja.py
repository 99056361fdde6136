"""The Jinja sandbox templates are filled in: values are data, printed as typed, whatever braces or mark-up they contain."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from songthan.domain.forms import wrong_note

# what a template's own expressions can raise while it is filled
FILL_ERRORS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)

Answers = Mapping[str, Mapping[str, object]]

_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n|[\r\n\x0b\x0c]")
_LINE_BREAK = '</w:t><w:br/><w:t xml:space="preserve">'
_TAB = '</w:t><w:tab/><w:t xml:space="preserve">'
_OF_DICTS = frozenset(dir(dict))


def legal(value: object) -> str:
    """`value` as text XML can hold: line ends as "\\n", characters XML forbids shown as U+FFFD."""
    return _ILLEGAL.sub("\ufffd", _LINE_END.sub("\n", str(value)))


def _as_run_text(value: object) -> str:
    """What every `{{ … }}` prints: the value as typed, never mark-up; line ends become w:br, tabs w:tab."""
    if isinstance(value, Markup):
        return value
    text = "" if value is None else str(value)
    plain = text.isprintable()  # no control, line end or half a character: the usual case, and a cheap question
    text = (text if plain else legal(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text if plain else text.replace("\t", _TAB).replace("\n", _LINE_BREAK)


def _as_attribute(value: object) -> Markup:
    """The value inside an XML attribute, on one line."""
    text = str(value)
    if not text.isprintable() or " " in text:
        text = " ".join(legal(text).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return str.__new__(Markup, text)  # Markup(text) asks first whether it is mark-up already


def _answer(answers: Answers, key: str) -> str:
    """The value to pre-fill, or "" when there is none."""
    value = answers[key].get("value") if key in answers else None
    return "" if value is None else str(value)


def _problem(answers: Answers, key: str) -> str:
    """The sentence that says what to correct, or "" when nothing is wrong."""
    problem = answers[key].get("problem") if key in answers else None
    return " ".join(legal(problem).split()) if problem else ""


def _carried(answers: Answers, key: str) -> bool:
    """Whether the pre-filled value is an earlier one, to be confirmed; a field to be corrected says that instead."""
    return key in answers and bool(answers[key].get("carried") and _answer(answers, key)) and not _problem(answers, key)


def _wrong_note(answers: Answers, key: str) -> str:
    return wrong_note(_problem(answers, key))


class _Generator(CodeGenerator):
    """Jinja's compiler, but a printed value goes through `_as_run_text` alone: it escapes, and once is enough."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write("environment.finalize(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:
        self.write(")")


class _Sandbox(ImmutableSandboxedEnvironment):
    """The sandbox, with straight ways for what forms do thousands of times."""

    code_generator_class = _Generator

    def getattr(self, obj: object, attribute: str) -> object:
        """A key of a plain dict is looked up first: that is all our contexts are made of."""
        if type(obj) is dict and attribute not in _OF_DICTS:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def call(self, context: Context, obj: object, /, *args: object, **named: object) -> object:
        """Our own two functions need no inspection."""
        if obj is _carried or obj is _answer:
            for local in ("_loop_vars", "_block_vars"):  # what Jinja hands to functions that ask for the context
                named.pop(local, None)
            return obj(*args, **named)
        return super().call(context, obj, *args, **named)


def environment(undefined: type = StrictUndefined) -> ImmutableSandboxedEnvironment:
    """The sandbox templates run in; values are data, whatever braces they contain."""
    env = _Sandbox(autoescape=True, undefined=undefined, finalize=_as_run_text)
    env.filters |= {
        "as_attribute": _as_attribute,
        "as_answer": _answer,
        "as_problem": _problem,
        "as_wrong_note": _wrong_note,
        "is_carried": _carried,
    }
    env.globals = {"answer": _answer, "carried": _carried}
    return env
