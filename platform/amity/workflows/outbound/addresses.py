"""Where a workflow may connect to: public addresses only, checked after the name is resolved.

The name is resolved once and the connection goes to the very address that was checked, so a name that
answers otherwise a moment later (DNS rebinding) leads nowhere else. Hosts that the operator named in
`webhook_hosts` may be private and without TLS.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from amity.texts import gettext as _
from amity.workflows.action import ActionFailed

Resolve = Callable[..., Sequence[tuple[Any, ...]]]
_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: where to connect, and what the URL said."""

    scheme: str
    host: str
    port: int
    ip: str
    path: str
    """With the query."""

    @property
    def shown(self) -> str:
        """What people may read of it: a path or query may hold a key."""
        return f"{self.scheme}://{self.host}"


def target(url: str, allowed: Sequence[str] = (), resolve: Resolve = socket.getaddrinfo) -> Target:
    """Check where a URL leads to. Raises `ActionFailed` with the reason."""
    parts = _parts(url)
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or _PORTS[parts.scheme]
    trusted = host in allowed or f"{host}:{port}" in allowed
    if parts.scheme != "https" and not trusted:
        raise ActionFailed(
            _("%(host)s is not asked without encryption: the address must begin with https.", host=host),
            again=False,
        )
    found = _resolved(host, port, resolve)
    if not trusted:
        for item in found:
            if not is_public(item):
                message = _(
                    "%(host)s leads into a private network (%(item)s), where workflows may not go.",
                    host=host,
                    item=item,
                )
                raise ActionFailed(message, again=False)
    path = parts.path or "/"
    return Target(parts.scheme, host, port, found[0], f"{path}?{parts.query}" if parts.query else path)


def _parts(url: str) -> SplitResult:
    try:
        if any(character.isspace() or not character.isprintable() for character in url) or not url.isascii():
            raise ValueError("characters")
        parts = urlsplit(url)
        right = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    if not right:
        raise ActionFailed(
            _("The address of the webhook is not one like https://example.com/hook."), again=False
        )
    if parts.username or parts.password:
        raise ActionFailed(_("The address must not hold a user or a password; use a secret."), again=False)
    return parts


def _resolved(host: str, port: int, resolve: Resolve) -> list[str]:
    try:
        found = resolve(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ActionFailed(
            _("The name %(host)s cannot be found: %(error)s.", host=host, error=error)
        ) from error
    ips = list(dict.fromkeys(str(item[4][0]).partition("%")[0] for item in found))
    if not ips:
        raise ActionFailed(_("The name %(host)s cannot be found.", host=host))
    return ips


def is_public(text: str) -> bool:
    """Tell whether an address is one of the public internet, and so are those that it stands for."""
    ip = ipaddress.ip_address(text)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            inner.append(ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF))
        if any(item is not None and not _plain(item) for item in inner):
            return False
        if ip.ipv4_mapped is not None:
            return True
    return _plain(ip)


def _plain(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback)
