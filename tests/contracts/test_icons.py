"""Every icon that a page, kind, step or shipped entity names is in the sprite, or it would be a blank."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hatch_build
from amity import core
from amity.web.builder.flows.document import FLOW
from amity.workflows.triggers import TRIGGERS

ROOT = Path(hatch_build.ROOT)
USED = re.compile(r"""\bicon(?:_name)?\s*(?:=|\(|:\s*str\s*=)\s*["']([a-z0-9-]+)["']""")
"""`icon("truck")`, `icon_name="truck"`, `icon: str = "truck"`."""


def test_every_used_icon_is_in_the_list() -> None:
    listed = set(hatch_build.icon_names(ROOT))
    sources = [
        file
        for folder in ("platform/amity", "templates", "extensions")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in (".html", ".py")
    ]
    used = {(file.name, name) for file in sources for name in USED.findall(file.read_text())}
    used |= {(f"kind {kind.name}", kind.icon) for kind in core.amity_kinds()}
    used |= {(f"action {action.name}", action.icon) for action in core.amity_actions()}
    used |= {(f"trigger {trigger.name}", trigger.icon) for trigger in TRIGGERS.values()}
    used |= {(f"step {word}", icon) for word, (_title, _text, icon, _new) in FLOW.items()}
    for entity in [*(ROOT / "entities").glob("*.json"), *(ROOT / "extensions").glob("*/entities/*.json")]:
        icon = json.loads(entity.read_text()).get("x-amity", {}).get("icon")
        if icon is not None:
            used.add((entity.name, icon))
    assert len(used) > 50
    missing = sorted((place, name) for place, name in used if name not in listed)
    assert missing == [], f"append them to {hatch_build.ICON_LIST}"
