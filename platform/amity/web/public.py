"""Doors without sign-in: public forms (`/f/<workflow>`) and calls of other programs (`/hooks/<workflow>`).

Both only ask for a run of a workflow that is switched on and whose trigger says so; they read nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.access import throttle
from amity.access.context import SYSTEM
from amity.errors import AmityError, Invalid, NotFound, NotSignedIn
from amity.web import forms, small_forms
from amity.web.context import workspace
from amity.web.security import public, unforgeable
from amity.web.texts import gettext as _
from amity.workflows.action import ActionFailed
from amity.workflows.documents.compiled import CompiledWorkflow
from amity.workflows.documents.forms import asked_schema, checked, form_of
from amity.workflows.outbound.vault import secret

blueprint: Final = Blueprint("public", __name__)
MAX_CALL: Final = 256 * 1024
"""Bytes of a call's body."""
TRAP: Final = "website"
"""Name of an input that people do not see: who fills it in is a program."""


@dataclass(frozen=True, slots=True)
class PublicFormPage:
    """Context of `pages/public_form.html`."""

    title: str
    intro: str
    thanks: str
    """Empty until the form was sent."""
    inputs: tuple[forms.Input, ...]
    summary: tuple[tuple[str, str], ...]
    action: str
    trap: str = TRAP


@blueprint.get("/f/<name>")
@public
def show_form(name: str) -> str:
    """Show a public form."""
    return render_template("pages/public_form.html", page=_page(_door(name, "form")))


@blueprint.post("/f/<name>")
@public
def send_form(name: str) -> ResponseReturnValue:
    """Take a public form: its answers are the input of a run."""
    item = _door(name, "form")
    if request.form.get(TRAP):
        return render_template("pages/public_form.html", page=_page(item, sent=True))
    form = form_of(asked_schema(item.workflow.trigger.options["form"]), workspace().kinds)
    typed = small_forms.read(form, request.form)
    try:
        answers = checked(form, typed)
    except Invalid as error:
        page = _page(item, typed=typed, error=error)
        return make_response(render_template("pages/public_form.html", page=page), 422)
    here = workspace()
    context = here.context(SYSTEM, "public_form", workflow=item.workflow.id)
    throttle.public(here.database, request.remote_addr or "", context.now)
    here.workflows.ask(context, item, answers)
    return render_template("pages/public_form.html", page=_page(item, sent=True))


def _page(
    item: CompiledWorkflow,
    *,
    typed: Mapping[str, Any] | None = None,
    error: Invalid | None = None,
    sent: bool = False,
) -> PublicFormPage:
    options = item.workflow.trigger.options
    form = form_of(asked_schema(options["form"]), workspace().kinds)
    trouble = forms.sort_problems(error.problems if error else (), [field.name for field in form.fields])
    inputs = () if sent else small_forms.inputs(form, typed or {}, trouble)
    return PublicFormPage(
        title=str(options.get("heading") or item.workflow.title),
        intro=str(options.get("intro", "")),
        thanks=str(options.get("thanks") or _("Thank you. We have received it.")) if sent else "",
        inputs=inputs,
        summary=tuple(
            (f"{entry.title}: {text}", f"#input-{entry.name}") for entry in inputs for text in entry.problems
        ),
        action=f"/f/{item.workflow.name}",
    )


@blueprint.post("/hooks/<name>")
@unforgeable
def call(name: str) -> Response:
    """Take a call that is signed as Standard Webhooks say; the same `webhook-id` starts one run only."""
    item = _door(name, "webhook")
    here = workspace()
    body = request.get_data(cache=False)
    if len(body) > MAX_CALL:
        raise Invalid(f"The body has {len(body)} bytes; {MAX_CALL} are possible.")
    _verify(str(item.workflow.trigger.options["secret"]), body)
    payload = jsontext.loads(body) if body else None
    context = here.context(SYSTEM, "webhook", workflow=item.workflow.id)
    run = here.workflows.ask(context, item, payload, once=request.headers.get("webhook-id", ""))
    return make_response(jsontext.dumps({"run": run}), 202, {"Content-Type": "application/json"})


def _verify(name: str, body: bytes) -> None:
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError

    try:
        key = secret(workspace().settings.home, name)
        headers = {name.lower(): value for name, value in request.headers.items()}
        Webhook(key if key.startswith("whsec_") else key.encode()).verify(body, headers)
    except json.JSONDecodeError:
        return  # it looks at the body after the signature; what is wrong with it is said elsewhere
    except (WebhookVerificationError, ActionFailed, ValueError, UnicodeError) as error:
        # Nothing of the secret, and not whether there is one, goes out.
        raise NotSignedIn("The signature is not right, or too old.") from error


def _door(name: str, on: str) -> CompiledWorkflow:
    """Find a workflow that this door starts; whatever else there is does not show."""
    here = workspace()
    here.definitions.refresh()
    try:
        known = here.workflows.get(name)
    except AmityError:
        raise NotFound("There is nothing here.") from None
    item = here.workflows.live.all.get(known.id)
    if item is None or not item.workflow.enabled or item.workflow.trigger.on != on:
        raise NotFound("There is nothing here.")
    return item
