"""The floor: what a good engineer writes by hand with Flask and SQLAlchemy Core for this one table.

Same columns, same token look-up, same capped count, same database engine; no validation, policy or events.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from flask import Flask, Response, abort, request
from sqlalchemy import Column, Index, Integer, MetaData, Table, func, insert, select

from amity import jsontext
from amity.database.engine import Database
from amity.database.ids import new_id
from amity.database.types import CodePointText, IsoDate, ScaledDecimal, Uuid36
from benchmarks.model import DATES, DECIMALS, NUMBERS, TEXTS

metadata = MetaData()
company = Table(
    "floor_company",
    metadata,
    Column("id", Uuid36, primary_key=True),
    *(Column(name, CodePointText) for name in (*TEXTS, "stage", "email")),
    *(Column(name, Integer) for name in NUMBERS),
    *(Column(name, ScaledDecimal(4)) for name in DECIMALS),
    *(Column(name, IsoDate) for name in DATES),
)
Index("ix_floor_stage_score", company.c.stage, company.c.score.desc(), company.c.id)
token = Table("floor_token", metadata, Column("hash", CodePointText, primary_key=True))
TOKEN = "floor-token"
CAP = 1000
_NAMES = [column.name for column in company.columns]


def prepare(database: Database) -> None:
    """Make the tables and the token."""
    with database.write() as connection:
        metadata.create_all(connection)
        connection.execute(insert(token).values(hash=hashlib.sha256(TOKEN.encode()).hexdigest()))


def row(values: dict[str, Any]) -> dict[str, Any]:
    """One row from a record's values."""
    import datetime as dt

    return {
        **values,
        **{name: Decimal(str(values[name])) for name in DECIMALS},
        **{name: dt.date.fromisoformat(values[name]) for name in DATES},
    }


def create_app(url: str) -> Flask:
    """The app with its three endpoints."""
    database = Database(url)
    app = Flask(__name__)

    def check_token(connection: Any) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        digest = hashlib.sha256(given.encode()).hexdigest()
        if connection.execute(select(token.c.hash).where(token.c.hash == digest)).first() is None:
            abort(401)

    def answer(value: Any, status: int = 200) -> Response:
        return Response(jsontext.dumps_bytes(value), status, mimetype="application/json")

    def plain(found: Any) -> dict[str, Any]:
        values = dict(zip(_NAMES, found, strict=True))
        values |= {name: values[name].isoformat() for name in DATES if values[name]}
        return values

    @app.get("/healthz")
    def health() -> Response:
        return answer({"status": "ok"})

    @app.get("/company/<identity>")
    def read(identity: str) -> Response:
        with database.read() as connection:
            check_token(connection)
            found = connection.execute(select(company).where(company.c.id == identity)).first()
        if found is None:
            abort(404)
        return answer(plain(found))

    @app.get("/company")
    def listing() -> Response:
        stage = company.c.stage == request.args["stage"]
        with database.read() as connection:
            check_token(connection)
            rows = connection.execute(
                select(company).where(stage).order_by(company.c.score.desc(), company.c.id).limit(50)
            ).all()
            capped = select(company.c.id).where(stage).limit(CAP + 1).subquery()
            total = connection.execute(select(func.count()).select_from(capped)).scalar_one()
        return answer({"records": [plain(found) for found in rows], "count": min(total, CAP)})

    @app.post("/company")
    def create() -> Response:
        values = row(jsontext.loads(request.get_data()))
        values["id"] = new_id()
        with database.write() as connection:
            check_token(connection)
            connection.execute(insert(company).values(values))
        return answer({**values, **{name: values[name].isoformat() for name in DATES}}, 201)

    return app
