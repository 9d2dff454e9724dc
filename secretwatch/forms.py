"""How AWS writes ids and names, where several rooms ask for the same.

Of whole texts: ask with fullmatch. Regions are in partition, ARNs of secrets in secretid. The HCL has the
same forms, which tests/unit/test_one_table.py compares.
"""

from __future__ import annotations

import re

ACCOUNT_ID = re.compile(r"[0-9]{12}")

BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""Its characters: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

INSTANCE_NAME = re.compile(r"(?=.{3,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""The module's own: a bucket is named after an instance."""

KEY_ARN = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")

LOG_GROUP_NAME_LENGTH = 512

ORGANIZATION_ID = re.compile(r"o-[a-z0-9]{10,32}")
"""https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html"""

ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+")
USER_OR_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:(?:role|user)/[A-Za-z0-9+=,.@_/-]+")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")
"""https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""

SERVICE_PRINCIPAL = re.compile(r"[a-z0-9.-]+[.]amazonaws[.]com(?:[.]cn)?")

TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html, without the ending of a FIFO topic's."""
