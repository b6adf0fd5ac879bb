"""Pages of extensions, below `/x/<extension>/`."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, render_template, request

from amity.errors import NotFound
from amity.extension import Page
from amity.web.context import require_admin, workspace

blueprint: Final = Blueprint("extension_pages", __name__, url_prefix="/x")


@blueprint.get("/<extension>/")
@blueprint.get("/<extension>/<path:path>")
def show(extension: str, path: str = "") -> str:
    """Show a page that an extension gave."""
    page = _find(extension, path)
    if page.admin_only:
        require_admin()
    context = page.render(request.args.to_dict())
    return render_template(page.template, title=page.title, **context)


def _find(extension: str, path: str) -> Page:
    wanted = path.strip("/")
    for owner, page in workspace().plugins.given.amity_pages:
        if owner == extension and page.path.strip("/") == wanted:
            return page
    raise NotFound("There is no such page.")
