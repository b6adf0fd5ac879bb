"""Every expression gives the same in Python, SQLite and PostgreSQL, over rows at every edge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from amity.database.engine import Database
from amity.database.folding import fold_key
from amity.expressions import ExpressionError, compile, register_sqlite_functions
from tests.support.databases import DatabaseServer
from tests.unit.expressions.samples import SCOPE
from tests.unit.expressions.world import World, select

WORLD = World()
ENVIRONMENTS = WORLD.environments()
BOUND = next(iter(ENVIRONMENTS.values()))


@pytest.fixture(scope="module")
def connection(database_server: DatabaseServer) -> Iterator[sa.Connection]:
    url = database_server.create()
    database = Database(url, on_connect=[register_sqlite_functions])
    with database.write() as connection:
        WORLD.fill(connection, fold_key)
    with database.engine.connect() as connection:
        yield connection
    database.engine.dispose()
    database_server.drop(url)


def check(text: str, connection: sa.Connection) -> None:
    """Compare what both give for every customer."""
    compiled = compile(text, SCOPE)
    with connection.begin():
        rows = connection.execute(select(compiled, connection.dialect.name, BOUND)).all()
    assert len(rows) == len(ENVIRONMENTS)
    for row in rows:
        env = ENVIRONMENTS[row.id]
        expected: Any = compiled.evaluate(env)
        if compiled.type.name == "boolean":
            expected = compiled.condition(env)
            assert row.taken is expected, f"WHERE takes {row.taken}, not {expected}: {text} over {env}"
        elif hasattr(expected, "id"):
            expected = expected.id
        assert row.value == expected, f"{row.value!r} instead of {expected!r}: {text} over {env}"
        assert (row.value is None) == (expected is None)


CONDITIONS = """
nickname == null
nickname != null
name == 'a'
name != 'a'
!(name != 'a')
name == nickname
name != nickname
name < nickname
!(name < nickname)
name >= 'Zoë' || active
active && employees > 0
!active
active == false
active != true
active < true
(name < 'a') == active
employees == 9007199254740993
employees < 2.5
employees >= -1.5
employees == 1.5
employees != 1.5
revenue == 100.1
revenue > 33.335
revenue <= 33.335
revenue != 33.335
revenue == rate
revenue < rate
revenue != employees
rate <= employees
revenue == employees * 1.0
rate * 3 > revenue
revenue + rate == rate + revenue
born == date('2024-02-29')
born < today()
created_at > now() - days(90)
created_at - days(10) < now()
opens < time('12:00')
spent > hours(1)
owner == me
owner == manager
manager == me
manager != me
manager == null
manager.team == me.team
manager.team != me.team
manager.team.name == 'a'
manager.team.size > 0
!(manager.team.size > 0)
manager.salary > revenue
owner == 'c0ffee00-0000-7000-8000-000000000000'
stage in ['a', 'active', null]
!(stage in ['a', 'active'])
stage in []
employees in [1, 7, 2.5]
revenue in [1, 2.5]
name in [nickname, stage, 'zoe']
!(name in [nickname, stage])
'red' in tags
!('red' in tags)
stage in tags
tags == null
address == null
address != null
address.city == 'a'
address.city != 'a'
!(address.city == 'a')
'a' == address.city
address.city == name
address.city != stage
address.city < 'b'
!(address.city < 'b')
'b' > address.city
address.city >= ''
address.city == true
address.city != false
!address.city
address.city || active
address.city && active
address.city == null
address.city != null
address.city < null
has(address.city)
has(address)
has(address.street.name)
address.street.name == 'red'
address.city[0] == 'a'
address['0'] == 'a'
address[0] == 'a'
address.city[1] != null
address.`a b` == 'x'
address.city == 5
address.city != 5
address.city == 12.5
address.city >= 5
!(address.city < 5)
address.city > revenue
address.city == employees
address.city in [5, 12.5]
address.city == 100 || address.city == -7
address.city < 0.2
emails.exists(e, e.value == 'a')
emails.exists(e, e.value == 'a' && e.primary)
!emails.exists(e, e.value == name)
emails.all(e, e.value != null)
!emails.all(e, e.primary)
emails.exists(e, e == 'a')
emails.exists(e, e == null)
emails.exists(e, e.value > 5)
emails.exists(e, e.value < 1)
emails.exists(e, e.size[0] == 1)
emails.exists(e, e.value in ['a', 'c'])
emails.exists(e, tags.exists(t, t == e.value))
emails == null
has(emails)
address.city in ['a', 'Zoë']
!(address.city in ['a', 'Zoë'])
address.city.contains('o')
address.city.startsWith('Z')
!address.city.startsWith('Z')
tags.exists(t, t == 'red')
tags.all(t, t.startsWith('r'))
!tags.all(t, t != null)
tags.exists(t, t == name || t > 'b')
['a', 'b'].exists(x, name.startsWith(x))
['a', 'Z'].all(x, name.contains(x) || nickname == x)
[1, 2].exists_one(x, employees >= x)
has(name)
has(manager)
has(manager.team.name)
has(tags)
interactions.exists(i, i.at > now() - days(90))
interactions.all(i, i.at > now() - days(90))
!interactions.all(i, i.channel == 'a')
interactions.exists(i, i.by == me)
interactions.exists(i, i.by.team == manager.team)
interactions.exists_one(i, i.channel != null)
interactions.filter(i, i.channel == name).exists(j, j.at != null)
manager.customers.exists(c, c.name == name && c.id != id)
manager.customers.all(c, c.revenue > 0)
manager.customers.exists(c, c.interactions.exists(i, i.channel == 'a'))
size(interactions) > 1
name.contains('o')
name.contains('%')
name.contains(nickname)
name.startsWith('Zo')
name.startsWith('')
!name.startsWith('a')
name.startsWith('\U0010ffff')
name.startsWith(nickname)
name.endsWith('e')
name.endsWith(nickname)
fold(name) == fold('ZOË')
fold(name).contains('o')
fold(manager.name) == 'zoe'
active ? name == 'a' : nickname == 'a'
(active ? name : nickname) < 'b'
1 < 2
coalesce(active, true)
now() > timestamp('2020-01-01T00:00:00Z')
false || name == 'a'
"""
VALUES = """
name
employees
revenue
rate
born
created_at
opens
spent
manager
manager.team
employees + 1
employees - 1
employees * 3
employees * employees
-employees
employees % 7
employees % 0
7 % employees
employees / 3
1 / employees
revenue + 0.01
revenue - rate
revenue * rate
revenue * revenue
revenue / rate
rate / revenue
rate / 3
-revenue
rate + employees
employees * rate
spent + days(1)
spent - days(1)
spent * 3
spent / days(1)
-spent
spent / spent
created_at + days(1)
days(366) + created_at
created_at - days(1)
created_at + spent
created_at - spent
created_at - timestamp('1970-01-01T00:00:00Z')
timestamp('1970-01-01T00:00:00Z') - created_at
born + days(1)
born + spent
born - spent
born - hours(1)
days(1) + born
born - date('1970-01-01')
name + nickname
name + ' ' + nickname
'x' + name
size(name)
size(tags)
size(interactions)
interactions.count()
interactions.count(i, i.channel == 'a')
interactions.filter(i, i.at != null).count(i, i.channel == 'a')
size(interactions.filter(i, i.channel == name))
manager.customers.count(c, c.revenue > 0)
string(employees)
string(revenue)
string(rate)
string(active)
string(born)
string(created_at)
string(opens)
string(spent)
string(owner)
int(revenue)
int(rate)
int(created_at)
decimal(employees)
double(rate)
abs(employees)
abs(revenue)
abs(spent)
round(rate)
round(rate, 2)
round(rate, employees)
round(revenue, 1)
floor(rate)
ceil(rate)
floor(employees)
min(employees, 5)
max(employees, 5, 7)
min(revenue, rate)
max(revenue, rate, 0.5)
max(revenue, employees)
min(name, nickname)
max(name, nickname, 'b')
min(born, date('2000-01-01'))
max(created_at, now())
min(opens, time('12:00'))
max(spent, hours(1))
coalesce(nickname, name)
coalesce(revenue, rate, 1)
coalesce(employees, revenue)
coalesce(born, today())
active ? revenue : rate
active ? employees : rate
active ? name : null
active ? born : date('2000-01-01')
active ? manager : null
date(created_at)
timestamp(born)
timestamp(employees)
time(created_at)
seconds(employees)
weeks(employees)
days(employees)
year(born)
year(created_at)
month(born)
day(created_at)
weekday(born)
weekday(created_at)
hour(created_at)
hour(opens)
minute(created_at)
second(opens)
second(created_at)
getMilliseconds(created_at)
getMilliseconds(opens)
getMilliseconds(spent)
getDayOfYear(born)
getDayOfYear(created_at)
getDayOfWeek(created_at)
getDayOfMonth(born)
getDate(born)
getMonth(created_at)
getFullYear(born)
getHours(spent)
getMinutes(spent)
getSeconds(spent)
getHours(created_at)
fold(name)
fold(manager.name)
manager.team.name + '!'
size(string(address.city))
size(emails)
(now() - created_at) / days(1)
round(revenue / rate * 100, 2)
((revenue + 1) * (rate + 1) - employees) / 7
"""


@pytest.mark.parametrize("text", CONDITIONS.strip().splitlines())
def test_conditions(text: str, connection: sa.Connection) -> None:
    check(text, connection)


@pytest.mark.parametrize("text", VALUES.strip().splitlines())
def test_values(text: str, connection: sa.Connection) -> None:
    check(text, connection)


def nested(pattern: str, inner: str) -> str:
    """Nest a pattern as deep as a query takes it."""
    text = inner
    while True:
        deeper = pattern.replace("{}", text, 1)
        try:
            compile(deeper, SCOPE, sql=True)
        except ExpressionError:
            return text
        text = deeper


@pytest.mark.parametrize(
    "text",
    [
        nested("rate + {}", "rate"),
        nested("(rate + {})", "rate"),
        nested("({} - rate * 2 / 3)", "rate"),
        nested("abs({})", "rate"),
        nested("min(rate, {})", "rate"),
        nested("coalesce(active, {})", "active"),
        nested("!({} && active)", "active"),
        nested("(active && (active || {}))", "active"),
        nested("({} < active)", "active"),
        nested("({} > rate ? rate : 1.0)", "rate"),
        nested("string({} in [name, nickname])", "name"),
        nested("string({}.contains('a'))", "name"),
        nested("interactions.exists(i, {} && i.channel == 'a')", "active"),
        nested("({} + spent)", "created_at"),
        nested("(name + {})", "name"),
        " + ".join(["name"] * 38),
        " - ".join(["rate"] * 38),
        " * ".join(["employees"] * 38),
        " - ".join(["spent"] * 38),
        "rate + employees - rate * 2 + 1 - (employees - 1)",
    ],
    ids=range(20),
)
def test_the_deepest_expressions(text: str, connection: sa.Connection) -> None:
    check(text, connection)
