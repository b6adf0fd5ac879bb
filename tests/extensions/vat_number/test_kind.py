"""The kind, the function, the panel and the templates, as the platform uses them."""

from __future__ import annotations

import pytest
from amity.extensions.vat_number.functions import VAT_COUNTRY
from amity.extensions.vat_number.kind import VatNumber, VatNumberKind
from werkzeug.datastructures import MultiDict

from amity.entities.kinds.base import ValueProblem
from amity.extensions import vat_number
from amity.plugins import Plugins
from tests.factories.fields import field_of

KIND = VatNumberKind()
FIELD = field_of(KIND)


def test_it_is_bundled_and_loads() -> None:
    plugins = Plugins()
    found = plugins.get("vat_number")
    assert found is not None and (found.state, found.source) == ("loaded", "bundled")
    assert (
        found.title
        == "VAT numbers of the European Union: a kind of field, a function for expressions and a panel"
    )
    assert "vat_number" in [kind.name for owner, kind in plugins.given.amity_kinds if owner == "vat_number"]
    assert [function.name for owner, function in plugins.given.amity_functions if owner == "vat_number"] == [
        "vat_country"
    ]


def test_a_form_forgives_and_the_api_does_not() -> None:
    assert KIND.from_form(FIELD, MultiDict({"vat": " de 136 695 976 "}), "vat") == "DE136695976"
    assert KIND.from_form(FIELD, MultiDict({"vat": "DE 1"}), "vat") == "DE 1"  # stays as typed
    assert KIND.from_form(FIELD, MultiDict({"vat": ""}), "vat") is None
    with pytest.raises(ValueProblem, match="Write it without blanks and in capitals: DE136695976"):
        KIND.parse(FIELD, "DE 136 695 976")
    with pytest.raises(ValueProblem) as caught:
        KIND.parse(FIELD, "DE136695967")
    assert caught.value.code == "check_digits"
    with pytest.raises(ValueProblem):
        KIND.parse(FIELD, 136695976)


def test_stored_values_are_plain_and_loaded_ones_are_known() -> None:
    typed = KIND.parse(FIELD, "DE136695976")
    stored = KIND.store(FIELD, typed)
    assert {type(value) for value in stored.values()} == {str}
    assert isinstance(KIND.load(FIELD, stored), VatNumber)
    assert KIND.load(FIELD, {"": None, "fold": None}) is None


def test_the_function_gives_the_country() -> None:
    assert VAT_COUNTRY.python("DE136695976") == "DE"
    assert VAT_COUNTRY.python("") == ""


def test_the_panel_shows_where_there_is_a_number() -> None:
    (panel,) = vat_number.amity_panels()
    assert panel.render("customer", {"name": "Ada", "vat": None}) is None
    context = panel.render("customer", {"vat": VatNumber("MT11679112"), "other": VatNumber("DE136695976")})
    assert context == {
        "numbers": [
            {"text": "MT11679112", "country": "Malta", "checked": False},
            {"text": "DE136695976", "country": "Germany", "checked": True},
        ]
    }
