"""The benches run by themselves only, so here they are at least read."""

import importlib

import pytest

from tests.house.project import ROOT

BENCHES = sorted(path.stem for path in (ROOT / "tests/bench").glob("bench_*.py"))


@pytest.mark.parametrize("name", BENCHES)
def test_bench_imports_what_there_is(name: str) -> None:
    assert [one for one in vars(importlib.import_module(f"tests.bench.{name}")) if one.startswith("test_")]
