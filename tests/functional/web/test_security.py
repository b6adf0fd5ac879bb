"""What every request passes and every answer carries, tried with hostile requests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from amity.access.context import SYSTEM
from amity.app import create_app
from amity.settings import Settings
from amity.web import security
from amity.web.security import public
from amity.workspace import Workspace
from tests.support.apps import ADMIN, KEY, STAFF, Visitor

pytestmark = [
    pytest.mark.usefixtures("database_server"),
    pytest.mark.parametrize("database_server", ["sqlite"], indirect=True),
]
"""Nothing here depends on the database."""


def test_every_answer_carries_the_headers(nobody: Visitor, admin: Visitor) -> None:
    for answer in (
        nobody.get("/auth/sign-in"),
        admin.get("/auth/settings"),
        nobody.get("/nowhere"),
        nobody.get("/healthz"),
    ):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Strict-Transport-Security" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_cookie_is_for_the_server_alone(nobody: Visitor, make_app: Callable[..., Flask]) -> None:
    cookie = nobody.get("/auth/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("amity=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    app = make_app(base_url="https://amity.example.test")
    answer = app.test_client().get("/auth/sign-in", base_url="https://amity.example.test")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-amity=") and "Secure" in cookie and "Path=/" in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_without_the_form_key_nothing_is_changed(staff: Visitor, workspace: Workspace, method: str) -> None:
    for data in (
        {},
        {"csrf_token": ""},
        {"csrf_token": "x.y.z"},
        {"csrf_token": "\ud800".encode("utf-8", "replace")},
    ):
        answer = staff.client.open("/auth/settings", method=method, data={"name": "Mallory", **data})
        assert answer.status_code in (400, 405)
    assert workspace.accounts.by_email(STAFF).name == "Sam Staff"


def test_the_key_of_another_persons_session_does_not_count(staff: Visitor, admin: Visitor) -> None:
    admin.get("/auth/settings")
    staff.csrf = admin.csrf
    assert staff.post("/auth/settings", {"name": "Mallory"}).status_code == 400


def test_the_key_may_come_in_a_header(staff: Visitor, workspace: Workspace) -> None:
    staff.get("/auth/settings")
    answer = staff.client.post("/auth/settings", data={"name": "Sam X"}, headers={"X-CSRFToken": staff.csrf})
    assert answer.status_code == 303
    assert workspace.accounts.by_email(STAFF).name == "Sam X"


def test_a_bearer_token_needs_no_form_key_and_never_falls_back_to_the_cookie(
    staff: Visitor, token: dict[str, str], workspace: Workspace
) -> None:
    program = Visitor(staff.app).client
    assert program.post("/auth/settings", data={"name": "Ada T."}, headers=token).status_code == 303
    assert workspace.accounts.by_email(ADMIN).name == "Ada T."
    for wrong in ("Bearer x", "Bearer ", "Bearer", "Basic YTpi", "", "bearer amity_nope", "Bearer \u00fc"):
        answer = staff.client.post(
            "/auth/settings", data={"name": "Mallory"}, headers={"Authorization": wrong}
        )
        assert answer.status_code == 401, wrong
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    # a good token on a browser's session counts by the token alone
    staff.client.post("/auth/settings", data={"name": "Ada Again"}, headers=token)
    assert workspace.accounts.by_email(STAFF).name == "Sam Staff"


def test_the_token_of_a_deactivated_account_is_refused(
    app: Flask, token: dict[str, str], workspace: Workspace
) -> None:
    sam, ada = workspace.accounts.by_email(STAFF), workspace.accounts.by_email(ADMIN)
    workspace.accounts.set_roles(sam.id, ["admin"], by=SYSTEM)
    workspace.accounts.deactivate(ada.id, by=SYSTEM)
    answer = app.test_client().get("/api/v1/records/x", headers=token)
    assert answer.status_code in (401, 404)
    assert app.test_client().get("/auth/settings", headers=token).status_code == 401


def test_a_view_is_locked_unless_it_says_otherwise(make_app: Callable[..., Flask]) -> None:
    app = make_app()
    app.add_url_rule("/secret", view_func=lambda: "secret", endpoint="secret")
    app.add_url_rule("/open", view_func=public(lambda: "open"), endpoint="open")
    app.add_url_rule("/builder/x", view_func=lambda: "built", endpoint="built")
    nobody, staff, admin = Visitor(app), Visitor(app).sign_in(STAFF), Visitor(app).sign_in(ADMIN)
    assert nobody.get("/secret").status_code == 302
    assert nobody.get("/open").text == "open"
    assert staff.get("/secret").text == "secret"
    assert staff.get("/builder/x").status_code == 403
    assert admin.get("/builder/x").text == "built"


def test_public_views_are_a_short_known_list(app: Flask) -> None:
    found = {
        endpoint for endpoint, view in app.view_functions.items() if getattr(view, "amity_public", False)
    }
    assert found == {
        "assets.file",
        "auth.accept_link",
        "auth.do_sign_in",
        "auth.link",
        "auth.sign_in",
        "auth.sign_out",
        "health.alive",
        "health.ready",
        # Public forms, and calls that prove themselves by a signature: both only ask for a run.
        "public.call",
        "public.send_form",
        "public.show_form",
    }


@pytest.mark.parametrize("host", ["evil.example", "amity.example.test.evil.example", "evil.example:80"])
def test_a_foreign_host_is_refused(make_app: Callable[..., Flask], host: str) -> None:
    client = make_app(base_url="https://amity.example.test").test_client()
    answer = client.get("/auth/sign-in", headers={"Host": host})
    assert answer.status_code == 400 and "evil" not in answer.text
    assert client.get("/auth/sign-in", headers={"Host": "amity.example.test"}).status_code == 200
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["a b", "x/../y", "<script>", "a@b", ""])
def test_a_malformed_host_does_no_harm(nobody: Visitor, host: str) -> None:
    answer = nobody.client.get("/auth/sign-in", headers={"Host": host})
    assert answer.status_code in (200, 400)
    assert "<script>" not in answer.text.replace("<script src=", "")


def test_links_use_the_configured_address(make_app: Callable[..., Flask], workspace: Workspace) -> None:
    app = make_app(base_url="http://amity.example.test")
    admin = Visitor(app).sign_in(ADMIN)
    sam = workspace.accounts.by_email(STAFF)
    assert 'value="http://amity.example.test/auth/link/' in admin.post(f"/builder/people/{sam.id}/link").text


def test_forwarded_headers_count_only_behind_a_proxy(make_app: Callable[..., Flask]) -> None:
    def address(app: Flask) -> str:
        from flask import request

        app.add_url_rule("/me", view_func=public(lambda: str(request.remote_addr)), endpoint="me")
        return app.test_client().get("/me", headers={"X-Forwarded-For": "203.0.113.5, 198.51.100.1"}).text

    assert address(make_app()) == "127.0.0.1"
    assert address(make_app(proxies=1)) == "198.51.100.1"


def test_a_body_that_is_too_large_is_a_problem(
    app: Flask, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = app.test_client().post(
        "/auth/settings", data={"name": "x" * 2000}, headers={**token, "Accept": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["code"] == "request_entity_too_large"
    page = app.test_client().post("/auth/settings", data={"name": "x" * 2000}, headers=token)
    assert page.status_code == 413 and "Too large" in page.text


def test_two_apps_in_one_process_share_nothing(tmp_path: Path) -> None:
    apps = [
        create_app(Settings(home=tmp_path / name, secret_key=KEY, base_url=url))
        for name, url in (("one", ""), ("two", "https://two.example.test"))
    ]
    one, two = (app.extensions["amity"] for app in apps)
    try:
        one.accounts.create(ADMIN, "Ada One", ["admin"], "four quiet lamps bend")
        assert two.accounts.all() == []
        assert one.policy is not two.policy and one.plugins is not two.plugins
        visitor = Visitor(apps[0]).sign_in(ADMIN)
        assert "Ada One" in visitor.get("/auth/settings").text
        cookie = visitor.client.get_cookie("amity")
        assert cookie is not None
        other = apps[1].test_client()
        other.set_cookie("__Host-amity", cookie.value)  # the same secret key even
        assert other.get("/auth/settings").status_code == 302
        assert "Strict-Transport-Security" not in visitor.get("/").headers
        assert apps[0].jinja_env is not apps[1].jinja_env
    finally:
        for app in apps:
            app.extensions["amity"].close()


# -- errors ----------------------------------------------------------------------------------------
@pytest.fixture
def broken(make_app: Callable[..., Flask]) -> Flask:
    """An app with a view that fails."""
    app = make_app()

    def fail() -> Response:
        raise RuntimeError("the password is hunter2")

    app.add_url_rule("/fail", view_func=public(fail), endpoint="fail")
    app.add_url_rule("/api/v1/fail", view_func=public(fail), endpoint="api_fail")
    return app


@pytest.mark.parametrize(
    ("url", "headers", "kind"),
    [
        ("/fail", {}, "page"),
        ("/fail", {"HX-Request": "true"}, "fragment"),
        ("/fail", {"Accept": "application/json"}, "problem"),
        ("/api/v1/fail", {"Accept": "text/html"}, "problem"),
    ],
)
def test_an_unexpected_error_shows_a_number_and_no_traceback(
    broken: Flask, caplog: pytest.LogCaptureFixture, url: str, headers: dict[str, str], kind: str
) -> None:
    answer = broken.test_client().get(url, headers=headers)
    assert answer.status_code == 500
    assert (
        "hunter2" not in answer.text and "Traceback" not in answer.text and "RuntimeError" not in answer.text
    )
    number = answer.headers["X-Request-Id"]
    assert number in answer.text
    logged = [record for record in caplog.records if getattr(record, "request", None) == number]
    assert len(logged) == 1 and logged[0].exc_info is not None
    if kind == "problem":
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["request_id"] == number
    else:
        assert ("<html" in answer.text) == (kind == "page")


def test_a_missing_page_is_answered_as_asked(nobody: Visitor, admin: Visitor) -> None:
    page = admin.get("/nowhere")
    assert page.status_code == 404 and "<html" in page.text and "Go back" in page.text
    fragment = admin.get("/nowhere", headers={"HX-Request": "true"})
    assert fragment.status_code == 404 and "<html" not in fragment.text
    assert fragment.headers["HX-Retarget"] == "#messages"
    assert "HX-Request" in fragment.vary
    boosted = admin.get("/nowhere", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<html" in boosted.text
    document = nobody.get("/api/v1/nowhere").get_json()
    assert (document["status"], document["code"]) == (404, "not_found")
    wrong = admin.client.delete("/healthz", headers={"Accept": "application/json"})
    assert wrong.status_code == 405 and "GET" in wrong.headers["Allow"]


def test_a_gone_database_is_one_plain_page(app: Flask, workspace: Workspace, admin: Visitor) -> None:
    from amity.errors import Busy

    admin.get("/auth/settings")

    def gone(*_arguments: object, **_more: object) -> None:
        raise Busy("The database is not reachable at the moment. Nothing was written.")

    workspace.forget_profile()
    workspace.database.read = gone  # type: ignore[method-assign, assignment]
    answer = admin.get("/auth/settings")
    assert answer.status_code == 503 and "not reachable" in answer.text
    assert answer.headers["Retry-After"]
    ready = admin.get("/readyz")
    assert ready.status_code == 503 and ready.get_json()["status"] == "unavailable"
    assert admin.get("/healthz").get_json() == {"status": "ok"}


def test_health(nobody: Visitor) -> None:
    assert nobody.get("/healthz").get_json() == {"status": "ok"}
    ready = nobody.get("/readyz").get_json()
    assert (ready["status"], ready["database"]) == ("ready", "ok")


def test_the_log_names_no_one_time_link(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    app = make_app()

    def fail(_key: str) -> None:
        raise RuntimeError("broken")

    app.extensions["amity"].accounts.open_link = fail
    assert app.test_client().get("/auth/link/very-secret-key").status_code == 500
    assert "very-secret-key" not in "\n".join(str(vars(record)) for record in caplog.records)
    assert "/auth/link/<key>" in "\n".join(str(vars(record)) for record in caplog.records)


def test_the_policy_has_no_loop_hole() -> None:
    directives = {part.split()[0]: part.split()[1:] for part in security.CONTENT_POLICY.split("; ")}
    assert directives["default-src"] == ["'self'"]
    assert "script-src" not in directives and "style-src" not in directives  # so default-src counts
    assert directives["frame-ancestors"] == directives["object-src"] == directives["base-uri"] == ["'none'"]


def test_an_error_of_the_database_tells_no_values(workspace: Workspace) -> None:
    statement = text("SELECT nothing FROM account WHERE password_hash = :secret")
    with pytest.raises(DBAPIError) as caught, workspace.database.read() as connection:
        connection.execute(statement, {"secret": "hunter2"})
    assert "hunter2" not in str(caught.value)
