"""What LocalStack takes from later Pythons, for Python 3.11 and 3.12."""

from __future__ import annotations
import __future__

import hashlib
import importlib.abc
import importlib.machinery
import sys
import uuid
from collections.abc import Sequence
from types import CodeType, ModuleType

# `Lock | None` in an annotation is a TypeError before Python 3.13, where Lock became a class. Lambda,
# DynamoDB, OpenSearch and whatever else is installed on demand import this module.
_ANNOTATED_FOR_313 = "localstack.packages.api"


def backport() -> None:
    """Let `uuid.uuid5` take bytes, by which LocalStack's KMS names key material; let its packages import."""
    if sys.version_info < (3, 13):
        sys.meta_path.insert(0, _LateAnnotations())
    if sys.version_info >= (3, 12):
        return

    def uuid5(namespace: uuid.UUID, name: str | bytes) -> uuid.UUID:
        content = name.encode() if isinstance(name, str) else name
        digest = hashlib.sha1(namespace.bytes + content, usedforsecurity=False).digest()
        return uuid.UUID(bytes=digest[:16], version=5)

    uuid.uuid5 = uuid5


class _LateAnnotations(importlib.abc.MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != _ANNOTATED_FOR_313:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _LateAnnotationsLoader(fullname, spec.origin)
        return spec


class _LateAnnotationsLoader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType | None:
        """As if the module began with `from __future__ import annotations`; never from the bytecode cache."""
        source = self.get_data(self.path)
        flags = __future__.annotations.compiler_flag
        code: CodeType = compile(source, self.path, "exec", flags=flags, dont_inherit=True)
        return code
