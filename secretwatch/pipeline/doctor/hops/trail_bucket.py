"""Of hop 2: the bucket. The log group does not wait for it, so an alarm rings; but its evidence is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from secretwatch.partition import REGIONS
from secretwatch.pipeline.doctor.account import Ref, Thing
from secretwatch.pipeline.doctor.calls import Call, Person
from secretwatch.pipeline.doctor.findings import Hop
from secretwatch.pipeline.doctor.hops.faulty_keys import key_at_fault
from secretwatch.pipeline.doctor.kinds import buckets
from secretwatch.pipeline.doctor.opening import opened, refusal
from secretwatch.pipeline.doctor.view import View
from secretwatch.policy import services


def examine_bucket(hop: Hop, view: View, arn: str, trail: Thing) -> None:
    name = trail.get("S3BucketName")
    if not name:
        return
    ref, bucket = Ref("bucket", name), view.account.get("bucket", name)
    if view.account.get(buckets.OF_ANOTHER, name) is not None:
        hop.broken(
            "another-bucket",
            f"The trail's bucket {name} was deleted, and another account has made one of its name. If that "
            "one lets CloudTrail in, the log files go to that account; otherwise they are lost.",
            Person(
                'This name is taken: give the trail another bucket, trail = { bucket = { name = "…" } }, and '
                "apply. Nothing that lies in this one is evidence."
            ),
            ref=ref,
            stops=False,
        )
        return
    if view.account.lacks("bucket", name):
        steps = view.restore(ref) or [
            Call("s3", "CreateBucket", {"Bucket": name}),
            buckets.put_policy(name, opened(None, _storing(trail))),
        ]
        hop.broken(
            "bucket-deleted",
            f"The trail's bucket {name} does not exist: its log files, the evidence, are lost.",
            *view.terraform(ref),
            *steps,
            ref=ref,
            stops=False,
        )
        return
    unknown = view.account.unknown.get(ref) or view.account.unknown.get(Ref("bucket Policy", name))
    if unknown:
        hop.cannot_tell("permission", f"The bucket's policy cannot be looked at: {unknown.missing}.")
    elif bucket is not None:
        policy = bucket.get("Policy")
        if why := refusal(_storing(trail), resource=policy):
            wanted = (view.applied("bucket", name) or {}).get("Policy")
            hop.broken(
                "bucket-policy",
                f"The bucket {name} does not let CloudTrail in, so that its log files, the evidence, are "
                f"lost. {why}",
                buckets.put_policy(name, opened(policy, _storing(trail), wanted=wanted)),
                ref=ref,
                stops=False,
            )
            return
    _key(hop, view, trail)


def _storing(trail: Thing) -> list[Any]:
    """All that the trail puts there: log files of each region, and the digests that prove them."""
    requests = services.storing_log_files(
        trail["TrailARN"],
        trail["S3BucketName"],
        prefix=trail.get("S3KeyPrefix") or None,
        key_arn=trail.get("KmsKeyId") or None,
    )
    _, aws, _, home, _, _ = trail["TrailARN"].split(":", 5)
    regions = [home, *(REGIONS.get(aws, ()) if trail.get("IsMultiRegionTrail") else ())]
    kinds = ["CloudTrail", *(["CloudTrail-Digest"] if trail.get("LogFileValidationEnabled") else [])]
    own = f"/CloudTrail/{home}/"
    return [
        replace(each, resource=each.resource.replace(own, f"/{kind}/{region}/"))
        for each in requests
        for kind in (kinds if own in each.resource else kinds[:1])
        for region in (dict.fromkeys(regions) if own in each.resource else regions[:1])
    ]


def _key(hop: Hop, view: View, trail: Thing) -> bool:
    """Whether the trail's key was found to be at fault."""
    key = trail.get("KmsKeyId")
    if not key:
        return False
    what = f"The trail's key {key}"
    return key_at_fault(
        hop,
        view,
        key,
        services.using_trail_key(trail["TrailARN"], (view.account.get("key", key) or {}).get("Arn") or key),
        cause="trail-key",
        what=what,
        who="CloudTrail encrypt its log files",
        stops=False,
    )
