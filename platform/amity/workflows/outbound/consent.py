"""Whether somebody may be written to: what their record says about consent and opting out."""

from __future__ import annotations

from typing import Final, Literal

from amity.texts import gettext as _
from amity.workflows.subjects import Subject

Needed = Literal["not_withdrawn", "given", "none"]
CONSENT: Final = "consent"
"""Field of the shipped entities: none (not asked), given, withdrawn."""
OPT_OUTS: Final = ("do_not_contact", "do_not_email", "email_opt_out", "no_email")
"""Yes/no fields under which own entities keep that somebody wants no e-mail."""


def objection(person: Subject, needed: Needed) -> str:
    """Say why this person may not be written to; "" where nothing speaks against it."""
    if needed == "none":
        return ""
    fields = person.entity.by_name
    for name in OPT_OUTS:
        if name in fields and person.value.get(name) is True:
            return _("wants no e-mail (%(title)s).", title=fields[name].title)
    if CONSENT not in fields:
        return "" if needed == "not_withdrawn" else _("has no field that tells of a consent.")
    consent = person.value.get(CONSENT)
    if consent == "withdrawn":
        return _("has withdrawn the consent to be contacted.")
    if needed == "given" and consent != "given":
        return _("has not given the consent to be contacted.")
    return ""
