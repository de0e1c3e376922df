"""AZ-02, INJ-01: what the forms of the pages take at all, of every form that there is."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django import forms
from django.core.exceptions import ValidationError

import scheduler.pages
from scheduler.pages.answers import AnswerForm
from scheduler.pages.fields import TextField
from tests.house.project import ROOT

FOLDER = ROOT / "scheduler" / "pages"
# What the product alone decides: no form has a field of this name, so no page can be made to set it.
NOT_TYPED = {
    *("state", "practice", "practice_id", "case", "case_id", "checklist", "id", "pk", "public_id"),
    *("by", "authority", "recorded_by", "recorded_at", "created_by", "created_at", "opened_by", "opened_at"),
    *("signed_by", "signed_at", "signature", "verified_by", "verified_at", "document", "document_hash", "withdrawn_by"),
    *("withdrawn_at", "adopted_by", "adopted_at", "booked_by", "booked_at", "released_by", "released_at", "sequence"),
    *("uid", "digest", "generation", "wrong_answers", "revoked_at", "arrived_at", "checked_in_at", "started_at"),
    *("finished_at", "discharged_at", "closed_at", "is_staff", "is_superuser", "is_demo", "queue", "owner", "done_by"),
    *("done_at", "hash", "previous_hash", "head", "said_by_authority", "facts_number", "protocol_version"),
}


def form_classes() -> list[type[forms.Form]]:
    for module in pkgutil.walk_packages(scheduler.pages.__path__, "scheduler.pages."):
        importlib.import_module(module.name)
    found, waiting = [], [forms.BaseForm]
    while waiting:
        kinds = [kind for kind in waiting.pop().__subclasses__() if issubclass(kind, forms.BaseForm)]
        waiting += kinds
        found += [kind for kind in kinds if kind.__module__.startswith("scheduler.")]
    return found


def calls(folder: Path) -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(folder.rglob("*.py")):
        yield from ((path.name, node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def test_no_form_is_made_from_a_model() -> None:
    assert len(form_classes()) > 30
    assert [kind.__name__ for kind in form_classes() if issubclass(kind, forms.BaseModelForm)] == []


def test_no_form_and_no_page_reads_a_name_that_the_product_alone_decides() -> None:
    names = {(kind.__name__, name) for kind in form_classes() for name in kind.base_fields}
    for file, call in calls(FOLDER):
        where = ast.unparse(call.func)
        if where in ("request.POST.get", "request.POST.getlist") and isinstance(call.args[0], ast.Constant):
            names.add((file, str(call.args[0].value)))
    assert len(names) > 60
    asked_for = {("AuditForm", "by")}  # what to look for in the record; the form saves nothing
    assert {(where, name) for where, name in names if name in NOT_TYPED} == asked_for


def test_every_text_of_a_form_refuses_what_nobody_sees() -> None:
    plain = {
        (kind.__name__, name)
        for kind in form_classes()
        for name, field in kind.base_fields.items()
        if type(field) is forms.CharField and not isinstance(field.widget, forms.PasswordInput)
    }
    # Made while the form is: an answer's rules say so, in the patient's language.
    made = [
        file
        for file, call in calls(FOLDER)
        if ast.unparse(call.func) == "forms.CharField" and "PasswordInput" not in ast.unparse(call)
    ]
    assert plain == set()
    assert made == ["answers.py"]
    assert issubclass(AnswerForm, forms.Form)


@pytest.mark.parametrize("sign", ["\x00", "\x1b", "\x7f", "\x85", "\u202e", "\u200f", "\u2066", "\ud800"])
def test_text_with_an_unseen_sign_is_refused_by_its_number(sign: str) -> None:
    with pytest.raises(ValidationError) as error:
        TextField().clean(f"New{sign}comer")
    assert f"U+{ord(sign):04X}" in str(error.value) or sign == "\x00"  # Django itself refuses that one


def test_text_that_people_write_is_taken() -> None:
    text = "Ñandú-O’Neil 子 <b>&amp;</b> '; --\r\n\t{{ 7 }} %s 👩\u200d⚕️"
    assert TextField().clean(text) == text
