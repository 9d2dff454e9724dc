"""What the operators' policies do not reach: others' things, and what no condition lets in."""

from __future__ import annotations

from dataclasses import replace

from operating import ACCOUNT, REGION, WHOLE, actions, allows, triples

from secretwatch.policy.operators import ALL, policy

# What may be done on any resource of the account, and on those of any name. The rest is on this instance's.
ANYWHERE = {
    "chatbot:CreateMicrosoftTeamsChannelConfiguration",
    "chatbot:CreateSlackChannelConfiguration",
    "chatbot:DescribeSlackChannelConfigurations",
    "chatbot:ListMicrosoftTeamsChannelConfigurations",
    "cloudformation:GetResource",
    "cloudtrail:DescribeTrails",
    "kms:CreateKey",
    "kms:ListAliases",
    "kms:TagResource",
    "organizations:ListAWSServiceAccessForOrganization",
    "secretsmanager:ListSecrets",
    "states:ValidateStateMachineDefinition",
}


def test_what_is_not_held_to_the_instances_names_only_reads_or_is_about_keys() -> None:
    """Existing trails and topics are known of a plan: here they are given."""
    known = replace(WHOLE, existing_trail="main", existing_topics=(f"arn:aws:sns:{REGION}:{ACCOUNT}:theirs",))
    found = triples(policy(known, changes=True))
    assert "kms:CreateGrant" not in {action for action, _, _ in found}
    assert {action for action, resource, _ in found if resource == "*"} == ANYWHERE
    others = {
        (action, resource.split(":", 5)[5])
        for action, resource, _ in found
        if resource != "*" and "payments" not in resource and not resource.endswith("secret:db-??????")
    }
    service_role = "role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"
    of_connections = (
        "role/aws-service-role/apidestinations.events.amazonaws.com/"
        "AWSServiceRoleForAmazonEventBridgeApiDestinations"
    )
    assert {(action, of) for action, of in others if not action.startswith("kms:")} == {
        ("cloudwatch:DescribeAlarms", "alarm:*"),
        ("logs:DescribeLogGroups", "log-group:*"),
        ("iam:GetRole", service_role),
        ("iam:CreateServiceLinkedRole", service_role),
        ("iam:CreateServiceLinkedRole", of_connections),
        *(
            (f"cloudtrail:{each}", "trail/main")
            for each in ("Get*Selectors", "GetTrail", "GetTrailStatus", "ListTags")
        ),
        *(
            (f"sns:{each}", "theirs")
            for each in (
                *("GetDataProtectionPolicy", "GetTopicAttributes"),
                *("ListSubscriptionsByTopic", "ListTagsForResource"),
            )
        ),
    }


