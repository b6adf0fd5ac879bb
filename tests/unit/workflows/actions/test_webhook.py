"""The action `webhook` against a real receiver on this machine, which the operator allows."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from amity.errors import Invalid
from amity.workflows.action import ActionFailed, Done
from amity.workflows.actions.webhook import Webhook
from amity.workflows.outbound import asking
from amity.workflows.outbound.addresses import target
from tests.factories.steps import Bench

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """What came in, and what is answered."""

    port: int
    got: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b'{"ok": true, "price": 1.10}'
    headers: dict[str, str] = field(default_factory=dict)
    slow: float = 0.0
    failing: int = 0
    """So many calls are answered 503 first."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append(
                (self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, content)
            )
            failing = len(found.got) <= found.failing
            self.send_response(503 if failing else found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            for place in range(0, len(found.answer), 1 if found.slow else 65536):
                time.sleep(found.slow)
                try:
                    self.wfile.write(found.answer[place : place + (1 if found.slow else 65536)])
                except OSError:
                    return

        do_PUT = do_POST

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def desk(bench: Bench, receiver: Receiver) -> Bench:
    """A bench whose operator allows the receiver and keeps a secret."""
    object.__setattr__(
        bench.services, "settings", bench.services.settings.changed(private_hosts=receiver.host)
    )
    (bench.services.settings.home / "secrets.toml").write_text(f'crm = "{SECRET}"\nplain = "just words"\n')
    return bench


def step(receiver: Receiver, **more: Any) -> dict[str, Any]:
    body = {"name": "{{ record.name }}", "id": {"expression": "record.id"}, "list": [1, "{{ record.name }}"]}
    return {"do": "webhook", "url": f"http://{receiver.host}/hook?a=1", "body": body, **more}


def test_it_is_sent_signed_and_answered(desk: Bench, receiver: Receiver) -> None:
    record = desk.make("customer", name="Äcme")
    done = desk.run(step(receiver, secret="crm"), record)
    assert isinstance(done, Done)
    assert done.output["status"] == 200 and str(done.output["body"]["price"]) == "1.10"
    ((verb, path, headers, content),) = receiver.got
    assert (verb, path, headers["host"]) == ("POST", "/hook?a=1", receiver.host)
    assert json.loads(content) == {"name": "Äcme", "id": record.id, "list": [1, "Äcme"]}
    assert Verifier(SECRET).verify(content, headers)["name"] == "Äcme"
    assert headers["webhook-id"] == headers["idempotency-key"] and headers["webhook-id"].startswith(
        desk.run_id
    )
    assert SECRET not in repr(done) and SECRET.encode() not in content
    desk.run(step(receiver, secret="plain", method="PUT"), record)
    assert receiver.got[1][0] == "PUT"
    Verifier(b"just words").verify(receiver.got[1][3], receiver.got[1][2])


def test_a_preview_sends_nothing(desk: Bench, receiver: Receiver) -> None:
    told = desk.preview(step(receiver, secret="crm"), desk.make("customer", name="Acme"))
    assert receiver.got == [] and "a=1" not in told.text


@pytest.mark.parametrize(
    ("status", "again"), [(500, True), (503, True), (429, True), (400, False), (404, False)]
)
def test_a_refusal_fails_with_its_words(desk: Bench, receiver: Receiver, status: int, again: bool) -> None:
    receiver.status, receiver.answer = status, b"no\r\nthanks"
    with pytest.raises(ActionFailed, match=f"answered {status}. no thanks") as caught:
        desk.run(step(receiver), desk.make("customer", name="Acme"))
    assert caught.value.again is again


def test_the_connection_goes_to_the_address_that_was_checked(receiver: Receiver) -> None:
    """A name that answers otherwise a moment later leads nowhere else: it is not asked again."""
    asked: list[str] = []

    def rebinding(host: str, port: int, **more: Any) -> list[Any]:
        asked.append(host)
        ip = "127.0.0.1" if len(asked) == 1 else "10.66.66.66"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    name = f"hook.example:{receiver.port}"
    place = target(f"http://{name}/x", [name], rebinding)
    answer = asking.ask(place, "POST", b"{}", {})
    assert answer.status == 200 and asked == ["hook.example"]
    ((_verb, path, headers, _content),) = receiver.got
    assert path == "/x" and headers["host"] == name
    again = target(f"http://{name}/x", [name], rebinding)
    assert again.ip == "10.66.66.66", "each attempt checks anew"
    with pytest.raises(ActionFailed, match="private network"):
        target("https://hook.example/x", [], rebinding)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_leads_into_the_private_network(desk: Bench, receiver: Receiver, status: int) -> None:
    receiver.status = status
    receiver.headers = {"Location": "http://169.254.169.254/latest/meta-data"}
    with pytest.raises(ActionFailed, match="another address") as caught:
        desk.run(step(receiver, secret="crm"), desk.make("customer", name="Acme"))
    assert len(receiver.got) == 1 and not caught.value.again and "169.254" not in caught.value.message


def test_every_attempt_carries_the_same_id_and_a_fresh_signature(desk: Bench, receiver: Receiver) -> None:
    receiver.status = 503
    record = desk.make("customer", name="Acme")
    with desk.call(step(receiver, secret="crm"), record) as (action, call):
        for _ in range(2):
            with pytest.raises(ActionFailed) as caught:
                desk.perform(action, call)
            assert caught.value.again
        receiver.status = 200
        assert isinstance(desk.perform(action, call), Done)
    sent = [headers for _verb, _path, headers, _content in receiver.got]
    assert len({headers["webhook-id"] for headers in sent}) == 1 and len(sent) == 3
    for _verb, _path, headers, content in receiver.got:
        Verifier(SECRET).verify(content, headers)


def test_redirects_are_not_followed(desk: Bench, receiver: Receiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": f"http://{receiver.host}/elsewhere"}
    with pytest.raises(ActionFailed, match="another address"):
        desk.run(step(receiver), desk.make("customer", name="Acme"))
    assert len(receiver.got) == 1


def test_without_the_operators_word_this_machine_is_out_of_reach(bench: Bench, receiver: Receiver) -> None:
    for url in (
        f"http://{receiver.host}/",
        f"https://{receiver.host}/",
        f"https://localhost:{receiver.port}/",
    ):
        with pytest.raises(ActionFailed):
            bench.run({"do": "webhook", "url": url}, bench.make("customer", name="Acme"))
    assert receiver.got == []


def test_an_unknown_secret_is_told_before_anything_is_sent(desk: Bench, receiver: Receiver) -> None:
    with pytest.raises(ActionFailed, match="no secret 'other'") as caught:
        desk.run(step(receiver, secret="other"), desk.make("customer", name="Acme"))
    assert receiver.got == [] and not caught.value.again


def test_a_large_answer_is_not_taken_in(desk: Bench, receiver: Receiver) -> None:
    receiver.answer = b'"' + b"x" * (asking.MAX_ANSWER + 10) + b'"'
    done = desk.run(step(receiver), desk.make("customer", name="Acme"))
    assert done.output == {"status": 200, "body": None}


def test_a_slow_answer_ends_in_time(desk: Bench, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.slow = 0.2
    monkeypatch.setattr(asking.ask, "__defaults__", (1.0,))
    begun = time.monotonic()
    with pytest.raises(ActionFailed, match="longer than 1 seconds") as caught:
        desk.run(step(receiver), desk.make("customer", name="Acme"))
    assert caught.value.again and time.monotonic() - begun < 4


def test_a_closed_port_is_tried_again(desk: Bench) -> None:
    object.__setattr__(desk.services, "settings", desk.services.settings.changed(private_hosts="127.0.0.1"))
    with pytest.raises(ActionFailed, match="cannot be reached") as caught:
        desk.run({"do": "webhook", "url": "http://127.0.0.1:9/"}, desk.make("customer", name="Acme"))
    assert caught.value.again


def test_mistakes_are_refused_when_it_is_saved(bench: Bench) -> None:
    for change in (
        {"url": "ftp://x"},
        {"body": {"a": "{{ record.nam }}"}},
        {"secret": "whsec_X="},
        {"method": "GET"},
    ):
        with pytest.raises(Invalid):
            bench.workflow({"do": "webhook", "url": "https://a.example", **change})
    assert Webhook().describe({"url": "https://a.example"}, bench.workspace.definitions.model)
