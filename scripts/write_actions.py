"""Write scripts/actions.txt: every write action of the services that an instance is made of.

Takes them from the newest botocore, which is fetched into a temporary folder: what is pinned here is older
than what AWS offers. Names are those that CloudTrail writes. A test then asks for a row of the table
(secretwatch/silencing/table.py) for each; --check writes nothing and fails where the file would change.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from botocore.loaders import Loader

from secretwatch.silencing.actions import write_actions

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "scripts/actions.txt"


def newest() -> str:
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            folder,
            "botocore",
        ]
        subprocess.run(command, check=True)
        (found,) = Path(folder).glob("botocore-*.dist-info")
        version = found.name.removeprefix("botocore-").removesuffix(".dist-info")
        loader = Loader(
            extra_search_paths=[str(Path(folder, "botocore", "data"))], include_default_search_paths=False
        )
        actions = write_actions(lambda service: loader.load_service_model(service, "service-2"))
    return "\n".join([f"botocore {version}", *sorted(actions)]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = newest()
    if check:
        return 0 if text == FILE.read_text() else 1
    FILE.write_text(text)
    print(f"{FILE.relative_to(ROOT)}: {len(text.splitlines()) - 1} actions of {text.splitlines()[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
