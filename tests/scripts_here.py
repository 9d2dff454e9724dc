"""The programs in scripts/, as modules: they are in no package, and import each other by their folder."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any


def load(repo: Path, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"scripts_{name}", repo / f"scripts/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    if str(repo / "scripts") not in sys.path:
        sys.path.append(str(repo / "scripts"))
    spec.loader.exec_module(module)
    return module
