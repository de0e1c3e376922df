"""Mutation testing: the rules are changed one place at a time, and each change must fail a rule test.

mutmut makes the changes in a copy of the tree, `forks` runs them until MINUTES are over. SAMPLE says how many of a
module (0: all), MODULES which modules, separated by commas; else those of which fewer were run as they are now.
What was found is kept in mutation.csv; explained.csv holds the changes that no test need notice. Left out: a change
that only spells a sentence for people otherwise, which the tests of texts hold. What was killed or is explained is not
run again until its module changes (mutants/found.jsonl; take it away to run all). TESTS, separated by commas: what is
left is tried on these tests only.
"""

import ast
import csv
import difflib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents

from tests.house.project import ROOT

HERE = Path(__file__).parent
RECORD, EXPLAINED = HERE / "mutation.csv", HERE / "explained.csv"
COLUMNS = ("module", "code", "changes", "run", "killed", "explained")
RULES, MUTANTS = "checklists.rules", ROOT / "mutants"
TREE, FOUND = MUTANTS / "tree", MUTANTS / "found.jsonl"
COPIED = ("checklists", "config", "docs", "notifications", "scheduler", "tests", "manage.py", "pyproject.toml")
TESTS = "tests/checklists/rules"
LEFT_OUT = (f"{TESTS}/test_assess_command.py", f"{TESTS}/questions/test_texts.py")  # start processes, read the source
PYTEST = (
    *(sys.executable, "-m", "pytest", "-p", "tests.house.forks", "-p", "no:cacheprovider", "-p", "no:terminal"),
    *("-o", "addopts=-p tests.environment --strict-markers"),
)
CHOOSE = (
    "--no-migrations",
    *os.environ.get("TESTS", TESTS).split(","),
    "-m",
    "not matrix and not hypothesis",
    *(f"--deselect={one}" for one in LEFT_OUT),
)


def file_of(module: str, tree: Path = ROOT) -> Path:
    path = tree / RULES.replace(".", "/") / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def modules() -> list[str]:
    """The modules of the rules, dotted below `checklists.rules`."""
    folder = ROOT / RULES.replace(".", "/")
    found = (path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py") if path.stat().st_size)
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in found)


def code_of(module: str) -> str:
    return hashlib.sha256(file_of(module).read_bytes()).hexdigest()[:12]


def record() -> dict[str, dict[str, str]]:
    return {row["module"]: row for row in csv.DictReader(RECORD.open())} if RECORD.exists() else {}


def explained() -> dict[tuple[str, str], str]:
    """Why no test need notice: by the function, dotted below `checklists.rules`, and its changed line."""
    return {(row["function"], row["line"]): row["reason"] for row in csv.DictReader(EXPLAINED.open())}


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


