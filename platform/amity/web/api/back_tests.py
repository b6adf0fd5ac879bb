"""`/api/v1/workflows/<name>/back-test` and `/api/v1/back-tests`: what a workflow would have done.

A short one is answered at once (200). One that takes longer goes on beside the requests: the answer is 202
with its address, where progress and result are.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from flask import Blueprint, Response, url_for

from amity.web.api import requests
from amity.web.api.responses import answer, nothing
from amity.web.api.workflows import only, tried, wrong
from amity.web.context import require_admin, workspace
from amity.workflows.simulation.asked import AskedTest, BackTests
from amity.workflows.simulation.backtest import back_test
from amity.workflows.simulation.trials import QUICK_SECONDS, SAMPLES

MAX_SAMPLES: Final = 200


def register(api: Blueprint) -> None:
    """Add the routes to the blueprint."""
    api.add_url_rule("/workflows/<name>/back-test", view_func=back_test_workflow, methods=["POST"])
    api.add_url_rule("/workflows/<name>/back-tests", view_func=list_back_tests, methods=["GET"])
    api.add_url_rule("/back-tests/<uuid:id>", view_func=read_back_test, methods=["GET"])
    api.add_url_rule("/back-tests/<uuid:id>", view_func=delete_back_test, methods=["DELETE"])
    api.add_url_rule("/back-tests/<uuid:id>/cancel", view_func=cancel_back_test, methods=["POST"])


def back_test_workflow(name: str) -> Response:
    """Say what it would have done from `since` until before `until` (now): counts, and some samples.

    `background`: true never works within the request, false never beside it (it ends early at a limit).
    """
    requests.parameters(())
    context = require_admin()
    body = only(requests.body_object(), ("since", "until", "samples", "document", "background"))
    since = _moment(body, "since")
    until = _moment(body, "until") if body.get("until") is not None else context.now
    samples = body.get("samples", SAMPLES)
    if not isinstance(samples, int) or isinstance(samples, bool) or not 0 <= samples <= MAX_SAMPLES:
        raise wrong("samples", f"Samples are a number from 0 to {MAX_SAMPLES}.")
    background = body.get("background")
    if background is not None and not isinstance(background, bool):
        raise wrong("background", "background is true or false.")
    compiled = tried(name, body)
    services = workspace().workflows.services
    if background is False:
        return answer(back_test(services, context, compiled, since, until, samples=samples).as_json())
    if background is None:
        found = back_test(services, context, compiled, since, until, samples=samples, seconds=QUICK_SECONDS)
        if not found.early:
            return answer(found.as_json())
    asked = _tests().get(_tests().ask(context, name, compiled, since, until, samples=samples))
    return answer(_json(asked), 202, location=_address(asked.id))


def list_back_tests(name: str) -> Response:
    """List the back-tests of a workflow or draft, the latest first, without their results."""
    requests.parameters(())
    require_admin()
    found = _tests().of(name)
    if not found:
        workspace().workflows.get(name)  # a draft that was tested has no workflow yet
    return answer({"back_tests": [_json(item) for item in found]})


def read_back_test(id: uuid.UUID) -> Response:
    """Give one: how far it is, and what it found."""
    requests.parameters(())
    require_admin()
    return answer(_json(_tests().get(str(id))))


def cancel_back_test(id: uuid.UUID) -> Response:
    """End one; what was found so far is kept."""
    requests.parameters(())
    _tests().cancel(str(id), require_admin().now)
    return answer(_json(_tests().get(str(id))), 202)


def delete_back_test(id: uuid.UUID) -> Response:
    """Remove one that has ended."""
    requests.parameters(())
    require_admin()
    _tests().remove(str(id))
    return nothing()


def _tests() -> BackTests:
    return BackTests(workspace().workflows.services)


def _json(asked: AskedTest) -> dict[str, Any]:
    return {**asked.as_json(), "url": _address(asked.id)}


def _address(id_: str) -> str:
    return url_for("api.read_back_test", id=id_)


def _moment(body: dict[str, Any], name: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(body[name])
        if found.tzinfo is None:
            raise ValueError
        return found.astimezone(dt.UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        message = f"{name} is a date-time with its zone, such as 2026-01-31T00:00:00Z."
        raise wrong(name, message) from None
