"""A small world for tests of expressions: a customer with a manager and interactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from amity.expressions import (
    BOOL,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    DYN,
    ID,
    INT,
    TEXT,
    TIME,
    ListType,
    Name,
    RecordType,
    SimpleScope,
    core_functions,
)

FUNCTIONS: Final = {function.name: function for function in core_functions()}


class Row:
    """A record for evaluation in Python."""

    def __init__(self, id_: str | None = None, /, **values: Any) -> None:
        self.id = id_
        self.values = values

    def get(self, name: str, /) -> Any:
        return self.id if name == "id" else self.values.get(name)


def fields(entity: str, **types: Any) -> dict[str, Name]:
    """Make the names of an entity's fields."""
    return {
        name: Name(type_, (entity, name), folded=type_ == TEXT, nullable=name != "id")
        for name, type_ in types.items()
    }


CUSTOMER: Final = fields(
    "customer",
    id=ID,
    name=TEXT,
    nickname=TEXT,
    stage=TEXT,
    email=TEXT,
    active=BOOL,
    employees=INT,
    revenue=DECIMAL,
    rate=DECIMAL,
    born=DATE,
    created_at=DATETIME,
    opens=TIME,
    spent=DURATION,
    owner=ID,
    address=DYN,
    tags=ListType(TEXT),
    emails=ListType(DYN),
    manager=RecordType("employee"),
    interactions=ListType(RecordType("interaction")),
)
EMPLOYEE: Final = fields(
    "employee", id=ID, name=TEXT, email=TEXT, salary=DECIMAL, team=RecordType("team"),
    customers=ListType(RecordType("customer")),
)  # fmt: skip
TEAM: Final = fields("team", id=ID, name=TEXT, size=INT)
INTERACTION: Final = fields("interaction", id=ID, at=DATETIME, channel=TEXT, by=RecordType("employee"))
ENTITIES: Final[Mapping[str, Mapping[str, Name]]] = {
    "customer": CUSTOMER,
    "employee": EMPLOYEE,
    "team": TEAM,
    "interaction": INTERACTION,
}
ME: Final = Name(RecordType("employee"), bound=True, nullable=False)
SCOPE: Final = SimpleScope(FUNCTIONS, {**CUSTOMER, "me": ME}, ENTITIES)
