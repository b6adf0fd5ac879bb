"""What a test needs from the machine: a plain skip on a developer's, a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, how: str) -> NoReturn:
    """Skip the test because `what` is not on this machine; in CI fail instead: nothing is skipped there."""
    message = f"{what} is missing here: {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
