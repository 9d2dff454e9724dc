"""The local cloud: LocalStack with secretwatch's plugin, as one process on 127.0.0.1.

Here: starting it (`start`), finding it (`status`), stopping it (`stop`), talking to its inbox (`LocalCloud`)
and holding its delivery (`held_delivery`). Not here: what it answers to AWS's APIs, which is LocalStack and
`secretwatch.localstack`.
"""

from .cloud import ACCOUNT_ID, DEAD_ENDPOINT, HOST, REGION, LocalCloud, clients_env, foreign_variables
from .delay import HeldDelivery, held_delivery
from .errors import DidNotStart, LocalCloudError, LocalStackMissing, NotUp, PortNotFree, SignInRefused
from .process import DEFAULT_PORT, memory_mib, require, start, status, stop
from .state import StateDir, find_state_dir

__all__ = [
    "ACCOUNT_ID",
    "DEAD_ENDPOINT",
    "DEFAULT_PORT",
    "HOST",
    "REGION",
    "DidNotStart",
    "HeldDelivery",
    "LocalCloud",
    "LocalCloudError",
    "LocalStackMissing",
    "NotUp",
    "PortNotFree",
    "SignInRefused",
    "StateDir",
    "clients_env",
    "find_state_dir",
    "foreign_variables",
    "held_delivery",
    "memory_mib",
    "require",
    "start",
    "status",
    "stop",
]
