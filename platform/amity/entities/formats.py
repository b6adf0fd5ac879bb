"""Checks of the `format` keyword, written for what the standards say and nothing slower.

Each check answers for one text; anything that is no text passes, as JSON Schema wants it.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from jsonschema import FormatChecker

from amity.patterns import PatternError, parse_pattern

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME: Final = re.compile(
    r"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)(?:\.\d+)?(?:[zZ]|(?P<sign>[+-])(?P<oh>\d\d):(?P<om>\d\d))", re.ASCII
)
_DURATION: Final = re.compile(
    r"P(?:\d+W|(?=[\dT])(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?"
    r"(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)",
    re.ASCII,
)
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\ud7ff\uf900-\U000efffd-]+")
_QUOTED: Final = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])*"', re.ASCII)
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_URI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*", re.ASCII
)
_USERINFO: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_REG_NAME: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*", re.ASCII)
_IPVFUTURE: Final = re.compile(r"[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+", re.ASCII)

MAX_URI: Final = 8_000
"""Characters of a URI; a longer one is refused."""


def is_date(text: str) -> bool:
    """RFC 3339 full-date, a day that exists: 2026-02-28."""
    if not _DATE.fullmatch(text):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    """RFC 3339 full-time with its offset: 09:30:00Z, 09:30:00.5+01:00; leap seconds at 23:59:60 UTC only."""
    found = _TIME.fullmatch(text)
    if not found:
        return False
    hour, minute, second = (int(found[part]) for part in "hms")
    offset_hour, offset_minute = int(found["oh"] or 0), int(found["om"] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hour > 23 or offset_minute > 59:
        return False
    if second < 60:
        return True
    offset = offset_hour * 60 + offset_minute
    utc = hour * 60 + minute - (-offset if found["sign"] == "-" else offset)
    return utc % 1440 == 1439


def is_date_time(text: str) -> bool:
    """RFC 3339 date-time: 2026-01-31T09:30:00Z."""
    return len(text) > 11 and text[10] in "Tt" and is_date(text[:10]) and is_time(text[11:])


def is_duration(text: str) -> bool:
    """ISO 8601 duration as RFC 3339, appendix A writes it: P3DT4H, PT30M, P2W."""
    return _DURATION.fullmatch(text) is not None


def is_hostname(text: str) -> bool:
    """RFC 1123 host name of at most 253 characters, labels of at most 63; A-labels must decode."""
    if not 0 < len(text) <= 253:
        return False
    return all(_is_label(label) for label in text.split("."))


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    if label[2:4] != "--":
        return True
    if label[:2].lower() != "xn":
        return False
    try:
        return label[4:].encode().decode("punycode") != ""
    except UnicodeError:
        return False


def is_email(text: str) -> bool:
    """RFC 5321 mailbox: local part (dots or quoted), @, host name or address literal.

    Letters of all scripts as in RFC 6531: people have such addresses, and a form must take them.
    """
    local, at, domain = text.rpartition("@")
    if not at or not local or len(local) > 64 or len(domain) > 255:
        return False
    if local.startswith('"'):
        if not _QUOTED.fullmatch(local):
            return False
    elif not all(_ATOM.fullmatch(atom) for atom in local.split(".")):
        return False
    if domain.startswith("[") and domain.endswith("]"):
        literal = domain[1:-1]
        return is_ipv6(literal[5:]) if literal.lower().startswith("ipv6:") else is_ipv4(literal)
    return is_hostname(domain) if domain.isascii() else _is_international(domain)


def _is_international(domain: str) -> bool:
    try:
        return is_hostname(domain.encode("idna").decode("ascii"))
    except UnicodeError:
        return False


def is_ipv4(text: str) -> bool:
    """Four decimal numbers without leading zeros."""
    if not text.isascii():
        return False
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def is_ipv6(text: str) -> bool:
    """RFC 4291 address without a zone."""
    if not text.isascii() or "%" in text:
        return False
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def is_uuid(text: str) -> bool:
    """RFC 9562: 36 characters with hyphens, in any case."""
    if not _UUID.fullmatch(text):
        return False
    UUID(text)
    return True


def is_uri(text: str) -> bool:
    """RFC 3986 URI with its scheme; other characters must be percent-encoded."""
    if len(text) > MAX_URI or not _URI.fullmatch(text) or text.count("#") > 1:
        return False
    scheme, _, rest = text.partition(":")
    if not rest.startswith("//"):
        return "[" not in rest and "]" not in rest and bool(scheme)
    authority = re.split(r"[/?#]", rest[2:], maxsplit=1)[0]
    path = rest[2 + len(authority) :]
    return "[" not in path and "]" not in path and _is_authority(authority)


def _is_authority(authority: str) -> bool:
    userinfo, at, host = authority.rpartition("@")
    if at and not _USERINFO.fullmatch(userinfo):
        return False
    if host.startswith("["):
        address, bracket, port = host[1:].partition("]")
        known = is_ipv6(address) or _IPVFUTURE.fullmatch(address) is not None
        return bool(bracket) and known and re.fullmatch(r"(?::[0-9]*)?", port) is not None
    name, _, port = host.partition(":")
    return _REG_NAME.fullmatch(name) is not None and (not port or (port.isascii() and port.isdigit()))


def is_uri_reference(text: str) -> bool:
    """RFC 3986 URI or a reference relative to one."""
    if is_uri(text):
        return True
    first = re.split(r"[/?#]", text, maxsplit=1)[0]
    return ":" not in first and is_uri("http:" + text if text.startswith("//") else "x:" + text)


def is_regex(text: str) -> bool:
    """ECMA-262 regular expression."""
    try:
        parse_pattern(text)
    except PatternError:
        return False
    return True


FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date-time": is_date_time,
    "date": is_date,
    "time": is_time,
    "duration": is_duration,
    "email": is_email,
    "uri": is_uri,
    "uri-reference": is_uri_reference,
    "uuid": is_uuid,
    "hostname": is_hostname,
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "regex": is_regex,
}

EXAMPLES: Final[Mapping[str, str]] = {
    "date-time": "2026-01-31T09:30:00Z",
    "date": "2026-01-31",
    "time": "09:30:00Z",
    "duration": "PT1H30M",
    "email": "jo@example.com",
    "uri": "https://example.com/page",
    "uri-reference": "/page",
    "uuid": "0190b6a2-7c1e-7000-8000-3f2a9c5d1e77",
    "hostname": "www.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "regex": "^[A-Z]{2}$",
}
"""A value that each format accepts, for messages."""


def format_checker() -> FormatChecker:
    """Make the checker that jsonschema asks."""
    checker = FormatChecker(formats=())
    for name, check in FORMATS.items():
        checker.checkers[name] = (_for_texts(check), ())
    return checker


def _for_texts(check: Callable[[str], bool]) -> Callable[[object], bool]:
    def checked(value: object) -> bool:
        return not isinstance(value, str) or check(value)

    return checked
