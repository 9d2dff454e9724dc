"""Which pattern a secret stands in: hundreds fit, and one more or less changes few patterns."""

from __future__ import annotations

import json
import random
import string
from statistics import median
from typing import Any

import pytest

# A log group takes 100 filters. The watch on the watch itself has three or four of them.
LIMIT = 96
ROOM = 899
_random = random.Random(7)

ROOT = """
variable "sets" {
  type = map(object({ capacity = number, items = list(object({ of = string, size = number })) }))
}

module "dealt" {
  source   = "../modules/deal"
  for_each = var.sets

  capacity = each.value.capacity
  items    = each.value.items
}

output "groups" {
  value = { for key, dealt in module.dealt : key => dealt.groups }
}
"""

Item = dict[str, Any]
Groups = dict[str, tuple[tuple[str, int], ...]]


def name() -> str:
    return "".join(_random.choices(string.ascii_lowercase + string.digits + "-/", k=25))


def conditions(names: list[str]) -> list[Item]:
    """Three for each secret, as long as those of modules/watch are, by name as Terraform sorts them."""
    sizes = (35, 43, 44)
    return [{"of": ":" + each, "size": len(each) + size} for each in sorted(names) for size in sizes]


SETS = [[name() for _ in range(300)] for _ in range(4)]
CHANGES = {
    **{f"{n}+": [*names, name()] for n, names in enumerate(SETS)},
    **{f"{n}-": names[1:] for n, names in enumerate(SETS)},
}


@pytest.fixture(scope="module")
def dealt(terraform: Any) -> dict[str, Groups]:
    root = terraform.new_root("dealing", ROOT)
    sets = {str(n): names for n, names in enumerate(SETS)} | CHANGES
    items = {key: conditions(names) for key, names in sets.items()}
    items |= {"empty": [], "huge": [{"of": "a", "size": 2000}, {"of": "b", "size": 10}]}
    given = {key: {"capacity": ROOM, "items": each} for key, each in items.items()}
    (root / "sets.auto.tfvars.json").write_text(json.dumps({"sets": given}))
    # All of it is known in a plan: an apply would compute it again.
    terraform.run(root, "plan", "-out=dealt.tfplan")
    shown = terraform.run(root, "show", "-json", "dealt.tfplan")
    groups = json.loads(shown[shown.index("{") :])["planned_values"]["outputs"]["groups"]["value"]
    return {
        key: {
            group: tuple((items[key][index]["of"], items[key][index]["size"]) for index in indexes)
            for group, indexes in each.items()
        }
        for key, each in groups.items()
    }


def changed(one: Groups, other: Groups) -> int:
    return sum(one.get(key) != other.get(key) for key in one.keys() | other.keys())


def test_each_item_is_in_one_group_that_holds_it(dealt: dict[str, Groups]) -> None:
    for number, names in enumerate(SETS):
        groups = dealt[str(number)]
        assert sorted(item for group in groups.values() for item in group) == sorted(
            (item["of"], item["size"]) for item in conditions(names)
        )
        assert all(sum(size for _, size in group) <= ROOM for group in groups.values())


def test_three_hundred_fit_into_a_log_group(dealt: dict[str, Groups]) -> None:
    assert max(len(dealt[str(number)]) for number in range(len(SETS))) <= LIMIT


def test_one_more_or_less_changes_few_patterns(dealt: dict[str, Groups]) -> None:
    counts = [changed(dealt[key], dealt[key[0]]) for key in CHANGES]
    assert min(counts) >= 1
    assert median(counts) <= 2
    assert max(counts) <= 5


def test_nothing_and_what_is_too_large(dealt: dict[str, Groups]) -> None:
    assert dealt["empty"] == {}
    assert (("a", 2000),) in dealt["huge"].values()
