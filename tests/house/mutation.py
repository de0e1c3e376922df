"""Mutation testing: the rules are changed one place at a time, and each change must fail a rule test.

A sample of each module, the same for the same code, is run by mutmut until MINUTES are over. SAMPLE says how many
changes of a module (0: all), MODULES which modules, separated by commas. What the sample leaves out: a change that only
spells a sentence for people otherwise, which the tests of texts hold.
"""

import ast
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.house.project import ROOT

RULES = Path("checklists/rules")
MUTANTS = Path("mutants")
KILLED = frozenset({1, 3, 24, 36, 152, 255, -24})  # failed, or did not end; as mutmut keeps them
SURVIVED, UNTESTED = 0, 33
MUTMUT = (sys.executable, "-m", "mutmut", "run", "--max-children", "2")


def modules() -> list[str]:
    """The modules of the rules, dotted below `checklists.rules`."""
    wanted = os.environ.get("MODULES", "")
    found = sorted(".".join(path.relative_to(ROOT / RULES).with_suffix("").parts) for path in rule_files())
    return [name for name in found if not wanted or name in wanted.split(",")]


def rule_files() -> Iterator[Path]:
    return (path for path in (ROOT / RULES).rglob("*.py") if path.stat().st_size)


def results(module: str) -> dict[str, int | None]:
    """Each mutant of a module with its exit code; None where it was not run."""
    path = ROOT / MUTANTS / RULES / f"{module.replace('.', '/')}.py.meta"
    found: dict[str, int | None] = json.loads(path.read_text())["exit_code_by_key"] if path.exists() else {}
    return found


def sentences(module: str) -> frozenset[str]:
    """The mutants that differ from the original in the letters of a text with spaces, and in nothing else."""
    tree = ast.parse((ROOT / MUTANTS / RULES / f"{module.replace('.', '/')}.py").read_text())
    bodies = {node.name: ast.dump(without_texts(node)) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    originals = {name.removesuffix("__mutmut_orig"): body for name, body in bodies.items() if "__mutmut_orig" in name}
    return frozenset(name for name, body in bodies.items() if originals.get(name.partition("__mutmut_")[0]) == body)


class Textless(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) and " " in node.value else node


def without_texts(function: ast.FunctionDef) -> ast.Module:
    return Textless().visit(ast.Module(list(function.body), []))


def sample(module: str) -> list[str]:
    """As many mutants as SAMPLE says, spread by a digest of their names."""
    size, texts = int(os.environ.get("SAMPLE", "10")), sentences(module)
    names = [name for name in results(module) if name.rpartition(".")[2] not in texts]
    chosen = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return sorted(chosen[: size or None])


def run(names: list[str], minutes: float) -> None:
    """mutmut on these mutants; one that runs out of time is interrupted and keeps what it has found."""
    process = subprocess.Popen([*MUTMUT, *names], cwd=ROOT, start_new_session=True)
    try:
        process.wait(minutes * 60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(60)


def report(names: dict[str, list[str]]) -> int:
    """Killed of all by module, with the names of what was not; 1 where nothing was run."""
    total: Counter[str] = Counter()
    for module, chosen in names.items():
        codes = {name: code for name, code in results(module).items() if name in chosen and code is not None}
        alive = [name for name, code in codes.items() if code in (SURVIVED, UNTESTED)]
        killed = sum(code in KILLED for code in codes.values())
        total.update(killed=killed, run=len(codes), chosen=len(chosen))
        say(f"{module}: {killed} of {len(codes)} killed", *(f"  {name}" for name in alive))
    say(f"All: {total['killed']} of {total['run']} killed, {total['chosen'] - total['run']} not run.")
    say("What a change was: .venv/bin/python -m mutmut show NAME")
    return 0 if total["run"] else 1


def say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def main() -> int:
    minutes = float(os.environ.get("MINUTES", "30"))
    shutil.rmtree(ROOT / MUTANTS, ignore_errors=True)  # it keeps protocol files as they were when it was made
    run(["checklists.rules.clock.*"], minutes)  # makes the mutants of every module, from which the sample is taken
    names = {module: sample(module) for module in modules() if results(module)}
    run([name for chosen in names.values() for name in chosen], minutes)
    return report(names)


if __name__ == "__main__":
    sys.exit(main())
