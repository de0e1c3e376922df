"""checklists and notifications name neither scheduler nor each other, by import or by string."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.project import ROOT, copy_packages, planted

FOREIGN = {
    "checklists": ("scheduler", "notifications"),
    "notifications": ("scheduler", "checklists"),
}
USER_MODEL = {"AUTH_USER_MODEL", "get_user_model", "swappable_dependency"}


def database_files(app: Path) -> list[Path]:
    models = [*app.glob("models.py"), *app.glob("models/**/*.py"), *app.glob("database.py")]
    return sorted([*models, *app.glob("migrations/*.py")])


def docstrings(tree: ast.AST) -> set[int]:
    """Strings that are statements of their own: prose, not references."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def strings_naming_an_app(node: ast.AST) -> Iterator[ast.Constant]:
    """Strings where Django reads a bare app label: ("scheduler", "0001"), get_model("scheduler", ...)."""
    first: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if names & {"dependencies", "run_before"} and isinstance(node.value, ast.List):
            first = [item.elts[0] for item in node.value.elts if isinstance(item, ast.Tuple) and item.elts]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_model":
        first = node.args[:1]
    yield from (item for item in first if isinstance(item, ast.Constant))


def imported_modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def foreign_references(source: str, foreign: tuple[str, ...]) -> list[str]:
    """What in `source` names a foreign app: imports, "app.Model", table names, app labels, the user model."""
    tree = ast.parse(source)
    prose = docstrings(tree)
    dotted_or_table = re.compile(rf"\b({'|'.join(foreign)})[._][A-Za-z]")
    found = []
    for node in ast.walk(tree):
        found += [name for name in imported_modules(node) if name.split(".")[0] in foreign]
        found += [str(item.value) for item in strings_naming_an_app(node) if item.value in foreign]
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            found += [node.value] if dotted_or_table.search(node.value) else []
        elif isinstance(node, ast.Name) and node.id in USER_MODEL:
            found.append(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in USER_MODEL:
            found.append(node.attr)
    return found


def violations(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)}: {reference}"
        for app, foreign in FOREIGN.items()
        for path in database_files(root / app)
        for reference in foreign_references(path.read_text(), foreign)
    ]


def test_models_and_migrations_reference_their_own_app_only() -> None:
    assert violations(ROOT) == []


@pytest.mark.parametrize("app", sorted(FOREIGN))
def test_search_reads_the_models_and_the_migrations(app: str) -> None:
    names = {path.relative_to(ROOT / app).as_posix() for path in database_files(ROOT / app)}
    assert "migrations/0001_initial.py" in names
    assert any(name.startswith("models") for name in names)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_packages(tmp_path_factory.mktemp("copied"))


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("case = ForeignKey('scheduler.Case', CASCADE)", "scheduler.Case"),
        ("by = ForeignKey(settings.AUTH_USER_MODEL, CASCADE)", "AUTH_USER_MODEL"),
        ("from scheduler.models import Case", "scheduler.models"),
        ("dependencies = [('scheduler', '0001_initial')]", "scheduler"),
        ("case = apps.get_model('scheduler', 'Case')", "scheduler"),
        ("sql = 'SELECT id FROM scheduler_case'", "SELECT id FROM scheduler_case"),
        ("message = OneToOneField('notifications.Message', CASCADE)", "notifications.Message"),
    ],
)
def test_planted_reference_is_found(copied: Path, line: str, reference: str) -> None:
    with planted(copied, "checklists/migrations/0999_planted.py", f"{line}\n"):
        assert violations(copied) == [f"checklists/migrations/0999_planted.py: {reference}"]


def test_role_named_scheduler_is_no_reference() -> None:
    source = '"""scheduler.Case is not ours."""\nchoices = [(1, "scheduler"), ("scheduler", "Scheduler")]\n'
    assert foreign_references(source, ("scheduler",)) == []
