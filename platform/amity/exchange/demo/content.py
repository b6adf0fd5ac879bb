"""The records of the demo organisation, as data: the same for the same day, linked by keys."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from amity.exchange.demo import names

TWO_YEARS: Final = 730
INTERACTIONS: Final = 180
TASKS: Final = 44
APPOINTMENTS: Final = 24


@dataclass(frozen=True, slots=True)
class Link:
    """Stands for the id of another demo record until that record is saved."""

    key: str
    with_entity: bool = False
    """Whether the field holds `{"entity", "id"}` instead of the id alone."""


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """One record to create. `key` is how others link to it, e.g. "customer:Café Morgenrot"."""

    key: str
    entity: str
    values: Mapping[str, Any]


@dataclass
class _Moment:
    random: random.Random
    today: dt.date

    def day(self, first: int, last: int) -> str:
        """A date between `first` and `last` days from today (negative is the past)."""
        return (self.today + dt.timedelta(days=self.random.randint(first, last))).isoformat()

    def time(self, first: int, last: int) -> str:
        """A moment in working hours on such a day."""
        hour, minute = self.random.randint(7, 16), self.random.choice((0, 15, 30, 45))
        return f"{self.day(first, last)}T{hour:02d}:{minute:02d}:00Z"

    def pick(self, items: Sequence[Any]) -> Any:
        """One of them."""
        return self.random.choice(items)


def batches(today: dt.date) -> Iterator[list[DemoRecord]]:
    """Give the records in batches of one entity each; links point to earlier batches only."""
    moment = _Moment(random.Random(20260101), today)
    yield [_team(key, title, department) for key, title, department in names.TEAMS]
    for managers_done in (False, True):
        level = [person for person in names.PEOPLE if (person[5] is not None) is managers_done]
        # Aisha's manager is Marek, who is in the same level: two steps below the director.
        direct = [person for person in level if person[5] in (None, "helena")]
        yield [_employee(moment, *person) for person in direct]
        rest = [person for person in level if person not in direct]
        if rest:
            yield [_employee(moment, *person) for person in rest]
    yield [_party(moment, *row) for row in names.TWO_ROLES]
    yield [_customer(moment, index, name) for index, name in enumerate(names.CUSTOMERS)]
    yield [_vendor(moment, index, *row) for index, row in enumerate(names.VENDORS)]
    yield [_partner(moment, *row) for row in names.PARTNERS]
    yield [_contact(moment, index) for index in range(60)]
    yield [_media_contact(moment, index, *row) for index, row in enumerate(names.MEDIA)]
    yield [_government_contact(moment, index, *row) for index, row in enumerate(names.GOVERNMENT)]
    yield [_interaction(moment, index) for index in range(INTERACTIONS)]
    yield [_task(moment, index) for index in range(TASKS)]
    yield [_appointment(moment, index) for index in range(APPOINTMENTS)]
    yield [_relationship(moment, index) for index in range(16)]
    yield from _two_roles(moment)


def _team(key: str, title: str, department: str) -> DemoRecord:
    return DemoRecord(f"team:{key}", "team", {"name": title, "department": department})


def _employee(
    moment: _Moment, key: str, first: str, last: str, job: str, team: str, manager: str | None, _role: str
) -> DemoRecord:
    number = [person[0] for person in names.PEOPLE].index(key) + 1
    values: dict[str, Any] = {
        "number": f"E{number:03d}",
        "first_name": first,
        "last_name": last,
        "job_title": job,
        "email": email_of(key),
        "phone": f"+49 40 5550 1{number:02d}",
        "team": Link(f"team:{team}"),
        "hired_on": moment.day(-3000, -400),
    }
    if manager:
        values["manager"] = Link(f"employee:{manager}")
    return DemoRecord(f"employee:{key}", "employee", values)


def email_of(key: str) -> str:
    """The address with which a person of the demo organisation signs in."""
    return f"{key}@lindenhof.example"


def _reach(moment: _Moment, name: str, index: int) -> dict[str, Any]:
    city, code, country, phone = names.PLACES[index % len(names.PLACES)]
    domain = "".join(letter for letter in name.casefold() if letter.isascii() and letter.isalnum())[:24]
    return {
        "email": f"office@{domain}.example",
        "phone": f"{phone}{moment.random.randint(100, 999)}",
        "website": f"https://www.{domain}.example",
        "address": {
            "street": f"{moment.pick(names.STREETS)} {moment.random.randint(1, 120)}",
            "postal_code": code,
            "city": city,
            "country": country,
        },
    }


def _party(
    moment: _Moment, name: str, customer: str | None, vendor: str | None, partner: str | None
) -> DemoRecord:
    values = {"name": name, "form": "organisation", "legal_name": f"{name} GmbH", **_reach(moment, name, 3)}
    return DemoRecord(f"party:{name}", "party", values | {"last_verified": moment.day(-200, -5)})


def _party_of(role: int, name: str) -> str | None:
    return next((row[0] for row in names.TWO_ROLES if row[role] == name), None)


def _place_or_party(moment: _Moment, role: int, name: str, index: int) -> dict[str, Any]:
    party = _party_of(role, name)
    return {"party": Link(f"party:{party}")} if party else _reach(moment, name, index)


def _manager(index: int, *keys: str) -> Link:
    return Link(f"employee:{keys[index % len(keys)]}")


def _customer(moment: _Moment, index: int, name: str) -> DemoRecord:
    stage = ("active", "active", "active", "prospect", "former", "active", "prospect", "won_back")[index % 8]
    values = {
        "name": name,
        "number": f"C{1001 + index}",
        "stage": stage,
        "segment": moment.pick(("small", "small", "enterprise", "public", "non_profit")),
        "account_manager": _manager(index, "marek", "aisha", "aisha"),
        "income": moment.random.randint(40, 4000) * 1000,
        "discount": moment.pick((0, 0, 2, 3, 5)),
        "preferred_channel": moment.pick(("phone", "email", "visit")),
        "language": moment.pick(("de", "en", "fr", "it", "pl")),
        "consent": moment.pick(("given", "given", "none", "withdrawn")),
        "source": moment.pick(("website", "referral", "event", "campaign")),
        "last_verified": moment.day(-500, -10),
        **_place_or_party(moment, 1, name, index),
    }
    if stage != "prospect":
        values["customer_since"] = moment.day(-2500, -200)
        values["satisfaction"] = moment.random.randint(2, 5)
    if stage in ("active", "won_back"):
        values["renewal_on"] = moment.day(5, 400)
    return DemoRecord(f"customer:{name}", "customer", values)


def _vendor(moment: _Moment, index: int, name: str, vendor_type: str) -> DemoRecord:
    values = {
        "name": name,
        "number": f"V{201 + index}",
        "vendor_type": vendor_type,
        "status": moment.pick(("approved", "approved", "approved", "candidate")),
        "buyer": Link("employee:chiara"),
        "payment_days": moment.pick((14, 30, 30, 60)),
        "lead_time_days": moment.pick((3, 10, 45, 90)),
        "annual_volume": moment.random.randint(10, 900) * 1000,
        "quality": moment.random.randint(3, 5),
        "last_verified": moment.day(-300, -5),
        **_place_or_party(moment, 2, name, index),
    }
    return DemoRecord(f"vendor:{name}", "vendor", values)


def _partner(moment: _Moment, name: str, partner_type: str) -> DemoRecord:
    values = {
        "name": name,
        "partner_type": partner_type,
        "status": moment.pick(("active", "active", "talks")),
        "manager": Link("employee:tomas"),
        "agreement_from": moment.day(-900, -100),
        "agreement_until": moment.day(20, 500),
        "commission": moment.pick((0, 5, 10)),
        **_place_or_party(moment, 3, name, len(name)),
    }
    return DemoRecord(f"partner:{name}", "partner", values)


def _person(moment: _Moment, index: int) -> dict[str, Any]:
    first = names.FIRST_NAMES[index % len(names.FIRST_NAMES)]
    last = names.LAST_NAMES[(index * 7 + index // 25) % len(names.LAST_NAMES)]
    local = "".join(letter for letter in f"{first}.{last}".casefold() if letter.isascii())
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{local}{index}@mail.example",
        "phone": f"{names.PLACES[index % len(names.PLACES)][3]}{moment.random.randint(100, 999)}",
        "preferred_channel": moment.pick(("phone", "email", "chat", "visit")),
        "language": moment.pick(("de", "en", "fr", "it")),
        "consent": moment.pick(("given", "given", "none")),
        "last_verified": moment.day(-400, -5),
    }


def _contact(moment: _Moment, index: int) -> DemoRecord:
    values = _person(moment, index) | {
        "birth_date": moment.day(-24000, -8000),
        "customer": Link(f"customer:{names.CUSTOMERS[index % len(names.CUSTOMERS)]}"),
        "position": moment.pick(names.POSITIONS),
        "role": moment.pick(("decision_maker", "influencer", "user", "billing")),
        "source": moment.pick(("website", "referral", "event")),
    }
    return DemoRecord(f"contact:{index}", "contact", values)


def _media_contact(moment: _Moment, index: int, outlet: str, medium: str, beat: str) -> DemoRecord:
    values = _person(moment, 80 + index) | {
        "outlet": outlet,
        "medium": medium,
        "beat": beat,
        "reach": moment.random.randint(5, 400) * 1000,
        "attitude": moment.pick(("friendly", "neutral", "neutral", "critical")),
        "press_officer": Link("employee:tomas"),
    }
    return DemoRecord(f"media_contact:{index}", "media_contact", values)


def _government_contact(moment: _Moment, index: int, office: str, area: str, level: str) -> DemoRecord:
    values = _person(moment, 100 + index) | {
        "office": office,
        "area": area,
        "level": level,
        "officer": Link("employee:helena"),
        "term_until": moment.day(100, 1500),
    }
    return DemoRecord(f"government_contact:{index}", "government_contact", values)


def _other_side(moment: _Moment, index: int) -> str:
    """Key of somebody we have to do with: mostly customers and their contacts."""
    match index % 9:
        case 0 | 1 | 2:
            return f"customer:{moment.pick(names.CUSTOMERS)}"
        case 3 | 4 | 5:
            return f"contact:{moment.random.randint(0, 59)}"
        case 6:
            return f"vendor:{moment.pick(names.VENDORS)[0]}"
        case 7:
            return f"partner:{moment.pick(names.PARTNERS)[0]}"
        case _:
            kind, count = moment.pick(
                (("media_contact", len(names.MEDIA)), ("government_contact", len(names.GOVERNMENT)))
            )
            return f"{kind}:{moment.random.randint(0, count - 1)}"


def _interaction(moment: _Moment, index: int) -> DemoRecord:
    subject, outcome, body = moment.pick(names.CALLS)
    # The newest are of this week, the oldest two years back.
    age = int(TWO_YEARS * (1 - index / INTERACTIONS))
    inbound = moment.random.random() < 0.6
    values: dict[str, Any] = {
        "subject": subject,
        "channel": moment.pick(
            (
                "phone",
                "phone",
                "email",
                "email",
                "chat",
                "website",
                "social",
                "letter",
                "visit",
                "marketing_response",
            )
        ),
        "direction": "in" if inbound else "out",
        "at": moment.time(-age - 1, -max(age - 4, 1)),
        "duration": f"PT{moment.random.randint(2, 45)}M",
        "handled_by": _manager(moment.random.randint(0, 4), "aisha", "marek", "jonas", "chiara", "tomas"),
        "participants": [{"link": Link(_other_side(moment, index)), "role": "from" if inbound else "to"}],
        "outcome": outcome,
        "mood": "bad" if outcome == "complaint" else moment.pick(("good", "neutral")),
        "body": body,
    }
    if age < 30 and index % 3 == 0:
        values["follow_up_on"] = moment.day(-3, 14)
    return DemoRecord(f"interaction:{index}", "interaction", values)


def _task(moment: _Moment, index: int) -> DemoRecord:
    status = ("open", "open", "in_progress", "done", "waiting")[index % 5]
    values: dict[str, Any] = {
        "title": names.TASKS[index % len(names.TASKS)],
        "status": status,
        "priority": moment.pick(("low", "normal", "normal", "high", "urgent")),
        # Every third open task is overdue, the others are due soon.
        "due_on": moment.day(-20, -1) if index % 3 == 0 or status == "done" else moment.day(0, 30),
        "assignee": _manager(index, "aisha", "marek", "jonas", "chiara", "tomas", "helena"),
        "about": Link(_other_side(moment, index), with_entity=True),
    }
    if status == "done":
        values["done_at"] = moment.time(-20, -1)
    return DemoRecord(f"task:{index}", "task", values)


def _appointment(moment: _Moment, index: int) -> DemoRecord:
    title, place = names.APPOINTMENTS[index % len(names.APPOINTMENTS)]
    day = moment.day(-60, -2) if index % 3 == 0 else moment.day(0, 45)
    hour = moment.random.randint(8, 15)
    values = {
        "title": title,
        "place": place,
        "starts_at": f"{day}T{hour:02d}:00:00Z",
        "ends_at": f"{day}T{hour + 1:02d}:00:00Z",
        "host": _manager(index, "marek", "aisha", "chiara", "tomas", "helena"),
        "guests": [{"link": Link(_other_side(moment, index)), "answer": moment.pick(("open", "accepted"))}],
        "status": "done" if index % 3 == 0 else "planned",
    }
    return DemoRecord(f"appointment:{index}", "appointment", values)


def _relationship(moment: _Moment, index: int) -> DemoRecord:
    left = Link(f"contact:{index * 3}", with_entity=True)
    right = Link(f"customer:{names.CUSTOMERS[(index * 5 + 2) % len(names.CUSTOMERS)]}", with_entity=True)
    values = {
        "from": left,
        "to": right,
        "role": moment.pick(("employee_of", "owner_of", "adviser_of", "refers", "member_of")),
        "since": moment.day(-3000, -300),
    }
    return DemoRecord(f"relationship:{index}", "relationship", values)


def _two_roles(moment: _Moment) -> Iterator[list[DemoRecord]]:
    """What happened lately with those who buy from us and sell to us: one timeline in several roles."""
    interactions, tasks, appointments = [], [], []
    for index, (party, *roles) in enumerate(names.TWO_ROLES):
        keys = [f"{role}:{name}" for role, name in zip(names.ROLES, roles, strict=True) if name]
        for place, key in enumerate((*keys, *keys)):
            told = names.STORIES[key.split(":")[0]][(index + place // len(keys)) % 2]
            interactions.append(_told(moment, f"{index}-{place}", told, key, 3 + 9 * place + index))
        tasks.append(_todo(moment, index, names.TASKS[index], keys[0]))
        appointments.append(_talk(moment, index, party, keys))
    yield interactions
    yield tasks
    yield appointments


def _told(moment: _Moment, key: str, told: tuple[str, str, str, str], who: str, age: int) -> DemoRecord:
    subject, channel, body, by = told
    values = {
        "subject": subject,
        "channel": channel,
        "direction": "in",
        "at": moment.time(-age - 2, -age),
        "duration": f"PT{moment.random.randint(4, 40)}M",
        "handled_by": Link(f"employee:{by}"),
        "participants": [{"link": Link(who), "role": "from"}],
        "outcome": "information",
        "mood": "good",
        "body": body,
    }
    return DemoRecord(f"interaction:two-{key}", "interaction", values)


def _todo(moment: _Moment, index: int, title: str, about: str) -> DemoRecord:
    values = {
        "title": title,
        "status": "open",
        "priority": "normal",
        "due_on": moment.day(-2, 6),
        "assignee": _manager(index, "aisha", "marek", "chiara"),
        "about": Link(about, with_entity=True),
    }
    return DemoRecord(f"task:two-{index}", "task", values)


def _talk(moment: _Moment, index: int, party: str, keys: Sequence[str]) -> DemoRecord:
    day = moment.day(3, 20)
    values = {
        "title": f"Yearly talk with {party}",
        "place": "Their office",
        "starts_at": f"{day}T{9 + index:02d}:00:00Z",
        "ends_at": f"{day}T{10 + index:02d}:30:00Z",
        "host": _manager(index, "marek", "chiara"),
        "guests": [{"link": Link(key), "answer": "accepted"} for key in keys],
        "status": "planned",
    }
    return DemoRecord(f"appointment:two-{index}", "appointment", values)
