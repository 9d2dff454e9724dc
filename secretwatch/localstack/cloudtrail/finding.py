"""The trail that a request means, and whether the caller may change it; else the refusal."""

from __future__ import annotations

import re

from localstack.aws.api import RequestContext

from secretwatch.localstack.cloudtrail.settings import check_name, refusal
from secretwatch.localstack.cloudtrail.trails import Trail, Trails
from secretwatch.localstack.organizations import provider as organizations

_TRAIL_ARN = re.compile(r"arn:[^:]+:cloudtrail:[^:]+:\d{12}:trail/[^/]+")
_TRAILS_PER_REGION = 5


def refuse_taken_name(
    trails: Trails,
    context: RequestContext,
    owner: str,
    name: str,
    multi_region: bool,
    but: Trail | None = None,
) -> None:
    """A multi-region trail is seen in every region: its name is taken there, and it needs it there.

    AWS does not say what UpdateTrail answers where a trail that becomes multi-region meets another of its
    name: the error of CreateTrail is taken.
    """
    for trail in trails.of(owner):
        meets = multi_region or trail.is_in(context.region)
        if trail is not but and trail.name == name and meets:
            raise refusal(
                "TrailAlreadyExistsException",
                f"Trail {name} already exists for customer: {owner}",
            )


def refuse_too_many(trails: Trails, context: RequestContext, owner: str, multi_region: bool) -> None:
    """A multi-region trail counts as one in every region.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    """
    mine = trails.of(owner)
    regions = {trail.home_region for trail in mine} if multi_region else set()
    for region in sorted(regions | {context.region}):
        if sum(trail.is_in(region) for trail in mine) >= _TRAILS_PER_REGION:
            raise refusal(
                "MaximumNumberOfTrailsExceededException",
                f"User: {owner} already has {_TRAILS_PER_REGION} trails in {region}.",
            )


def find(trails: Trails, context: RequestContext, name_or_arn: str) -> Trail:
    """A trail that the caller may see."""
    check_name_or_arn(name_or_arn)
    trail = trails.find(name_or_arn, context.account_id, context.region)
    if trail is None or not trails.is_over(trail, context.account_id):
        where = f"arn:{context.partition}:cloudtrail:{context.region}:{context.account_id}"
        arn = name_or_arn if name_or_arn.startswith("arn:") else f"{where}:trail/{name_or_arn}"
        raise refusal("TrailNotFoundException", f"Unknown trail: {arn} for the user: {context.account_id}")
    return trail


def at_home(trails: Trails, context: RequestContext, name_or_arn: str) -> Trail:
    """A trail is changed only by its account, or one to which that has delegated it, in its home region.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
    """
    trail = find(trails, context, name_or_arn)
    if not _administers(context, trail.account_id):
        raise refusal(
            "NotOrganizationMasterAccountException",
            f"Trail {trail.arn} can be changed only by the management account of the organization, or a "
            "delegated administrator.",
        )
    if trail.home_region != context.region:
        raise refusal(
            "InvalidHomeRegionException",
            f"Operation should be called from trail's home region: {trail.home_region}",
        )
    return trail


def tagged(trails: Trails, context: RequestContext, arn: str) -> Trail:
    """Tags are read and changed in the trail's home region, by its ARN and by those who may change it.

    What another member of the organization is answered stands in public reports. AWS does not say which
    words ResourceNotFoundException has.
    """
    if not _TRAIL_ARN.fullmatch(arn):
        raise refusal("CloudTrailARNInvalidException", f"Invalid ARN: {arn}")
    check_name(arn.partition("/")[2])
    if arn.split(":")[3] != context.region:
        raise refusal(
            "CloudTrailARNInvalidException",
            f"Region in ARN is wrong, you can only access resources in region {context.region}.",
        )
    if not _administers(context, arn.split(":")[4]):
        raise refusal(
            "CloudTrailARNInvalidException",
            f"AccountID in ARN is wrong, you can only access resources with AccountID {context.account_id}.",
        )
    trail = trails.find(arn, context.account_id, context.region)
    if trail is None or not trails.is_over(trail, context.account_id):
        raise refusal("ResourceNotFoundException", f"The resource {arn} is not found.")
    return trail


def _administers(context: RequestContext, owner: str) -> bool:
    """Whether the caller may change the owner's trails, of which another sees those of an organization."""
    return context.account_id == owner or organizations.is_delegated(context.account_id, by=owner)


def check_name_or_arn(name_or_arn: str) -> None:
    """Raises CloudTrailARNInvalidException or InvalidTrailNameException."""
    if not name_or_arn.startswith("arn:"):
        check_name(name_or_arn)
    elif not _TRAIL_ARN.fullmatch(name_or_arn):
        raise refusal("CloudTrailARNInvalidException", f"Invalid ARN: {name_or_arn}")
