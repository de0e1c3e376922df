"""JSON in, strictly; JSON out, fast."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from scheduler.rules.texts import unseen

MAX_BYTES, MAX_DEPTH = 1_048_576, 20
LARGEST = 2**53 - 1  # beyond it JSON readers disagree about the number


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ParseError(f"'{name[:60]}' is given twice in one object. Give it once.")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ParseError(f"{name} is not JSON. Give a number or null.")


def _check_text(text: str) -> None:
    if (character := unseen(text)) is not None:
        raise ParseError(f"The character U+{ord(character):04X} is not accepted in text. Remove it.")


def _check_number(number: int | float) -> None:
    if not abs(number) <= LARGEST:  # nor infinite
        raise ParseError(f"A number is beyond {LARGEST}. Give the number as it was measured.")


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"


def _check(value: Any, depth: int = 1) -> None:
    if depth > MAX_DEPTH:
        raise ParseError(f"The document is nested deeper than {MAX_DEPTH} levels. Flatten it.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int | float):
        _check_number(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth + 1)


class StrictJSONParser(BaseParser):
    """Refuses duplicate keys, NaN, deep nesting, NUL and other control or direction characters."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise TooLarge(f"The body is larger than {MAX_BYTES} bytes. Send less.")
        try:
            document = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
            _check(document)
        except UnicodeDecodeError as error:
            raise ParseError("The body is not UTF-8. Encode it as UTF-8.") from error
        except RecursionError as error:
            raise ParseError(f"The document is nested deeper than {MAX_DEPTH} levels. Flatten it.") from error
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error
        return document


class ORJSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str)
