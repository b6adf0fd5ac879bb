"""Fixtures of the whole suite; each lives in the module of its noun under `tests/support`."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.databases",
    "tests.support.definitions",
    "tests.support.apps",
    "tests.support.servers",
    "tests.support.steps",
    "tests.support.mails",
    "tests.support.browser",
]

# Two cores shared by everything: time limits of single examples would only measure the neighbours.
settings.register_profile(
    "amity", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("amity"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "amity")


@pytest.fixture(scope="session")
def base_url() -> None:
    """No common address: each server has its own. (It is here because playwright's own one warns.)"""
