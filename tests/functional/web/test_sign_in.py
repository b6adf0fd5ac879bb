"""Signing in and out through the pages, and what attackers try there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from amity.access import throttle
from amity.access.context import SYSTEM
from amity.web.context import SESSION_KEY, safe_next
from amity.workspace import Workspace
from tests.support.apps import ADMIN, PASSWORD, STAFF, Visitor

NEW = "seven green boats rest"


def form(email: str = ADMIN, password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"email": email, "password": password, **more}


def sign_in(visitor: Visitor, **fields: str) -> Any:
    visitor.get("/auth/sign-in")
    return visitor.post("/auth/sign-in", form(**fields))


def test_a_page_sends_to_sign_in_and_back(nobody: Visitor) -> None:
    answer = nobody.get("/auth/settings?tab=2")
    assert answer.status_code == 302
    assert answer.location == "/auth/sign-in?next=/auth/settings?tab%3D2"
    answer = nobody.get(answer.location)
    answer = nobody.post("/auth/sign-in", form(next="/auth/settings?tab=2"))
    assert (answer.status_code, answer.location) == (303, "/auth/settings?tab=2")
    assert "Ada Admin" in nobody.get("/auth/settings").text


def test_a_refusal_keeps_the_address_and_never_the_password(nobody: Visitor) -> None:
    answer = sign_in(nobody, password="wrong-password")
    assert answer.status_code == 422
    assert ADMIN in answer.text and "wrong-password" not in answer.text
    assert "not right" in answer.text


OTHER_SITES = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "/\nSet-Cookie: x=y",
    "http:evil.example",
    "",
)


def test_nobody_is_sent_to_another_site(nobody: Visitor) -> None:
    answer = sign_in(nobody, next=OTHER_SITES[0])
    assert (answer.status_code, answer.location) == (303, "/")
    for target in OTHER_SITES:
        assert safe_next(target) == "/"
        answer = nobody.get("/auth/sign-in", query_string={"next": target})
        assert (answer.status_code, answer.location) == (302, "/"), target


def test_the_session_of_before_is_not_the_one_of_after(nobody: Visitor) -> None:
    """Session fixation: a cookie that somebody planted is worth nothing after signing in."""
    nobody.get("/auth/sign-in")
    planted = nobody.client.get_cookie("amity")
    assert planted is not None
    key_before = nobody.csrf
    sign_in(nobody)
    victim = nobody.client.get_cookie("amity")
    assert victim is not None and victim.value != planted.value
    attacker = Visitor(nobody.app)
    attacker.client.set_cookie("amity", planted.value)
    assert attacker.get("/auth/settings").status_code == 302
    nobody.csrf = key_before  # the form key of before belongs to the old session
    assert nobody.post("/auth/sign-out").status_code == 400


def test_signing_in_again_ends_the_session_of_before(staff: Visitor, workspace: Workspace) -> None:
    old = staff.client.get_cookie("amity")
    assert old is not None
    staff.get("/auth/settings")
    staff.post("/auth/sign-in", form())
    again = Visitor(staff.app)
    again.client.set_cookie("amity", old.value)
    assert again.get("/auth/settings").status_code == 302
    assert workspace.accounts.credentials.sessions(workspace.accounts.by_email(STAFF).id) == []


def test_sign_out_ends_the_session_on_the_server(staff: Visitor) -> None:
    staff.get("/auth/settings")
    kept = staff.client.get_cookie("amity")
    assert kept is not None
    assert staff.post("/auth/sign-out").location == "/auth/sign-in"
    staff.client.set_cookie("amity", kept.value)
    assert staff.get("/auth/settings").status_code == 302


def test_a_deactivated_person_is_out_with_the_next_request(staff: Visitor, workspace: Workspace) -> None:
    assert staff.get("/auth/settings").status_code == 200
    workspace.accounts.deactivate(workspace.accounts.by_email(STAFF).id, by=SYSTEM)
    assert staff.get("/auth/settings").status_code == 302


def test_guessing_is_answered_with_429(nobody: Visitor) -> None:
    for _ in range(throttle.PER_EMAIL):
        assert sign_in(nobody, password="wrong").status_code == 422
    answer = sign_in(nobody)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many attempts" in answer.text and ADMIN in answer.text


def test_a_malformed_cookie_is_nobody(nobody: Visitor) -> None:
    for cookie in ("", "x", "a.b.c", "\u00fc" * 10, "." * 4000, "eyJrZXkiOjF9.aaaa.bbbb"):
        nobody.client.set_cookie("amity", cookie)
        assert nobody.get("/auth/settings").status_code == 302, cookie


def test_a_strange_key_in_the_cookie_is_nobody(nobody: Visitor) -> None:
    strange: list[Any] = [None, 7, ["a"], {"a": 1}, "", "x" * 3000, "\ud800", "\0"]
    for key in strange:
        with nobody.client.session_transaction() as session:
            session[SESSION_KEY] = key
        assert nobody.get("/auth/settings").status_code == 302, key


def test_the_first_admin_sets_up(make_app: Callable[..., Flask], workspace: Workspace) -> None:
    from amity.database import schema

    with workspace.database.write() as connection:
        connection.execute(schema.account.delete())
    nobody = Visitor(make_app())
    assert "one-time link" in nobody.get("/auth/sign-in").text
    key = workspace.accounts.setup_link()
    page = nobody.get(f"/auth/link/{key}")
    assert page.status_code == 200 and 'name="email"' in page.text
    fields = {"name": "Eve", "email": "eve@example.test", "password": NEW, "repeated": NEW}
    wrong = nobody.post(f"/auth/link/{key}", {**fields, "repeated": "different words here"})
    assert wrong.status_code == 422 and "differ" in wrong.text and "eve@example.test" in wrong.text
    assert NEW not in wrong.text
    assert nobody.post(f"/auth/link/{key}", fields).location == "/"
    assert nobody.get("/builder/people").status_code == 200
    assert nobody.get(f"/auth/link/{key}").status_code == 404


def test_an_invited_person_chooses_a_password(nobody: Visitor, workspace: Workspace) -> None:
    _made, key = workspace.accounts.invite("new@example.test", "New Person", ["staff"], by=SYSTEM)
    assert "New Person" in nobody.get(f"/auth/link/{key}").text
    assert "New Person" in nobody.get(f"/auth/link/{key}").text  # looking does not use it up
    weak = nobody.post(f"/auth/link/{key}", {"password": "password1234", "repeated": "password1234"})
    assert weak.status_code == 422 and "attackers" in weak.text
    # the e-mail of an invitation is the admin's, whatever the form says
    answer = nobody.post(
        f"/auth/link/{key}", {"password": NEW, "repeated": NEW, "email": ADMIN, "name": "Mallory"}
    )
    assert answer.status_code == 303
    assert "Welcome, New Person." in nobody.get("/auth/settings").text
    assert nobody.get("/builder/people").status_code == 403


def test_a_link_must_be_sent_with_the_form_key(nobody: Visitor, workspace: Workspace) -> None:
    _made, key = workspace.accounts.invite("new@example.test", "New Person", ["staff"], by=SYSTEM)
    answer = nobody.client.post(f"/auth/link/{key}", data={"password": NEW, "repeated": NEW})
    assert answer.status_code == 400
    assert workspace.accounts.by_email("new@example.test").state == "invited"


def test_settings_are_saved_and_errors_stand_beside_their_field(staff: Visitor, workspace: Workspace) -> None:
    saved = {"name": "Sam Q.", "language": "de", "timezone": "Europe/Berlin", "theme": "dark"}
    assert staff.post("/auth/settings", saved).status_code == 303
    sam = workspace.accounts.by_email(STAFF)
    assert (sam.name, sam.language, sam.timezone, sam.theme) == tuple(saved.values())
    wrong = staff.post("/auth/settings", {**saved, "name": "", "timezone": "Mars/Base"})
    assert wrong.status_code == 422 and 'aria-invalid="true"' in wrong.text


def test_the_own_password_and_sessions(staff: Visitor, workspace: Workspace) -> None:
    other = Visitor(staff.app).sign_in(STAFF)
    wrong = staff.post("/auth/password", {"password": "no", "new_password": NEW, "repeated": NEW})
    assert wrong.status_code == 403
    answer = staff.post("/auth/password", {"password": PASSWORD, "new_password": NEW, "repeated": NEW})
    assert answer.status_code == 303
    assert staff.get("/auth/settings").status_code == 200
    assert other.get("/auth/settings").status_code == 302
    other.sign_in(STAFF)
    assert staff.post("/auth/sessions/end").status_code == 303
    assert other.get("/auth/settings").status_code == 302


def test_a_token_is_shown_once_and_works_until_revoked(staff: Visitor, workspace: Workspace) -> None:
    page = staff.post("/auth/tokens", {"token_name": "import <b>", "days": "90"})
    assert page.status_code == 200 and "import &lt;b&gt;" in page.text
    text = page.text.split('value="amity_')[1].split('"')[0]
    headers = {"Authorization": f"Bearer amity_{text}"}
    program = Visitor(staff.app)
    assert program.client.get("/auth/settings", headers=headers).status_code == 200
    assert f"amity_{text}" not in staff.get("/auth/settings").text
    made = workspace.accounts.credentials.tokens(workspace.accounts.by_email(STAFF).id)[0]
    assert staff.post(f"/auth/tokens/{made.id}/revoke").status_code == 303
    assert program.client.get("/auth/settings", headers=headers).status_code == 401
    assert staff.post(f"/auth/tokens/{made.id}/revoke").status_code == 404
    for days in ("7", "x", "-1", "99999999999999999999"):
        assert staff.post("/auth/tokens", {"token_name": "x", "days": days}).status_code == 422


def test_people_are_managed_by_admins_only(admin: Visitor, staff: Visitor, workspace: Workspace) -> None:
    sam = workspace.accounts.by_email(STAFF)
    actions = ["invite", f"{sam.id}/link", f"{sam.id}/roles", f"{sam.id}/sign-out", f"{sam.id}/deactivate"]
    for action in actions:
        assert staff.post(f"/builder/people/{action}", {"roles": "admin"}).status_code == 403
    assert workspace.accounts.get(sam.id) == sam
    page = admin.post(
        "/builder/people/invite", {"email": "new@example.test", "name": "New", "roles": "staff"}
    )
    assert page.status_code == 200 and "/auth/link/" in page.text
    link = page.text.split('value="http://localhost')[1].split('"')[0]
    assert Visitor(admin.app).get(link).status_code == 200
    taken = admin.post("/builder/people/invite", {"email": "NEW@example.test", "name": "N", "roles": "staff"})
    assert taken.status_code == 422 and "already" in taken.text and "NEW@example.test" in taken.text
    assert "/auth/link/" in admin.post(f"/builder/people/{sam.id}/link").text
    assert admin.post(f"/builder/people/{sam.id}/roles", {"roles": ["admin", "staff"]}).status_code == 303
    assert workspace.accounts.get(sam.id).roles == {"admin", "staff"}
    assert admin.post(f"/builder/people/{sam.id}/sign-out").status_code == 303
    assert staff.get("/auth/settings").status_code == 302
    assert admin.post(f"/builder/people/{sam.id}/deactivate").status_code == 303
    ada = workspace.accounts.by_email(ADMIN)
    last = admin.post(f"/builder/people/{ada.id}/deactivate")
    assert last.status_code == 409 and "last active admin" in last.text
    assert admin.post(f"/builder/people/{sam.id}/activate").status_code == 303
    assert workspace.accounts.get(sam.id).state == "active"
    for wrong in ("nobody", "00000000-0000-7000-8000-000000000000", "%00"):
        assert admin.post(f"/builder/people/{wrong}/deactivate").status_code == 404