class Changes:
    """The changes of one module, by name."""

    def __init__(self, module: str) -> None:
        path = file_of(module)
        made = mutate_file_contents(str(path.relative_to(ROOT)), path.read_text())
        self.module, self.code, self.digest = module, made.code, code_of(module)
        self.bodies = functions(ast.parse(made.code))
        self.names = [name for name in made.mutant_names if not self.is_sentence(name)]

    def is_sentence(self, name: str) -> bool:
        """Whether it differs in the letters of a text with spaces, and in nothing else."""
        one, other = (ast.dump(without_texts(self.bodies[which])) for which in (name, original(name)))
        return one == other

    def sample(self, size: int) -> list[str]:
        """As many as that, spread by a digest of their names; 0: all."""
        return sorted(self.names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[: size or None]

    def left(self, size: int) -> list[tuple[str, str]]:
        """What of the sample is neither killed nor explained, with the digest of the code."""
        found = self.found()
        left = (name for name in self.sample(size) if not (found.get(name) or (name in found and self.reason(name))))
        return [(f"{RULES}.{self.module}.{name}", self.digest) for name in left]

    def found(self) -> dict[str, bool]:
        """Whether each change that was run was killed, of the code as it is now."""
        lines = (json.loads(line) for line in FOUND.read_text().splitlines()) if FOUND.exists() else ()
        known = {name: killed for name, digest, killed in lines if digest == self.digest}
        names = {f"{RULES}.{self.module}.{name}": name for name in self.names}
        return {names[name]: killed for name, killed in known.items() if name in names}

    def lines(self, name: str) -> list[str]:
        """What is taken out, with a minus, and what stands there instead, with a plus."""
        one, other = (ast.unparse(self.bodies[which]).splitlines()[1:] for which in (original(name), name))
        marked = difflib.unified_diff(one, other, lineterm="", n=0)
        return [
            f"{line[0]} {line[1:].strip()}" for line in marked if line[:3] not in ("---", "+++") and line[0] in "+-"
        ]

    def reason(self, name: str) -> str | None:
        """Why no test need notice it, where somebody has said so."""
        return explained().get(self.called(name))

    def called(self, name: str) -> tuple[str, str]:
        """As what is explained is found: the function, and what stands there instead."""
        function = f"{self.module}.{name.partition('__mutmut_')[0].removeprefix('x_')}"
        return function, " ".join(line[2:] for line in self.lines(name) if line[0] == "+")

    def stale(self) -> list[tuple[str, str]]:
        """What is explained of this module, and is no change of its code any more."""
        here = [one for one in explained() if one[0].rpartition(".")[0] == self.module]
        return sorted(set(here) - {self.called(name) for name in self.names if here})


def original(name: str) -> str:
    return name.partition("__mutmut_")[0] + "__mutmut_orig"


class Textless(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) and " " in node.value else node


def without_texts(function: ast.FunctionDef) -> ast.Module:
    return Textless().visit(ast.Module(list(function.body), []))


def copy_tree(changes: Iterable[Changes]) -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, TREE / name)
    for changed in changes:
        file_of(changed.module, TREE).write_text(changed.code)


def run(left: list[tuple[str, str]], minutes: float) -> None:
    """Adds to FOUND; what runs out of time is not there."""
    (TREE / "chosen.json").write_text(json.dumps(left))
    process = subprocess.Popen([*PYTEST, *CHOOSE], cwd=TREE, start_new_session=True)
    with suppress(subprocess.TimeoutExpired):
        process.wait(minutes * 60)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its forks too


def report(changes: Changes) -> dict[str, str]:
    """Says what was found in a module, and gives its row of the record."""
    here = changes.found()
    alive = [name for name, killed in here.items() if not killed]
    reasons = {name: changes.reason(name) for name in alive}
    known = sum(reason is not None for reason in reasons.values())
    say(f"{changes.module}: {len(here) - len(alive)} of {len(here)} killed, {known} explained")
    for name in (name for name in alive if reasons[name] is None):
        say(f"  {name}", *(f"    {line}" for line in changes.lines(name)))
    for function, line in changes.stale():
        say(f"  explained and no change any more: {function}, {line}")
    counts = (len(changes.names), len(here), len(here) - len(alive), known)
    return dict(zip(COLUMNS, (changes.module, changes.digest, *map(str, counts)), strict=True))


def keep(rows: Iterable[dict[str, str]]) -> None:
    known = record() | {row["module"]: row for row in rows}
    with RECORD.open("w") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(known[module] for module in modules() if module in known)


def is_done(module: str, size: int) -> bool:
    """Whether as many changes of this very code have been run, and none is left."""
    row = record().get(module)
    if row is None or row["code"] != code_of(module):
        return False
    changes, run, killed, known = (int(row[column]) for column in COLUMNS[2:])
    return run >= min(size or changes, changes) and run == killed + known


def wanted(size: int) -> list[str]:
    named = os.environ.get("MODULES", "")
    return [module for module in modules() if (module in named.split(",") if named else not is_done(module, size))]


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def main() -> int:
    size = int(os.environ.get("SAMPLE", "10"))
    changed = [Changes(module) for module in wanted(size)]
    left = sorted(one for changes in changed for one in changes.left(size))
    if left:
        copy_tree(changed)
        run(left, float(os.environ.get("MINUTES", "30")))
    rows = [row for row in map(report, changed) if row["run"] != "0"]
    keep(rows)
    changes, ran, killed, known = (sum(int(row[column]) for row in rows) for column in COLUMNS[2:])
    say(f"All: {killed} of {ran} killed, {known} explained, {ran - killed - known} left; {changes - ran} never run.")
    return 0 if rows or not changed else 1


if __name__ == "__main__":
    sys.exit(main())
