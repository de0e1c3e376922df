import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.house.project import ROOT

APP_SERVICES = ("migrate", "web", "worker", "beat")
DATABASE_OWN = {"POSTGRES_PASSWORD", "DATABASE_APP_PASSWORD"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    return YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]


def names_read_by_settings() -> set[str]:
    source = (ROOT / "config/settings.py").read_text()
    return set(re.findall(r"""(?:environ\.get|secret)\(\s*"([A-Z_]+)\"""", source))


def test_services_are_the_agreed_ones(services: dict[str, dict[str, Any]]) -> None:
    assert sorted(services) == sorted(["db", "redis", *APP_SERVICES])


def test_application_services_share_one_image_built_here(services: dict[str, dict[str, Any]]) -> None:
    assert {(services[name]["image"], services[name]["build"]) for name in APP_SERVICES} == {("cleared", ".")}


@pytest.mark.parametrize("name", APP_SERVICES)
def test_every_variable_given_is_read_by_the_settings(services: dict[str, dict[str, Any]], name: str) -> None:
    assert set(services[name]["environment"]) - names_read_by_settings() - DATABASE_OWN == set()


def test_only_migrations_connect_as_the_owner(services: dict[str, dict[str, Any]]) -> None:
    roles = {name: services[name]["environment"]["DATABASE_URL"].split("//")[1].split(":")[0] for name in APP_SERVICES}
    assert roles == {"migrate": "cleared", "web": "cleared_app", "worker": "cleared_app", "beat": "cleared_app"}
    assert [name for name in APP_SERVICES if "POSTGRES_PASSWORD" in str(services[name]["environment"])] == ["migrate"]


def test_every_secret_of_the_settings_is_demanded(services: dict[str, dict[str, Any]]) -> None:
    given = services["web"]["environment"]
    for name in ("SECRET_KEY", "FIELD_KEYS", "LINK_KEY", "ALLOWED_HOSTS"):
        assert given[name] == f"${{{name}:?Set {name} in .env}}"


def test_every_value_asked_of_the_operator_is_known() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text().split("\nx-app", 1)[1]))
    assert asked - names_read_by_settings() == DATABASE_OWN


def test_long_running_services_have_a_health_check(services: dict[str, dict[str, Any]]) -> None:
    assert [name for name in services if "healthcheck" not in services[name]] == ["migrate"]


def test_redis_keeps_what_it_is_given_and_never_evicts(services: dict[str, dict[str, Any]]) -> None:
    expected = ["redis-server", "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
    assert services["redis"]["command"] == expected


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_processes_wait_for_the_migrated_database(services: dict[str, dict[str, Any]], name: str) -> None:
    conditions = {other: needs["condition"] for other, needs in services[name]["depends_on"].items()}
    assert conditions == {
        "db": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_image_is_hash_locked_and_runs_without_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines[0] == "FROM python:3.11-slim"
    assert "RUN pip install --no-cache-dir --require-hashes -r requirements.txt" in lines
    assert [line for line in lines if line.startswith("USER ")] == ["USER cleared"]


def test_image_leaves_secrets_and_data_outside() -> None:
    assert {".env", "var", ".git", ".venv"} <= set((ROOT / ".dockerignore").read_text().split())
