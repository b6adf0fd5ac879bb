"""Filters that people saved for themselves (shared views live in the entity's definition)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, insert, select, update

from amity.access.context import Context
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.schema import saved_view
from amity.entities.model import Entity
from amity.errors import Forbidden, Invalid, NotFound

MAX_NAME: Final = 80
MAX_PER_ENTITY: Final = 50


@dataclass(frozen=True, slots=True)
class SavedView:
    """A person's own view of an entity: `where`, `sort` and `columns` as the list's URL holds them."""

    id: str
    name: str
    where: str
    sort: str
    columns: tuple[str, ...]


class SavedViews:
    """The saved filters of one workspace; each person sees only their own."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def of(self, ctx: Context, entity: Entity) -> list[SavedView]:
        """Give the person's views of an entity, by name."""
        statement = (
            select(saved_view.c.id, saved_view.c.name, saved_view.c.document)
            .where(saved_view.c.entity == entity.id, saved_view.c.account == ctx.actor.account)
            .order_by(saved_view.c.name)
        )
        with self.database.read() as connection:
            rows = connection.execute(statement).all()
        return [_view(row.id, row.name, row.document) for row in rows]

    def save(
        self, ctx: Context, entity: Entity, name: str, *, where: str, sort: str, columns: tuple[str, ...]
    ) -> SavedView:
        """Save under a name; the same name again replaces. Raises `Invalid`, `Forbidden`."""
        account = ctx.actor.account
        if account is None:
            raise Forbidden("Only people have saved views.")
        name = " ".join(name.split())
        if not name or len(name) > MAX_NAME:
            raise Invalid.at("/name", "length", f"Give the view a name of at most {MAX_NAME} characters.")
        known = {view.name: view for view in self.of(ctx, entity)}
        if name not in known and len(known) >= MAX_PER_ENTITY:
            raise Invalid.at(
                "/name", "too_many", f"You have {MAX_PER_ENTITY} views already; delete one first."
            )
        document = {"where": where, "sort": sort, "columns": list(columns)}
        now = dt.datetime.now(dt.UTC)
        with self.database.write() as connection:
            if name in known:
                identity = known[name].id
                values = {"document": document, "updated_at": now}
                connection.execute(update(saved_view).where(saved_view.c.id == identity).values(values))
            else:
                identity = new_id()
                row = {"id": identity, "entity": entity.id, "account": account, "name": name}
                connection.execute(insert(saved_view).values(**row, document=document, updated_at=now))
        return _view(identity, name, document)

    def delete(self, ctx: Context, entity: Entity, identity: str) -> None:
        """Delete one of the person's own views. Raises `NotFound`."""
        statement = delete(saved_view).where(
            saved_view.c.id == identity,
            saved_view.c.entity == entity.id,
            saved_view.c.account == ctx.actor.account,
        )
        with self.database.write() as connection:
            if not connection.execute(statement).rowcount:
                raise NotFound("There is no such saved view.")


def _view(identity: str, name: str, document: Any) -> SavedView:
    return SavedView(
        id=identity,
        name=name,
        where=str(document.get("where") or ""),
        sort=str(document.get("sort") or ""),
        columns=tuple(document.get("columns") or ()),
    )
