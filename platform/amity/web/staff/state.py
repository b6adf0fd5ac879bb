"""The state of a list, held by its URL: view, filter, search, order, columns and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

MAX_COLUMNS: Final = 30


@dataclass(frozen=True, slots=True)
class ListState:
    """What a list shows. None means "as the view says"; `after` is the cursor of the page before."""

    base: str
    view: str = ""
    where: str | None = None
    q: str = ""
    sort: str | None = None
    columns: tuple[str, ...] | None = None
    after: str = ""

    @classmethod
    def from_query(cls, base: str, query: Mapping[str, str]) -> ListState:
        """Read the query string."""
        columns = query.get("columns")
        names = [name.strip() for name in (columns or "").split(",") if name.strip()]
        return cls(
            base=base,
            view=query.get("view", ""),
            where=query.get("where"),
            q=query.get("q", "").strip(),
            sort=query.get("sort"),
            columns=tuple(dict.fromkeys(names))[:MAX_COLUMNS] if names else None,
            after=query.get("after", ""),
        )

    def parameters(self) -> dict[str, str]:
        """Give the query string's members, for links and hidden inputs."""
        members = {
            "view": self.view or None,
            "where": self.where,
            "q": self.q or None,
            "sort": self.sort,
            "columns": ",".join(self.columns) if self.columns else None,
            "after": self.after or None,
        }
        return {name: value for name, value in members.items() if value is not None}

    def but(self, **changes: Any) -> ListState:
        """Give the state with changes; the list starts at its first page unless `after` is given."""
        return replace(self, **{"after": "", **changes})

    @property
    def url(self) -> str:
        """The address of the list in this state."""
        query = urlencode(self.parameters())
        return f"{self.base}?{query}" if query else self.base
