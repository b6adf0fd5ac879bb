"""Files over the web: uploaded, kept with a record, served inert and only to those who may read them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage, MultiDict

from amity.testing.visitor import Visitor
from amity.web.files import received
from amity.workspace import Workspace
from tests.factories.fields import field_of
from tests.support.forms import read_form

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
PAPER: dict[str, Any] = {
    "title": "Paper",
    "type": "object",
    "properties": {
        "file": {"type": "object", "x-amity": {"kind": "file"}},
        "image": {"type": "object", "x-amity": {"kind": "image"}},
    },
}


def upload(visitor: Visitor, content: bytes, name: str) -> Any:
    visitor.api("GET", "/entities")
    headers = {"X-CSRFToken": visitor.csrf}
    data = {"file": (io.BytesIO(content), name)}
    return visitor.client.post("/api/v1/files", data=data, headers=headers)


@pytest.fixture
def paper(admin: Visitor) -> None:
    made = admin.api("PUT", "/entities/paper", PAPER)
    assert made.status_code == 201, made.text


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("content", "name", "type_", "inline"),
    [
        (b"%PDF-1.7 x", "Preis € ü.pdf", "application/pdf", False),
        (SVG, "picture.svg", "text/plain", False),
        (b"<html><script>alert(1)</script>", "page.html", "text/plain", False),
        (PNG, "logo.png", "image/png", True),
        (b"", "empty", "application/octet-stream", False),
    ],
)
def test_a_file_is_served_inert(
    paper: None, staff: Visitor, content: bytes, name: str, type_: str, inline: bool
) -> None:
    kept = upload(staff, content, name)
    assert kept.status_code == 201, kept.text
    value = kept.get_json()
    assert (value["name"], value["size"], value["type"]) == (name, len(content), type_)
    # Whatever the client says the type is: only the content counts.
    made = staff.api("POST", "/records/paper", {"file": {**value, "type": "image/png"}})
    assert made.status_code == 201, made.text
    served = staff.get(f"/e/paper/{made.get_json()['id']}/files/file", buffered=True)
    assert served.status_code == 200 and served.data == content
    assert served.mimetype == type_
    assert served.headers["Content-Disposition"].startswith("inline" if inline else "attachment")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served.headers["Content-Security-Policy"]
    again = staff.get(served.request.path, headers={"If-None-Match": served.headers["ETag"]}, buffered=True)
    assert again.status_code == 304


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_only_those_who_may_read_the_record(
    paper: None, admin: Visitor, staff: Visitor, nobody: Visitor
) -> None:
    value = upload(staff, b"secret", "a.txt").get_json()
    made = staff.api("POST", "/records/paper", {"file": value}).get_json()
    url = f"/e/paper/{made['id']}/files/file"
    assert nobody.client.get(url).status_code in (302, 303, 401)
    assert nobody.client.post("/api/v1/files", data={"file": (io.BytesIO(b"x"), "x")}).status_code == 401
    unknown = "0190b6a2-7c1e-7000-8000-3f2a9c5d1e77"
    for wrong in (
        f"/e/paper/{made['id']}/files/image",
        f"/e/paper/{made['id']}/files/nothing",
        f"/e/nothing/{made['id']}/files/file",
        f"/e/paper/{unknown}/files/file",
    ):
        assert staff.get(wrong).status_code in (404, 422), wrong
    deleted = staff.api("DELETE", f"/records/paper/{made['id']}", headers={"If-Match": '"1"'})
    assert deleted.status_code in (200, 204), deleted.text
    assert staff.get(url).status_code == 404


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_what_is_wrong_is_said(paper: None, staff: Visitor, workspace: Workspace) -> None:
    staff.api("GET", "/entities")
    missing = staff.client.post("/api/v1/files", data={"other": "x"}, headers={"X-CSRFToken": staff.csrf})
    assert missing.status_code == 422 and missing.get_json()["errors"][0]["pointer"] == "/file"
    value = upload(staff, b"text", "a.txt").get_json()
    refused = staff.api("POST", "/records/paper", {"image": value})
    assert refused.status_code == 422 and "image/png" in refused.text
    lost = staff.api("POST", "/records/paper", {"file": {**value, "sha256": "0" * 64}}).get_json()
    assert staff.get(f"/e/paper/{lost['id']}/files/file").status_code == 404
    workspace.files.max_bytes = 10
    large = upload(staff, b"x" * 11, "big.bin")
    assert large.status_code == 422 and large.get_json()["errors"][0]["code"] == "too_large"


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_forms_bring_files(workspace: Workspace) -> None:
    field = field_of("file")
    old = '{"name":"old","size":1,"type":"text/plain","sha256":"' + "0" * 64 + '"}'
    form = MultiDict({"value": old, "value.remove": "1"})
    sent = {"value.upload": FileStorage(io.BytesIO(b"new"), "new.txt")}
    merged, _ = received([field], form, sent, workspace.files)
    assert field.kind.from_form(field, merged, "value")["name"] == "new.txt"
    untouched, _ = received(
        [field], form, {"value.upload": FileStorage(io.BytesIO(b""), "")}, workspace.files
    )
    assert field.kind.from_form(field, untouched, "value") is None
    workspace.files.max_bytes = 1
    kept, problems = received(
        [field], form, {"value.upload": FileStorage(io.BytesIO(b"new"), "n")}, workspace.files
    )
    assert [problem.pointer for problem in problems] == ["/value"] and kept == form


@pytest.mark.parametrize("database_server", ["sqlite"], indirect=True)
def test_a_form_takes_shows_and_removes_a_file(paper: None, staff: Visitor, workspace: Workspace) -> None:
    page = staff.get("/e/paper/new")
    assert 'enctype="multipart/form-data"' in page.text
    sent = read_form(page.text).sent
    assert ("file", "") in sent
    body = dict(sent) | {
        "file.upload": (io.BytesIO(PNG), "logo.png"),
        "image.upload": (io.BytesIO(PNG), "logo.png"),
    }
    saved = staff.post("/e/paper/new", body)
    assert saved.status_code == 303, saved.text
    url = saved.headers["Location"]
    shown = staff.get(url).text
    assert (
        f'<img class="field-image" src="{url}/files/image"' in shown and f'href="{url}/files/file"' in shown
    )
    edit = dict(read_form(staff.get(f"{url}/edit").text).sent)
    kept = staff.post(f"{url}/edit", edit)
    assert kept.status_code == 303 and staff.get(f"{url}/files/image", buffered=True).data == PNG
    edit = dict(read_form(staff.get(f"{url}/edit").text).sent)
    assert staff.post(f"{url}/edit", edit | {"file.remove": "1"}).status_code == 303
    assert staff.get(f"{url}/files/file").status_code == 404
    workspace.files.max_bytes = 5
    refused = staff.post(f"{url}/edit", edit | {"file.upload": (io.BytesIO(PNG), "again.png")})
    assert refused.status_code == 422 and "larger than" in refused.text
