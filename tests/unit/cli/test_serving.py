"""The address: free ports, taken ports, wrong hosts; what people are told to open."""

from __future__ import annotations

import socket

import pytest

from amity.cli.serving import own_address, reserved, web_address
from amity.errors import SetupError
from amity.settings import Settings


def test_port_0_becomes_a_free_port_that_is_kept() -> None:
    with reserved("127.0.0.1", 0) as (host, port):
        assert host == "127.0.0.1"
        assert port > 0
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((host, port))


@pytest.mark.parametrize("shared", [False, True])
def test_a_taken_port_is_refused_even_where_it_could_be_shared(shared: bool) -> None:
    with socket.socket() as other:
        if shared:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken = f"Port {port} on 127.0.0.1 is taken"
        with pytest.raises(SetupError, match=taken) as caught, reserved("127.0.0.1", port):
            pass
        assert "--port" in (caught.value.hint or "")


def test_a_host_that_is_not_ours_is_refused() -> None:
    for host in ("no-such-host.invalid", "192.0.2.1"):
        with pytest.raises(SetupError, match=f"cannot listen on {host}"), reserved(host, 0):
            pass


@pytest.mark.parametrize(
    ("host", "base_url", "expected"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:80"),
        ("0.0.0.0", "", "http://127.0.0.1:80"),
        ("::1", "", "http://[::1]:80"),
        ("::", "", "http://[::1]:80"),
        ("0.0.0.0", "https://amity.example/", "https://amity.example"),
    ],
)
def test_the_address_to_open(host: str, base_url: str, expected: str) -> None:
    assert web_address(Settings(base_url=base_url), host, 80) == expected


def test_requests_are_held_to_an_address_only_where_it_is_known() -> None:
    assert own_address(Settings(), "127.0.0.1", "http://127.0.0.1:80") == "http://127.0.0.1:80"
    assert own_address(Settings(), "0.0.0.0", "http://127.0.0.1:80") == ""
    assert own_address(Settings(base_url="https://a.example"), "0.0.0.0", "https://a.example") != ""
