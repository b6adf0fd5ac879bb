"""The import door of extensions: `amity.extensions.<name>` is the folder `extensions/<name>`.

`__path__` names the shipped folder and the one of the home that the environment names. A workspace imports
the extensions of its own home through `import_folder`, so that two homes in one process do not mix.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from amity.paths import bundled

__path__ = [str(bundled("extensions")), str(Path(os.environ.get("AMITY_HOME") or "amity-data", "extensions"))]


def import_folder(folder: Path) -> ModuleType:
    """Import `folder` as `amity.extensions.<its name>`.

    Where another workspace of this process imported another folder of that name, it keeps its own module
    objects and this one gets fresh ones.
    """
    name = f"{__name__}.{folder.name}"
    present = sys.modules.get(name)
    if present is not None:
        if [Path(path) for path in getattr(present, "__path__", [])] == [folder]:
            return present
        _forget(name)
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(name)
        raise
    return module


def _forget(name: str) -> None:
    for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[known]
