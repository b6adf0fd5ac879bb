"""Data of fields that were removed or converted away: bring it back, take it along as a file, or purge it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from amity import jsontext
from amity.definitions.documents import ParkedField
from amity.errors import InUse
from amity.web.context import require_admin, workspace
from amity.web.shell import note
from amity.web.texts import gettext as _
from amity.web.texts import ngettext

blueprint: Final = Blueprint("parked", __name__, url_prefix="/builder/entities/<name>/parked")


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """Context of `pages/builder/parked.html`."""

    name: str
    title: str
    fields: Sequence[ParkedField]
    problem: str = ""


@blueprint.get("")
def parked(name: str) -> ResponseReturnValue:
    """List the parked fields of an entity."""
    return _page(name)


@blueprint.post("/<field>/restore")
def restore(name: str, field: str) -> ResponseReturnValue:
    """Bring a field back with its data."""
    context = require_admin()
    try:
        workspace().definitions.restore_field(name, field, context)
    except InUse as error:
        return _page(name, error.message), error.status
    note(_("The field is back, with its data."))
    return redirect(url_for("designer.design", name=name, field=field), 303)


@blueprint.post("/<field>/purge")
def purge(name: str, field: str) -> ResponseReturnValue:
    """Remove parked data for good."""
    context = require_admin()
    if "sure" not in request.form:
        return _page(name, _("Tick that you are sure: purged values cannot come back.")), 422
    number = workspace().definitions.purge_field(name, field, context)
    note(ngettext("One value is gone for good.", "%(num)s values are gone for good.", number))
    return redirect(url_for("parked.parked", name=name), 303)


@blueprint.get("/<field>/values.csv")
def values(name: str, field: str) -> ResponseReturnValue:
    """Give what a conversion could not carry over."""
    require_admin()
    rows = workspace().definitions.unconverted(name, field)
    text = io.StringIO()
    header = sorted({key for row in rows for key in row})
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(row.get(key)) for key in header])
    response = Response(text.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{field}.csv"'
    return response


def _cell(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else jsontext.dumps(value)


def _page(name: str, problem: str = "") -> str:
    require_admin()
    stored = workspace().definitions.get("entity", name)
    page = ParkedPage(
        name, str(stored.document.get("title") or name), workspace().definitions.parked(name), problem
    )
    return render_template("pages/builder/parked.html", page=page)
