"""A YAML reader for what people write: brackets nested deeper than any document needs end it at their line."""

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scanner import RoundTripScanner, ScannerError

DEEPEST = 30  # brackets open at once


class ShallowScanner(RoundTripScanner):
    """The scanner looks through every open bracket at each word: without a bound its time grows with their square."""

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:  # noqa: N803 - the name it has there
        if len(self.flow_context) >= DEEPEST:
            problem = f"more than {DEEPEST} brackets are open at once"
            raise ScannerError(None, None, problem, self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


def shallow_yaml() -> YAML:
    """Reads YAML 1.2 and JSON. Raises ScannerError with the line where brackets nest too deeply."""
    reader = YAML()
    reader.Scanner = ShallowScanner
    return reader
