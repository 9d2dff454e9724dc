"""CloudWatch Logs' data protection: a policy document → what a message looks like to its readers.

Pure: no AWS, no file, no clock. Where policies are kept and which readers see masked text stands in
`localstack/`.

    policy = DataProtectionPolicy.parse(document)     # InvalidDataProtectionPolicy says why not
    policy.masker.mask("mail to ann@example.com")     # "mail to ***************"
"""

from secretwatch.dataprotection.identifiers import ARN, DETECTED, MANAGED
from secretwatch.dataprotection.policy import (
    DataProtectionPolicy,
    InvalidDataProtectionPolicy,
    Masker,
    without,
)

__all__ = [
    "ARN",
    "DETECTED",
    "MANAGED",
    "DataProtectionPolicy",
    "InvalidDataProtectionPolicy",
    "Masker",
    "without",
]
