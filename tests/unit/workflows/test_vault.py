"""Secrets: kept in a file of the home, replaced in one step, never told."""

from __future__ import annotations

import os
import stat
import threading
import tomllib
from pathlib import Path

import pytest

from amity.access.context import SYSTEM, Actor, Context
from amity.errors import Conflict, Forbidden, Invalid, NotFound
from amity.workflows.action import ActionFailed
from amity.workflows.outbound.vault import FILE, Vault
from amity.workspace import Workspace

VALUE = 'hush-7f "quoted" \\ back'


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


@pytest.fixture
def admin() -> Context:
    return _context(SYSTEM)


def _context(actor: Actor) -> Context:
    import datetime as dt

    return Context(actor=actor, now=dt.datetime.now(dt.UTC), timezone="UTC", cause_id="x", cause={})


def text(vault: Vault) -> str:
    return vault.path.read_text(encoding="utf-8")


def test_it_is_set_replaced_and_removed(vault: Vault, admin: Context, tmp_path: Path) -> None:
    assert vault.names() == [] and vault.readable
    vault.put(admin, "shop", VALUE)
    assert vault.names() == ["shop"] and vault.get("shop") == VALUE
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600
    vault.put(admin, "shop", "other")
    assert vault.get("shop") == "other" and "hush" not in text(vault)
    vault.remove(admin, "shop")
    assert vault.names() == []
    with pytest.raises(NotFound):
        vault.remove(admin, "shop")
    with pytest.raises(ActionFailed, match="under Secrets"):
        vault.get("shop")
    assert {path.name for path in tmp_path.iterdir()} == {FILE, f".{FILE}.lock"}, "nothing half written stays"


def test_what_the_operator_wrote_stays(vault: Vault, admin: Context) -> None:
    written = '# of the shop\nshop = "a"  # since May\n\n# of the bank\nbank = """\nb"""\n'
    vault.path.write_text(written)
    vault.put(admin, "crm", "c")
    assert written in text(vault)
    vault.put(admin, "shop", "new")
    assert "# of the bank" in text(vault) and "# of the shop" in text(vault)
    assert tomllib.loads(text(vault)) == {"crm": "c", "shop": "new", "bank": "b"}
    vault.put(admin, "bank", "one line")  # the old value has two
    assert tomllib.loads(text(vault)) == {"crm": "c", "shop": "new", "bank": "one line"}


def test_a_value_that_looks_like_a_line_of_the_file_changes_nothing_else(
    vault: Vault, admin: Context
) -> None:
    vault.path.write_text('note = """\nshop = 1\n"""\nshop = "real"\n')
    vault.put(admin, "shop", "new")
    assert tomllib.loads(text(vault)) == {"note": "shop = 1\n", "shop": "new"}


def test_tables_of_the_operator_are_left_alone(vault: Vault, admin: Context) -> None:
    vault.path.write_text('[other]\nshop = "x"\n')
    vault.put(admin, "shop", "new")
    assert tomllib.loads(text(vault)) == {"shop": "new", "other": {"shop": "x"}}
    assert vault.names() == ["shop"]


@pytest.mark.parametrize("name", ["", "A", "a b", "a-b", "x" * 65, "a\nb", "../a", "é"])
def test_names_are_plain(vault: Vault, admin: Context, name: str) -> None:
    with pytest.raises(Invalid) as caught:
        vault.put(admin, name, VALUE)
    assert caught.value.problems[0].pointer == "/name" and "hush" not in repr(caught.value.problems)
    assert not vault.path.exists()


@pytest.mark.parametrize("value", ["", "  ", "hush\nx = 1", "hush\x00", "hush" * 1001])
def test_values_are_one_line(vault: Vault, admin: Context, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        vault.put(admin, "shop", value)
    assert caught.value.problems[0].pointer == "/value" and "hush" not in caught.value.message


def test_only_admins(vault: Vault) -> None:
    sam = _context(Actor(account="sam", name="Sam", roles=frozenset({"staff"})))
    with pytest.raises(Forbidden):
        vault.put(sam, "shop", VALUE)
    with pytest.raises(Forbidden):
        vault.remove(sam, "shop")


def test_a_file_that_cannot_be_read_is_said_without_a_word_of_it(
    vault: Vault, admin: Context, caplog: pytest.LogCaptureFixture
) -> None:
    vault.path.write_text('shop = "hush-7f\n')
    assert vault.names() == [] and not vault.readable
    with pytest.raises(Conflict) as conflict:
        vault.put(admin, "bank", "b")
    with pytest.raises(ActionFailed) as failed:
        vault.get("shop")
    for error in (conflict.value, failed.value):
        assert "hush" not in str(error) + repr(error.__cause__)
    assert "hush" not in caplog.text and text(vault) == 'shop = "hush-7f\n'


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_home_that_cannot_be_written_is_told(vault: Vault, admin: Context, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Conflict, match="cannot be written"):
            vault.put(admin, "shop", VALUE)
    finally:
        tmp_path.chmod(0o700)


def test_a_mounted_file_that_cannot_be_replaced_is_told(vault: Vault, admin: Context) -> None:
    vault.path.mkdir()
    with pytest.raises(Conflict):
        vault.put(admin, "shop", VALUE)


def test_two_at_once_lose_nothing(vault: Vault, admin: Context) -> None:
    wanted = [f"s{number}" for number in range(24)]
    threads = [threading.Thread(target=vault.put, args=(admin, name, name)) for name in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert vault.names() == sorted(wanted)


def test_a_plan_warns_of_a_secret_that_nobody_entered(flows: Workspace) -> None:
    from amity.definitions.documents import DefinitionChange

    step = {"do": "webhook", "url": "https://a.example", "secret": "shop"}
    document = {"title": "Call", "entity": "person", "trigger": {"on": "manual"}, "steps": [step]}
    change = DefinitionChange("workflow", "call", document)
    hooked = {"title": "Hook", "trigger": {"on": "webhook", "secret": "partner"}, "steps": []}
    other = DefinitionChange("workflow", "hook", hooked)
    plan = flows.definitions.plan([change, other])
    words = " ".join(item.what for item in plan.changes if item.code == "unknown_secret")
    assert "'shop'" in words and "'partner'" in words and not plan.refused and not plan.needs_confirmation
    for name in ("shop", "partner"):
        flows.secrets.put(flows.context(SYSTEM), name, VALUE)
    plan = flows.definitions.plan([change, other])
    assert "unknown_secret" not in {item.code for item in plan.changes}
    assert "hush" not in repr(plan)
