"""LocalStack's own clients of S3 call this machine without asking a name server where it is."""

from __future__ import annotations

from localstack.utils.aws import aws_stack


def stay_at_home() -> None:
    """Log files go to this process, whatever somebody says of its name.

    LocalStack asks for s3.localhost.localstack.cloud, and where that has an address calls it: whoever answers
    for the network's names could have the log files.
    """
    aws_stack.CACHE_S3_HOSTNAME_DNS_STATUS = False
