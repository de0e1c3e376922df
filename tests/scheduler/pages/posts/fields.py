"""The fields of a form: the names that the product reads of what was sent, and what the page offers for them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.http import QueryDict

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
TAG = re.compile(r"<(input|textarea)\b[^>]*>|<select\b[^>]*>.*?</select>", re.DOTALL)
NAME, KIND = re.compile(r'\bname="([^"]+)"'), re.compile(r'\btype="([^"]+)"')
VALUE = re.compile(r'\bvalue="([^"]*)"')
TYPED = {"text", "search", "email", "tel", "hidden", "password"}


@contextmanager
def reading() -> Iterator[dict[int, set[str]]]:
    """The names that are asked for, of each set of values that came with a request."""
    names: dict[int, set[str]] = {}
    one, many = QueryDict.__getitem__, QueryDict.getlist

    def get(self: QueryDict, name: str) -> Any:
        names.setdefault(id(self), set()).add(name)
        return one(self, name)

    def getlist(self: QueryDict, name: str, *default: Any) -> Any:
        names.setdefault(id(self), set()).add(name)
        return many(self, name, *default)

    with patch.object(QueryDict, "__getitem__", get), patch.object(QueryDict, "getlist", getlist):
        yield names


def tags(page: str) -> Iterator[tuple[str, str, str]]:
    """(name, whether it is typed or chosen, what it offers) of every field."""
    for tag in TAG.finditer(page):
        name, kind = NAME.search(tag[0]), KIND.search(tag[0])
        if name:
            is_typed = tag[1] == "textarea" or (tag[1] == "input" and (kind[1] if kind else "text") in TYPED)
            yield name[1], "typed" if is_typed else "chosen", tag[0]


def typed_in(page: str) -> set[str]:
    return {name for name, how, _ in tags(page) if how == "typed"}


def offers_ids(page: str) -> set[str]:
    return {name for name, _, tag in tags(page) if any(UUID.search(value) for value in VALUE.findall(tag))}
