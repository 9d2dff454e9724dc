"""The IAM policy of whoever asks Athena about a trail's history: reading the files, writing results, no more.

Athena reads and writes in the caller's name, so that the caller needs what the query does as well.
https://docs.aws.amazon.com/athena/latest/ug/security-iam-athena.html
https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from secretwatch import partition


@dataclass(frozen=True)
class History:
    """What is asked. bucket, prefix: of the trail; output: `s3://BUCKET/PREFIX` of results, None for the
    workgroup's own; keys: ARNs of the keys that the files and the results are encrypted with."""

    bucket: str
    prefix: str = ""
    output: str | None = None
    keys: tuple[str, ...] = ()
    database: str = "default"
    table: str = "cloudtrail_logs"
    workgroup: str = "primary"
    account: str = "*"
    region: str = "*"


def history_policy(history: History) -> dict[str, Any]:
    """The policy document."""
    name = partition.of_region(history.region).name

    def arn(service: str, resource: str) -> str:
        return f"arn:{name}:{service}:{history.region}:{history.account}:{resource}"

    def statement(sid: str, actions: str, *resources: str) -> dict[str, Any]:
        return {"Sid": sid, "Effect": "Allow", "Action": actions.split(), "Resource": list(resources)}

    folder = f"{history.prefix.strip('/')}/".lstrip("/")
    statements = [
        statement(
            "Queries",
            "athena:GetQueryExecution athena:GetQueryResults athena:GetWorkGroup athena:StartQueryExecution "
            "athena:StopQueryExecution",
            arn("athena", f"workgroup/{history.workgroup}"),
        ),
        statement("Catalogue", "athena:GetTableMetadata", arn("athena", "datacatalog/AwsDataCatalog")),
        statement(
            "Table",
            # Partitions are asked for only where they are not projected.
            "glue:GetDatabase glue:GetPartitions glue:GetTable",
            arn("glue", "catalog"),
            arn("glue", f"database/{history.database}"),
            arn("glue", f"table/{history.database}/{history.table}"),
        ),
        statement("Files", "s3:GetBucketLocation s3:ListBucket", f"arn:{name}:s3:::{history.bucket}"),
        statement("FilesRead", "s3:GetObject", f"arn:{name}:s3:::{history.bucket}/{folder}AWSLogs/*"),
    ]
    if history.output is not None:
        bucket, _, path = history.output.removeprefix("s3://").partition("/")
        # An output location is a folder, with or without its last slash.
        inside = f"{path.rstrip('/')}/*" if path.strip("/") else "*"
        statements += [
            statement("Results", "s3:GetBucketLocation s3:ListBucket", f"arn:{name}:s3:::{bucket}"),
            statement(
                "ResultsWritten",
                "s3:AbortMultipartUpload s3:GetObject s3:ListMultipartUploadParts s3:PutObject",
                f"arn:{name}:s3:::{bucket}/{inside}",
            ),
        ]
    if history.keys:
        statements.append(statement("Keys", "kms:Decrypt kms:GenerateDataKey", *history.keys))
    return {"Version": "2012-10-17", "Statement": statements}
