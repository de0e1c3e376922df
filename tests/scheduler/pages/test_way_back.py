"""What only takes a form is never a dead end: a reload after a refusal, a new sign-in, an address typed again."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client
from django.urls import get_resolver, resolve, reverse

from scheduler.access import ACCESS
from scheduler.models import Case
from scheduler.pages.urls import urlpatterns

ONLY_FORMS = sorted(route.name for route in urlpatterns if set(ACCESS[route.name]) == {"POST"})
SOME = UUID(int=7)


def address_of(route: str) -> str:
    names = get_resolver().reverse_dict.getlist(route)[0][0][0][1]
    return reverse(route, kwargs=dict.fromkeys(names, SOME))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("route", ONLY_FORMS)
def test_address_of_a_form_leads_to_a_page_above_it(route: str, method: str) -> None:
    answer = Client().generic(method, address_of(route))
    assert answer.status_code == 302
    above = answer["Location"]
    assert address_of(route).startswith(above)
    assert "GET" in ACCESS[resolve(above).url_name or ""]


def test_the_forms_are_found() -> None:
    assert len(ONLY_FORMS) > 30


@pytest.mark.django_db
def test_nurse_who_reloads_after_a_refused_start_sees_the_case(
    tell: Callable[..., Case], at: object, signed_in: Callable[[str], Client]
) -> None:
    case = tell("arrived")
    refused = f"/ward/cases/{case.pk}/start/"
    nurse = signed_in("nurse")
    assert nurse.post(refused, {"version": case.version}).status_code == 409
    again = nurse.get(refused, follow=True)
    assert again.redirect_chain == [(f"/ward/cases/{case.pk}/", 302)]
    assert again.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_stay_refused(method: str) -> None:
    assert Client().generic(method, f"/ward/cases/{SOME}/start/").status_code == 405


def test_page_that_is_read_keeps_its_own_answer() -> None:
    assert Client().head("/login/").status_code == 405


def test_call_of_the_api_stays_refused() -> None:
    assert Client().get(f"/api/v1/cases/{SOME}/start/").status_code == 405
