"""Where webhooks may go: public addresses only, whatever a name claims."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from amity.workflows.action import ActionFailed
from amity.workflows.outbound.addresses import is_public, target


def resolver(*ips: str) -> Any:
    def resolve(host: str, port: int, **more: Any) -> list[Any]:
        return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, 1, 6, "", (ip, port)) for ip in ips]

    return resolve


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1",
    "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "2002:7f00:1::", "2002:a00:1::1", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("ip", PRIVATE)
def test_private_addresses_are_refused(ip: str) -> None:
    assert not is_public(ip)
    with pytest.raises(ActionFailed, match="private network") as caught:
        target("https://hook.example/x", resolve=resolver("8.8.8.8", ip))
    assert not caught.value.again


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_are_taken(ip: str) -> None:
    assert is_public(ip)
    found = target("https://hook.example/x?y=1", resolve=resolver(ip))
    assert (found.ip, found.port, found.path, found.host) == (ip, 443, "/x?y=1", "hook.example")


@pytest.mark.parametrize(
    "url",
    [
        "", "hook.example", "ftp://hook.example", "https://", "https:///x", "https://user:pass@hook.example/",
        "https://hook.example:99999/", "https://hook example/", "https://hook.example/\r\nX: y", "file:///etc/passwd",
        "https://hook.example:0/", "https://[::1", "javascript:alert(1)", "https://exämple.example/",
        "http://hook.example/",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ActionFailed) as caught:
        target(url, resolve=resolver("8.8.8.8"))
    assert not caught.value.again and "pass" not in caught.value.message.replace("password", "")


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::1]", "localhost", "LOCALHOST."]
)
def test_odd_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(ActionFailed):
        target(f"https://{host}/")


def test_the_operator_may_allow_hosts() -> None:
    resolve = resolver("10.0.0.7")
    assert target("http://erp.lan:8080/", ("erp.lan:8080",), resolve).ip == "10.0.0.7"
    assert target("http://ERP.lan/", ("erp.lan",), resolve).port == 80
    with pytest.raises(ActionFailed):
        target("http://erp.lan:9090/", ("erp.lan:8080",), resolve)


def test_a_name_that_is_not_found_may_be_found_later() -> None:
    def resolve(*args: Any, **more: Any) -> Any:
        raise socket.gaierror("no such name")

    with pytest.raises(ActionFailed) as caught:
        target("https://hook.example/", resolve=resolve)
    assert caught.value.again