def test_another_instance_and_another_account_are_out_of_reach() -> None:
    document = policy(replace(WHOLE, has=ALL - {"existing-topics", "existing-trail"}), changes=True)
    for action, own, others in [
        ("cloudtrail:StopLogging", None, f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/payments"),
        ("cloudtrail:DeleteTrail", "trail/payments", f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/orders"),
        ("sns:DeleteTopic", "payments-page", f"arn:aws:sns:{REGION}:{ACCOUNT}:paymentsx"),
        ("sns:DeleteTopic", "payments", f"arn:aws:sns:{REGION}:444455556666:payments"),
        ("iam:PutRolePolicy", f"role/payments-trail-{REGION}", f"arn:aws:iam::{ACCOUNT}:role/admin"),
        (
            "iam:PutRolePolicy",
            f"role/payments-heartbeat-start-{REGION}",
            f"arn:aws:iam::{ACCOUNT}:role/payments-heartbeat-startx-{REGION}",
        ),
        (
            "iam:DeleteRole",
            f"role/payments-witness-{REGION}",
            f"arn:aws:iam::{ACCOUNT}:role/orders-witness-{REGION}",
        ),
        (
            "states:UpdateStateMachine",
            "stateMachine:payments-heartbeat",
            f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:payments-heartbeat2",
        ),
        ("states:StartExecution", None, f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:payments-heartbeat"),
        (
            "events:DeleteConnection",
            "connection/payments-heartbeat/1",
            f"arn:aws:events:{REGION}:{ACCOUNT}:connection/payments-heartbeat2/1",
        ),
        (
            "secretsmanager:DeleteSecret",
            "secret:payments-heartbeat-AbCdEf",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:payments-heartbeat2-AbCdEf",
        ),
        (
            "secretsmanager:GetSecretValue",
            "secret:events!connection/payments-heartbeat/1-AbCdEf",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:payments-heartbeat-AbCdEf",
        ),
        (
            "kms:CreateAlias",
            "alias/payments-self-watch-alerts",
            f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/payments-self-watch",
        ),
        ("s3:DeleteObject", f"payments-{ACCOUNT}-{REGION}/x", "arn:aws:s3:::elsewhere/x"),
        (
            "secretsmanager:GetSecretValue",
            "secret:db-AbCdEf",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db2-AbCdEf",
        ),
    ]:
        assert not allows(document, action, others), others
        if own:
            start = {"s3": "arn:aws:s3:::", "iam": f"arn:aws:iam::{ACCOUNT}:"}
            service = action.split(":")[0]
            assert allows(
                document, action, start.get(service, f"arn:aws:{service}:{REGION}:{ACCOUNT}:") + own
            )


def test_conditions() -> None:
    document = policy(WHOLE, changes=True)
    role, key = (
        f"arn:aws:iam::{ACCOUNT}:role/payments-trail-{REGION}",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
    )
    passed = "iam:PassedToService"
    assert allows(document, "iam:PassRole", role, **{passed: "cloudtrail.amazonaws.com"})
    assert not allows(document, "iam:PassRole", role, **{passed: "ec2.amazonaws.com"})
    assert not allows(document, "iam:PassRole", role)
    services = ("cloudtrail", "events", "states")
    for name, to in (("heartbeat", "states"), ("heartbeat-start", "events"), ("witness", "events")):
        handed = f"arn:aws:iam::{ACCOUNT}:role/payments-{name}-{REGION}"
        allowed = {
            each
            for each in services
            if allows(document, "iam:PassRole", handed, **{passed: f"{each}.amazonaws.com"})
        }
        assert allowed == {to}, name
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/apidestinations.events.amazonaws.com/"
    linked += "AWSServiceRoleForAmazonEventBridgeApiDestinations"
    named = "iam:AWSServiceName"
    create = "iam:CreateServiceLinkedRole"
    assert allows(document, create, linked, **{named: "apidestinations.events.amazonaws.com"})
    assert not allows(document, create, linked, **{named: "cloudtrail.amazonaws.com"})
    via = "kms:ViaService"
    assert allows(document, "kms:Decrypt", key, **{via: f"secretsmanager.{REGION}.amazonaws.com"})
    assert not allows(document, "kms:Decrypt", key, **{via: f"s3.{REGION}.amazonaws.com"})
    assert not allows(document, "kms:Decrypt", key)
    in_china = policy(replace(WHOLE, region="cn-north-1", partition="aws-cn"), changes=True)
    key_in_china = f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/1"
    for suffix in ("amazonaws.com", "amazonaws.com.cn"):
        assert allows(in_china, "kms:Decrypt", key_in_china, **{via: f"secretsmanager.cn-north-1.{suffix}"})
    anywhere = policy(replace(WHOLE, region="*"), changes=True)
    assert allows(anywhere, "kms:Decrypt", key, **{via: f"secretsmanager.{REGION}.amazonaws.com"})
    assert not allows(anywhere, "kms:Decrypt", key, **{via: f"s3.{REGION}.amazonaws.com"})


def test_without_a_secret_none_can_be_read() -> None:
    """But what EventBridge keeps for the connection. Reading the heartbeat's own would ring the alarm."""
    document = policy(replace(WHOLE, secret=None, has=ALL), changes=True)
    found: dict[str, set[str]] = {}
    for action, resource, _ in triples(document):
        if action.startswith("secretsmanager:"):
            found.setdefault(resource.rpartition(":")[2], set()).add(action.partition(":")[2])
    tags = {"TagResource", "UntagResource"}
    made = {"CreateSecret", "DeleteSecret", "UpdateSecret"}
    assert found == {
        "*": {"ListSecrets"},
        "payments-heartbeat-??????": made | tags | {"DescribeSecret", "GetResourcePolicy"},
        "events!connection/payments-heartbeat/*": made | {"GetSecretValue", "PutSecretValue"},
    }
    silent = policy(replace(WHOLE, secret=None, has=ALL - {"heartbeat", "ping"}), changes=True)
    assert {each for each in actions(silent) if each.startswith("secretsmanager:")} == {
        "secretsmanager:ListSecrets"
    }
