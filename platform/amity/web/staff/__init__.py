"""The pages where people work: one module per page, all on one blueprint."""

from __future__ import annotations

from amity.web.staff import (
    bulk,
    conflict,
    export,
    form,
    history,
    home,
    list,
    options,
    record,
    removal,
    search,
    starting,
    talk,
    timeline,
    views,
)
from amity.web.staff.blueprint import blueprint

__all__ = [
    "blueprint", "bulk", "conflict", "export", "form", "history", "home", "list", "options", "record",
    "removal", "search", "starting", "talk", "timeline", "views",
]  # fmt: skip
