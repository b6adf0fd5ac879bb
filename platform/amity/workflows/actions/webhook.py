"""Call a webhook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from amity import jsontext
from amity.entities.model import Model
from amity.errors import Malformed, Problem
from amity.expressions import INT, Type
from amity.expressions.types import DYN
from amity.texts import gettext as _
from amity.workflows.action import ActionFailed, Call, Done, Outcome, OutsideAction, Preview
from amity.workflows.outbound.addresses import Target, target
from amity.workflows.outbound.asking import MAX_BODY, Answer, ask
from amity.workflows.outbound.mail import one_line
from amity.workflows.outbound.vault import NAME, secret

_AGAIN = frozenset({408, 409, 425, 429})


class Webhook(OutsideAction):
    """Sends JSON to another system, signed as Standard Webhooks say."""

    name = "webhook"
    title = "Call a webhook"
    description = "Send data to another system and use its answer."
    group = "Communication"
    icon = "webhook"
    schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "required": ["url"],
        "properties": {
            "url": {
                "type": "string",
                "title": "Address",
                "description": "Where it is sent to, such as https://example.com/hook.",
                "minLength": 1,
                "maxLength": 2000,
                "x-amity": {"input": "template"},
            },
            "method": {
                "title": "Method",
                "description": "What the other system expects; mostly POST.",
                "enum": ["POST", "PUT", "PATCH"],
                "default": "POST",
            },
            "body": {
                "title": "Data",
                "description": "What is sent. Values of the run may stand in it.",
                "x-amity": {"input": "value"},
            },
            "secret": {
                "type": "string",
                "title": "Secret",
                "description": (
                    "Name of the secret that signs it (Standard Webhooks). Its value is entered in the "
                    "builder under Secrets and stands nowhere else."
                ),
                "pattern": NAME,
                "x-amity": {"input": "secret"},
            },
        },
    }

    def check(self, params: Mapping[str, Any], model: Model) -> Sequence[Problem]:
        """An address that is written out must begin with https."""
        url = params.get("url")
        if isinstance(url, str) and "{{" not in url and not url.startswith(("https://", "http://")):
            return [Problem("url", "An address begins with https://.", pointer="/url")]
        return ()

    def result(self, params: Mapping[str, Any], model: Model) -> Mapping[str, Type]:
        """Give the status and the JSON of the answer."""
        return {"status": INT, "body": DYN}

    def perform(self, call: Call) -> Outcome:
        """Send it. What may pass by itself (5xx, 429, no connection) is worth another try."""
        settings = call.services.settings
        place = target(call.params["url"], settings.webhook_hosts)
        body = jsontext.dumps_bytes(call.params.get("body"))
        if len(body) > MAX_BODY:
            raise ActionFailed(
                _(
                    "The data has %(body)s bytes; %(max_body)s are possible.",
                    body=len(body),
                    max_body=MAX_BODY,
                ),
                again=False,
            )
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "Amity"}
        headers["Idempotency-Key"] = headers["webhook-id"] = call.idempotency_key
        moment = dt.datetime.now(dt.UTC)
        headers["webhook-timestamp"] = str(int(moment.timestamp()))
        if call.params.get("secret"):
            key = secret(settings.home, call.params["secret"])
            headers["webhook-signature"] = signature(key, call.idempotency_key, moment, body)
        return _outcome(place, ask(place, call.params.get("method") or "POST", body, headers))

    def preview(self, call: Call) -> Preview:
        """Say where it would be sent; nothing is, so the answer is not known."""
        url = str(call.params.get("url") or "")
        text = _(
            "%(method)s to %(value)s", method=call.params.get("method") or "POST", value=url.partition("?")[0]
        )
        return Preview(text, output={"status": None, "body": None})

    def describe(self, params: Mapping[str, Any], model: Model) -> str:
        """Say where to."""
        return one_line(
            _("%(method)s to %(url)s", method=params.get("method") or "POST", url=params.get("url") or "…")
        )[:280]


def signature(key: str, identity: str, moment: dt.datetime, body: bytes) -> str:
    """Sign as Standard Webhooks say. `whsec_` is followed by base64; any other secret is taken as it is."""
    from standardwebhooks.webhooks import Webhook as Signer

    try:
        signer = Signer(key if key.startswith("whsec_") else key.encode())
    except ValueError as error:
        raise ActionFailed(
            _("The secret begins with whsec_ and is not base64 behind it."), again=False
        ) from error
    return str(signer.sign(identity, moment, body.decode()))


def _outcome(place: Target, answer: Answer) -> Outcome:
    if 200 <= answer.status < 300:
        return Done({"status": answer.status, "body": _json(answer)})
    if 300 <= answer.status < 400:
        message = _(
            "%(shown)s sends on to another address (%(status)s); call that one in the step.",
            shown=place.shown,
            status=answer.status,
        )
        raise ActionFailed(message, again=False)
    words = one_line(answer.content[:300].decode("utf-8", "replace"))
    again = answer.status >= 500 or answer.status in _AGAIN
    raise ActionFailed(
        _(
            "%(shown)s answered %(status)s. %(words)s", shown=place.shown, status=answer.status, words=words
        ).strip(),
        again=again,
    )


def _json(answer: Answer) -> Any:
    if not answer.content or not answer.whole:
        return None
    try:
        return jsontext.loads(answer.content)
    except Malformed:
        return None
