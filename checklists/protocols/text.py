"""YAML text to plain values, each with the line it stands on.

The composed tree is read instead of constructed objects: it names the line of every key and value, shows
duplicate keys and aliases (an alias bomb is refused before it unfolds), and leaves no YAML types behind.
"""

from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from checklists.protocols.problems import Place, Problem, ProtocolError, Where, dotted
from checklists.rules.shallow import shallow_yaml

# Lists whose rows are known by a key: a protocol that extends another changes single rows.
ROW_KEYS: dict[Where, str] = {
    ("items",): "kind",
    ("holds",): "row",
    ("hold_classes",): "class",
    ("drug_groups",): "group",
    ("labs",): "row",
    ("exclusions",): "row",
    ("fasting", "intakes"): "row",
    ("infection", "questions"): "row",
    ("after_care",): "topic",
    ("follow_up",): "topic",
    ("stated",): "topic",
}
LARGEST = 250_000  # characters
PREFIX = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Source:
    """One text: row lists are mappings by row key here, so that texts can be merged."""

    origin: str
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Where, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, node: Node, where: Where, wrong: str, remedy: str) -> None:
        self.problems.append(Problem(self.origin, line_of(node), dotted(where), wrong, remedy))


def line_of(node: Node) -> int:
    return int(node.start_mark.line) + 1


def read_text(text: str, origin: str) -> Source:
    """Reads one YAML document; raises ProtocolError naming every line that YAML or this format refuses."""
    source = Source(origin)
    root = compose(text, source)
    if not source.problems:
        if isinstance(root, MappingNode):
            source.places[()] = Place(origin, 1)
            source.values = Tree(source).mapping(root, ())
        else:
            wrong = "the document is not a mapping"
            source.problems.append(Problem(origin, 1, "document", wrong, "begin with `protocol: <name>`"))
    if source.problems:
        raise ProtocolError(source.problems)
    return source


def compose(text: str, source: Source) -> Node | None:
    if len(text) > LARGEST:
        remedy = f"keep it under {LARGEST:,} characters"
        source.problems.append(Problem(source.origin, 1, "document", "the text is too long", remedy))
        return None
    try:
        return shallow_yaml().compose(text)  # type: ignore[no-any-return]
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        wrong = f"this is not YAML ({error.problem or error.context})"
        line = mark.line + 1 if mark else 1
        source.problems.append(Problem(source.origin, line, "document", wrong, "correct the line or the one before"))
    except YAMLError as error:
        wrong = f"this is not YAML ({str(error).splitlines()[0]})"
        source.problems.append(Problem(source.origin, 1, "document", wrong, "save the file as plain UTF-8 text"))
    except (RecursionError, ValueError):
        wrong = "the text is nested too deeply or holds a value that cannot be read"
        source.problems.append(Problem(source.origin, 1, "document", wrong, "follow the shape of reference-asra"))
    return None


class Tree:
    """Walks one composed tree. Every node is visited once: an alias is a second visit and is refused."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.visited: set[int] = set()

    def value(self, node: Node, where: Where) -> Any:
        self.source.places.setdefault(where, Place(self.source.origin, line_of(node)))
        if id(node) in self.visited or len(where) > 12:
            place, wrong = self.source.places[where], "an alias or very deep nesting stands here"
            problem = Problem(place.origin, place.line, dotted(where), wrong, "write the value out")
            self.source.problems.append(problem)
            return None
        self.visited.add(id(node))
        if isinstance(node, MappingNode):
            return self.mapping(node, where)
        if isinstance(node, SequenceNode):
            return self.rows(node, where) if where in ROW_KEYS else self.sequence(node, where)
        assert isinstance(node, ScalarNode)
        return self.scalar(node, where)

    def mapping(self, node: MappingNode, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, ScalarNode) or key_node.tag == PREFIX + "merge":
                self.source.report(key_node, where, "a key is not a plain word", "write `key: value`")
                continue
            here = (*where, key)
            if key in found:
                first = self.source.places[here].line
                wrong = f"the key is given twice, first on line {first}"
                self.source.report(key_node, here, wrong, "keep one of the two")
                continue
            self.source.places[here] = Place(self.source.origin, line_of(key_node))
            found[key] = self.value(value_node, here)
        return found

    def sequence(self, node: SequenceNode, where: Where) -> list[Any]:
        return [self.value(entry, (*where, str(number))) for number, entry in enumerate(node.value)]

    def rows(self, node: SequenceNode, where: Where) -> dict[str, Any]:
        """A list of rows as a mapping from each row's key."""
        name, found = ROW_KEYS[where], dict[str, Any]()
        for entry in node.value:
            key = row_key(entry, name)
            if key is None:
                self.source.report(entry, where, f"a row does not say its `{name}`", f"begin it with `{name}: ...`")
            elif key in found:
                first = self.source.places[(*where, key)].line
                wrong = f"the row is given twice, first on line {first}"
                self.source.report(entry, (*where, key), wrong, "keep one of the two")
            else:
                found[key] = self.value(entry, (*where, key))
        return found

    def scalar(self, node: ScalarNode, where: Where) -> Any:
        text, kind = str(node.value), str(node.tag).removeprefix(PREFIX)
        try:
            match kind:
                case "str":
                    return text
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return int(text)
                case "float":
                    return plain_number(float(text))
        except ValueError:
            pass
        wrong = f"{text!r} is not a plain word, number, true or false"
        self.source.report(node, where, wrong, "put words that look like dates or codes in quotes")
        return None


def row_key(node: Node, name: str) -> str | None:
    if not isinstance(node, MappingNode):
        return None
    keys = (value.value for key, value in node.value if key.value == name and isinstance(value, ScalarNode))
    return next(keys, None) or None


def plain_number(value: float) -> float | int:
    """60.0 as 60, so that one number has one spelling in the signed document; refuses nan and infinity."""
    if value != value or abs(value) == float("inf"):
        raise ValueError
    return int(value) if value.is_integer() else value
