"""The workflow editor as a browser without JavaScript works in it."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from amity import jsontext
from amity.testing.visitor import Visitor
from tests.support.forms import read_form

EDIT = "/builder/workflows/edit"


class Editor:
    """Works in the editor."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.html = ""

    def begin(
        self, title: str = "Large customers", entity: str = "company", trigger: str = "saved"
    ) -> Editor:
        """Make a new one."""
        typed = {"title": title, "entity": entity, "trigger": trigger}
        self.html = self.visitor.post("/builder/new-workflow", typed).text
        return self

    def open(self, name: str) -> Editor:
        """Open one that is in force."""
        self.html = self.visitor.get(f"/builder/workflows/{name}").text
        return self

    @property
    def form(self) -> MultiDict[str, str]:
        """What the browser would send now."""
        return MultiDict(
            read_form(self.html.partition('<form id="designer"')[2].partition("</form>")[0]).sent
        )

    @property
    def document(self) -> Any:
        """The draft."""
        return jsontext.loads(self.form["document"])

    def press(self, do: str = "refresh", **typed: str | list[str]) -> Editor:
        """Type (`p_to="Ada"` is the input `p-to`) and press a button."""
        form = self.form
        for key, value in typed.items():
            form.setlist(key.replace("__", "-"), value if isinstance(value, list) else [value])
        form["do"] = do
        answer = self.visitor.client.post(EDIT, data=form)
        assert answer.status_code in (200, 422), answer.text
        self.html = answer.text
        return self

    def apply(self) -> Any:
        """Go through the plan."""
        answer = self.visitor.client.post("/builder/plan", data=self.form)
        assert answer.status_code == 200, answer.text
        plan = MultiDict(
            read_form(answer.text.partition('action="/builder/apply"')[2].partition("</form>")[0]).sent
        )
        return self.visitor.client.post("/builder/apply", data=plan)
