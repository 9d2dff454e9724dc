"""What pyproject.toml cannot say: a wheel has the Terraform module and its quickstart in it, for the demo.

A clone has them where they are; an editable install copies nothing.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HCL = ("*.tf", "modules/*/*.tf", "examples/quickstart/*.tf")


class WithModule(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        here = Path(__file__).parent
        for pattern in HCL:
            for file in here.glob(pattern):
                target = Path(self.build_lib, "secretwatch", "module", file.relative_to(here))
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)


setup(cmdclass={"build_py": WithModule})
