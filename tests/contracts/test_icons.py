"""Every icon that a page or a shipped entity names is in the sprite; a missing one would be a blank."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hatch_build

ROOT = Path(hatch_build.ROOT)
USED = re.compile(r"\bicon\(\s*[\"']([a-z0-9-]+)[\"']")


def test_every_used_icon_is_in_the_list() -> None:
    listed = set(hatch_build.icon_names(ROOT))
    missing = []
    for template in [*(ROOT / "templates").rglob("*.html"), *(ROOT / "extensions").rglob("*.html")]:
        missing += [
            f"{template.name}: {name}" for name in USED.findall(template.read_text()) if name not in listed
        ]
    for entity in [*(ROOT / "entities").glob("*.json"), *(ROOT / "extensions").glob("*/entities/*.json")]:
        icon = json.loads(entity.read_text()).get("x-amity", {}).get("icon")
        if icon is not None and icon not in listed:
            missing.append(f"{entity.name}: {icon}")
    assert missing == [], f"append them to {hatch_build.ICON_LIST}"
