"""Files of records: uploading them, receiving them from forms, serving them inert.

A file is served through its record, so that whoever may not read the field does not get the content. What a
browser gets is a download with the type that its first bytes tell; only known pictures may be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import Blueprint, Response, request, send_file
from werkzeug.datastructures import FileStorage, MultiDict

from amity import jsontext
from amity.entities.kinds.file import FileKind
from amity.entities.model import Field
from amity.errors import Invalid, NotFound, Problem
from amity.files import INLINE_TYPES, FileStore
from amity.web.context import current, workspace

blueprint = Blueprint("files", __name__)

UPLOAD: Final = ".upload"
"""What follows a field's name in the name of its upload input."""
_SANDBOX: Final = "default-src 'none'; sandbox"
_SECONDS: Final = 3600


@blueprint.get("/e/<name>/<uuid:identity>/files/<field>")
def show_file(name: str, identity: Any, field: str) -> Response:
    """Serve the content of a file field of a record that the person may read."""
    record = workspace().records.get(current(), name, str(identity), fields=[field])
    known = workspace().definitions.model.entities[name].by_name.get(field)
    value = record.values.get(field)
    if known is None or not isinstance(known.kind, FileKind) or value is None:
        raise NotFound("There is no such file.")
    store = workspace().files
    path, type_ = store.find(value["sha256"]), store.type_of(value["sha256"])
    shown = type_ in INLINE_TYPES
    response = send_file(
        path,
        mimetype=type_,
        as_attachment=not shown,
        download_name=value["name"],
        etag=value["sha256"],
        conditional=True,
    )
    response.headers["Cache-Control"] = f"private, max-age={_SECONDS}"
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.post("/api/v1/files")
def upload_file() -> Response:
    """Keep the file of the form part `file`; the answer is the value for a file or image field."""
    current()
    sent = request.files.get("file")
    if sent is None:
        raise Invalid.at(
            "/file", "required", "Send the file as the part 'file' of a multipart/form-data body."
        )
    kept = workspace().files.save(sent.stream, sent.filename or "file")
    return Response(jsontext.dumps_bytes(kept.as_json()), 201, content_type="application/json")


def received(
    fields: Iterable[Field],
    form: Mapping[str, Any],
    files: Mapping[str, FileStorage],
    store: FileStore,
) -> tuple[MultiDict[str, str], list[Problem]]:
    """Give a form in which each uploaded file of `fields` stands as JSON under the field's name.

    A new file replaces the one that was there, also where that was to be removed. A file that is too large is
    a problem and leaves the form as it was.
    """
    merged: MultiDict[str, str] = MultiDict(form)
    problems: list[Problem] = []
    for field in fields:
        name = field.name
        sent = files.get(name + UPLOAD) if isinstance(field.kind, FileKind) else None
        if sent is None or not sent.filename:
            continue
        try:
            kept = store.save(sent.stream, sent.filename)
        except Invalid as error:
            problems.append(Problem("too_large", error.message, pointer=f"/{name}"))
            continue
        merged.setlist(name, [jsontext.dumps(kept.as_json())])
        merged.poplist(name + ".remove")
    return merged, problems
