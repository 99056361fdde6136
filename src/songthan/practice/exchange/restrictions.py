"""The restrictions and sort orders of FindItem and FindFolder, judged on values."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.soap import Element, local_name, tag
from songthan.practice.exchange.store import Item
from songthan.practice.exchange.values import INTERNET_HEADERS, Values, extended_path, paths_in

Test = Callable[[Item], bool]
#: what JSON writes as it is
_PLAIN = re.compile(r"[A-Za-z0-9 @<>._/:+=-]{1,900}")
COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "IsEqualTo": lambda left, right: left == right,
    "IsNotEqualTo": lambda left, right: left != right,
    "IsGreaterThan": lambda left, right: left > right,
    "IsGreaterThanOrEqualTo": lambda left, right: left >= right,
    "IsLessThan": lambda left, right: left < right,
    "IsLessThanOrEqualTo": lambda left, right: left <= right,
}


def test_of(restriction: Element | None, values: Values) -> Test:
    """The restriction as a function of an item; no restriction lets everything through."""
    if restriction is None or not len(restriction):
        return lambda item: True
    return _test(restriction[0], values)


def needles(restriction: Element | None) -> list[str] | None:
    """Strings of which one at least stands in the stored head or properties of every item that can pass; None: nothing can
    be said. So that a search for one letter's key need not take every item of Sent apart."""
    return None if restriction is None or not len(restriction) else _needles(restriction[0])


def _needles(node: Element) -> list[str] | None:
    name = local_name(node)
    if name == "Or":
        found = [_needles(child) for child in node]
        return None if None in found else [text for texts in found for text in texts or ()]
    if name == "And":
        return next((texts for child in node if (texts := _needles(child)) is not None), None)
    constant = _constant(node)
    if name != "IsEqualTo" or constant is None or not _PLAIN.fullmatch(constant.get("Value", "")):
        return None
    path = paths_in(node)[0]
    named = local_name(path) == "ExtendedFieldURI" and path.get("PropertyType") == "String" and path.get("PropertySetId")
    stored = named and extended_path(path)["set"] != INTERNET_HEADERS
    return [constant.get("Value", "")] if stored or path.get("FieldURI") == "message:InternetMessageId" else None


def _test(node: Element, values: Values) -> Test:
    name = local_name(node)
    if name in ("And", "Or"):
        tests = [_test(child, values) for child in node]
        joined = all if name == "And" else any
        return lambda item: joined(test(item) for test in tests)
    if name == "Not":
        inner = _test(node[0], values)
        return lambda item: not inner(item)
    paths = paths_in(node)
    if not paths:
        raise EwsError("ErrorInvalidRestriction", f"The restriction {name} names no property.")
    if name == "Exists":
        return lambda item: values.at(item, paths[0]) is not None
    if name == "Contains":
        return _contains(node, paths[0], values)
    if name == "Excludes":
        return _excludes(node, paths[0], values)
    if name in COMPARISONS:
        return _comparison(COMPARISONS[name], node, paths[0], values)
    raise EwsError("ErrorUnsupportedPathForQuery", f"The restriction {name} is not supported.")


def _excludes(node: Element, path: Element, values: Values) -> Test:
    mask = node.find(tag("t:Bitmask"))
    try:
        bits = int("" if mask is None else mask.get("Value", ""), 0)
    except ValueError as error:
        raise EwsError("ErrorInvalidExcludesRestriction", "The bitmask is no number.") from error

    def test(item: Item) -> bool:
        value = values.at(item, path)
        if value is not None and not isinstance(value, int):
            raise EwsError("ErrorInvalidExcludesRestriction", "Excludes needs a property that is a whole number.")
        return value is not None and not value & bits

    return test


def _constant(node: Element) -> Element | None:
    return node.find(f".//{tag('t:Constant')}")


def _comparison(compare: Callable[[object, object], bool], node: Element, path: Element, values: Values) -> Test:
    constant = _constant(node)
    other = None if constant is not None else node.find(f"{tag('t:FieldURIOrConstant')}/*")

    def test(item: Item) -> bool:
        left = values.at(item, path)
        right = values.at(item, other) if other is not None else constant.get("Value", "")
        if left is None:
            return compare is COMPARISONS["IsNotEqualTo"]
        return compare(*_alike(left, right))

    if constant is None and other is None:
        raise EwsError("ErrorInvalidRestriction", "The comparison has nothing to compare with.")
    return test


def _alike(left: object, right: object) -> tuple[object, object]:
    """Bring a constant to the value's type; text is compared without case, as Exchange does."""
    try:
        if isinstance(left, bool):
            return left, right if isinstance(right, bool) else str(right).lower() in ("true", "1")
        if isinstance(left, int):
            return left, int(str(right), 10)
        if isinstance(left, float):
            return left, float(str(right))
        if isinstance(left, bytes):
            return left, str(right).encode("utf-8")
        if isinstance(left, datetime):
            moment = right if isinstance(right, datetime) else datetime.fromisoformat(str(right))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            # clients see whole seconds, so whole seconds are what is compared
            return left.replace(microsecond=0), moment.replace(microsecond=0)
    except ValueError as error:
        raise EwsError("ErrorInvalidRestriction", f"The value {right!r} does not fit the property.") from error
    return str(left).casefold(), str(right).casefold()


def _folded(text: str, comparison: str) -> str:
    """Text as a ContainmentComparison compares it: without case, without marks above and below, or as it is."""
    loose = comparison.startswith("Loose")
    if loose or "NonSpac" in comparison:
        # only what a Latin letter wears is taken off: in Thai the marks are the word
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    return text.casefold() if loose or "Case" in comparison else text


def _contains(node: Element, path: Element, values: Values) -> Test:
    wanted = (_constant(node).get("Value", "")) if _constant(node) is not None else ""
    mode = node.get("ContainmentMode", "Substring")
    comparison = node.get("ContainmentComparison", "Exact")
    wanted = _folded(wanted, comparison)

    def matches(text: str) -> bool:
        text = _folded(text, comparison)
        if mode == "FullString":
            return text == wanted
        if mode == "Prefixed":
            return text.startswith(wanted)
        if mode in ("PrefixOnWords", "ExactPhrase"):
            end = r"\b" if mode == "ExactPhrase" else ""
            return re.search(r"\b" + re.escape(wanted) + end, text) is not None
        return wanted in text

    def test(item: Item) -> bool:
        value = values.at(item, path)
        if value is None:
            return False
        return any(matches(str(entry)) for entry in (value if isinstance(value, list) else [value]))

    return test


def sort_items(items: list[Item], order: Element | None, values: Values) -> list[Item]:
    """Sorted by the FieldOrders; without any the newest received comes first, as in Outlook."""
    items = sorted(items, key=lambda item: (item.received, item.id), reverse=True)
    if order is None:
        return items
    for field in reversed(list(order)):
        paths = paths_in(field)
        if paths:
            descending = field.get("Order") == "Descending"
            items = sorted(items, key=lambda item, path=paths[0]: _rank(values.at(item, path)), reverse=descending)
    return items


def _rank(value: object) -> tuple:
    if value is None:
        return (0, "")
    return (1, value.casefold() if isinstance(value, str) else value)
