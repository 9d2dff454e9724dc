"""The trail that experiments share: it writes the management events of the region to a log group.

It is made when the first experiment asks for it, and removed at the end of the run. On AWS its first events
come after about five to ten minutes, so experiments ask for it early and wait side by side.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from secretwatch.verify.kinds import PREFIX, tags
from secretwatch.verify.lab import Lab, NoStage, Run, TimeIsUp
from secretwatch.verify.statements import document, service

ID = "trail"
PATIENCE = 1500
MAKES: Mapping[str, int] = {"trail": 1, "bucket": 1, "role": 1, "log group": 1, "secret": 1}
CALLS = (
    "cloudtrail:StartLogging",
    "logs:FilterLogEvents",
    "secretsmanager:GetSecretValue",
)

_NOT_YET = (
    # Roles and bucket policies are not known everywhere at once.
    "InsufficientS3BucketPolicyException",
    "InvalidCloudWatchLogsRoleArnException",
    "InvalidCloudWatchLogsLogGroupArnException",
    "CloudWatchLogsDeliveryUnavailableException",
)


class Stage:
    """One for a run."""

    def __init__(self, run: Run) -> None:
        self._lab = Lab(run, ID, PATIENCE)
        self._lock = threading.Lock()
        self._state = "not made"
        self._delivers = False
        self.bucket = self.role = self.group = self.trail = self.secret = ""

    @property
    def made(self) -> Mapping[str, int]:
        return self._lab.made

    def set_up(self) -> None:
        """Make it, the first time. Raises NoStage where that failed, also before; Stopped."""
        with self._lock:
            if self._state == "failed":
                raise NoStage
            if self._state == "not made":
                self._state = "failed"
                try:
                    self._make()
                except (ClientError, BotoCoreError, TimeIsUp) as error:
                    raise NoStage from error
                self._state = "made"

    def _make(self) -> None:
        lab = self._lab
        cloud, mine = lab.cloud, f"{PREFIX}{lab.run.id}-*"
        self.bucket = lab.thing("bucket")
        s3 = lab.client("s3")
        where = {} if cloud.region == "us-east-1" else {"LocationConstraint": cloud.region}
        s3.create_bucket(Bucket=self.bucket, **({"CreateBucketConfiguration": where} if where else {}))
        s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": tags(ID)})
        source = {"ArnLike": {"aws:SourceArn": cloud.arn("cloudtrail", f"trail/{mine}")}}
        arn = cloud.arn("s3", self.bucket)
        may = {"Effect": "Allow", **service("cloudtrail", **source)}
        s3.put_bucket_policy(
            Bucket=self.bucket,
            Policy=document(
                {**may, "Action": "s3:GetBucketAcl", "Resource": arn},
                {**may, "Action": "s3:PutObject", "Resource": f"{arn}/AWSLogs/{cloud.account}/*"},
            ),
        )
        self.role = lab.role(
            "cloudtrail",
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": cloud.arn("logs", f"log-group:{mine}:log-stream:*"),
            },
        )
        self.secret = lab.secret()
        self.group = lab.log_group()
        self.trail = self.make_trail(lab, self.group)

    def make_trail(self, lab: Lab, group: str) -> str:
        """A trail of the lab's that logs management events of the region into the group; its name."""
        name = lab.thing("trail")
        cloudtrail = lab.client("cloudtrail")
        lab.accepted(
            "that CloudTrail takes the trail",
            lambda: cloudtrail.create_trail(
                Name=name,
                S3BucketName=self.bucket,
                CloudWatchLogsLogGroupArn=lab.cloud.arn("logs", f"log-group:{group}:*"),
                CloudWatchLogsRoleArn=self.role,
                IsMultiRegionTrail=False,
                IncludeGlobalServiceEvents=False,
                TagsList=tags(lab.experiment),
            ),
            *_NOT_YET,
        )
        cloudtrail.start_logging(Name=name)
        return name

    def read(self, lab: Lab, secret: str | None = None) -> str:
        """Read a secret, its own if none is named, and drop the value; the request's id."""
        answer = lab.client("secretsmanager").get_secret_value(SecretId=secret or self.secret)
        return str(answer["ResponseMetadata"]["RequestId"])

    def found(
        self, lab: Lab, text: str, group: str | None = None
    ) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Log events that hold the text, each with the CloudTrail event in it."""
        pages = (
            lab.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=group or self.group, filterPattern=f'"{text}"')
        )
        return [(each, json.loads(each["message"])) for page in pages for each in page["events"]]

    def await_events(self, lab: Lab, *texts: str, group: str | None = None) -> None:
        """Until each of these texts stands in some event. Raises TimeIsUp, Stopped."""
        for text in texts:
            lab.wait("that the trail delivers", partial(self.found, lab, text, group))

    def await_first(self, lab: Lab) -> None:
        """Until the trail delivers at all: what is called before that may never come.

        Raises TimeIsUp, Stopped.
        """

        def came() -> bool:
            self.read(lab)
            return bool(self.found(lab, self.secret))

        if not self._delivers:
            lab.wait("the first events of the trail", came)
            self._delivers = True

    def canaries(self, lab: Lab, rounds: int = 2) -> None:
        """Reads that arrive, each made when the one before has: what was made before them has arrived, or
        will not, as far as delivery that is not in order can show it."""
        self.await_first(lab)
        for _ in range(rounds):
            self.await_events(lab, self.read(lab))

    def clean(self) -> None:
        self._lab.clean()
