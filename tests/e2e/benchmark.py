"""The alarms that the CIS AWS Foundations Benchmark asks for, and the calls that have to ring them.

The names are the benchmark's (versions 1.2 to 5.0, sections 3 and 4, "Ensure … is monitored"), as facts; each
call is made through boto3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3

REGION = "us-east-1"

# control: (source of the events, or none; their names)
BY_NAME: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "IAM policies": (
        None,
        (
            *("CreatePolicy", "CreatePolicyVersion", "DeletePolicyVersion"),
            *("PutGroupPolicy", "PutRolePolicy", "PutUserPolicy"),
            *("AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy"),
            *("DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy"),
            *("DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "DeletePolicy"),
        ),
    ),
    "CloudTrail": (None, ("CreateTrail", "UpdateTrail", "StartLogging", "StopLogging", "DeleteTrail")),
    "KMS keys": ("kms.amazonaws.com", ("DisableKey", "ScheduleKeyDeletion")),
    "S3 bucket policies": (
        "s3.amazonaws.com",
        (
            *(
                "PutBucketAcl",
                "PutBucketPolicy",
                "PutBucketCors",
                "PutBucketLifecycle",
                "PutBucketReplication",
            ),
            *("DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketReplication"),
        ),
    ),
    "Config": (
        "config.amazonaws.com",
        (
            *("PutConfigurationRecorder", "PutDeliveryChannel"),
            *("StopConfigurationRecorder", "DeleteDeliveryChannel"),
        ),
    ),
    "security groups": (
        None,
        (
            *("CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"),
            *("RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress", "DeleteSecurityGroup"),
        ),
    ),
    "network ACLs": (
        None,
        (
            *("CreateNetworkAcl", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry"),
            *("ReplaceNetworkAclAssociation", "DeleteNetworkAclEntry", "DeleteNetworkAcl"),
        ),
    ),
    "gateways": (
        None,
        (
            *("CreateCustomerGateway", "DeleteCustomerGateway", "CreateInternetGateway"),
            *("AttachInternetGateway", "DetachInternetGateway", "DeleteInternetGateway"),
        ),
    ),
    "route tables": (
        None,
        (
            *("CreateRouteTable", "CreateRoute", "ReplaceRoute", "ReplaceRouteTableAssociation"),
            *("DisassociateRouteTable", "DeleteRoute", "DeleteRouteTable"),
        ),
    ),
    "VPCs": (
        None,
        (
            *("CreateVpc", "ModifyVpcAttribute", "CreateVpcPeeringConnection", "AcceptVpcPeeringConnection"),
            *("RejectVpcPeeringConnection", "DeleteVpcPeeringConnection", "EnableVpcClassicLink"),
            *("AttachClassicLinkVpc", "DetachClassicLinkVpc", "DisableVpcClassicLink", "DeleteVpc"),
        ),
    ),
    "Organizations": (
        "organizations.amazonaws.com",
        (
            *("CreateAccount", "CreateOrganizationalUnit", "UpdateOrganizationalUnit", "MoveAccount"),
            *("EnablePolicyType", "CreatePolicy", "UpdatePolicy", "AttachPolicy", "DetachPolicy"),
            *("DeletePolicy", "DisablePolicyType", "InviteAccountToOrganization", "AcceptHandshake"),
            *("DeclineHandshake", "LeaveOrganization", "RemoveAccountFromOrganization"),
            *("DeleteOrganizationalUnit", "DeleteOrganization"),
        ),
    ),
}

# Those that look at more than a name.
PATTERNS = {
    "unauthorized calls": '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    "sign-in without MFA": (
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
        '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
    ),
    "failed sign-in": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "root": (
        '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && '
        '$.eventType != "AwsServiceEvent" }'
    ),
}


def pattern_of(control: str) -> str:
    if control in PATTERNS:
        return PATTERNS[control]
    source, names = BY_NAME[control]
    named = " || ".join(f"($.eventName = {name})" for name in names)
    return f"{{ ($.eventSource = {source}) && ({named}) }}" if source else f"{{ {named} }}"


CONTROLS = (*BY_NAME, *PATTERNS)


def policy(*statements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ALLOW = policy({"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"})


def trust(service: str) -> str:
    principal = {"Service": f"{service}.amazonaws.com"}
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


class Account:
    """An account of its own, and what is made in it: ids by what they are of."""

    def __init__(self, account_id: str, *, key: str | None = None, secret: str = "test") -> None:
        self.id = account_id
        self.session = boto3.Session(
            aws_access_key_id=key or account_id, aws_secret_access_key=secret, region_name=REGION
        )
        self.made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        if service not in self.made:
            self.made[service] = self.session.client(service)
        return self.made[service]

    def iam_arn(self, what: str) -> str:
        return f"arn:aws:iam::{self.id}:{what}"


Steps = Iterator[tuple[str, Callable[[], Any]]]
"""Names of events, and the calls that make them, in an order in which they can be made."""


def iam(account: Account) -> Steps:
    client, arn = account.client("iam"), account.iam_arn("policy/cis")
    holders = {"Group": {"GroupName": "cis"}, "Role": {"RoleName": "cis"}, "User": {"UserName": "cis"}}
    client.create_group(GroupName="cis")
    client.create_user(UserName="cis")
    client.create_role(RoleName="cis", AssumeRolePolicyDocument=trust("ec2"))
    yield "CreatePolicy", lambda: client.create_policy(PolicyName="cis", PolicyDocument=ALLOW)
    yield "CreatePolicyVersion", lambda: client.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW)
    yield "DeletePolicyVersion", lambda: client.delete_policy_version(PolicyArn=arn, VersionId="v2")
    for kind, holder in holders.items():
        put, attach, detach, delete = (
            getattr(client, f"{verb}_{kind.lower()}_policy") for verb in ("put", "attach", "detach", "delete")
        )
        inline = {"PolicyName": "inline", **holder}
        yield f"Put{kind}Policy", lambda put=put, inline=inline: put(PolicyDocument=ALLOW, **inline)
        yield f"Attach{kind}Policy", lambda attach=attach, holder=holder: attach(PolicyArn=arn, **holder)
        yield f"Detach{kind}Policy", lambda detach=detach, holder=holder: detach(PolicyArn=arn, **holder)
        yield f"Delete{kind}Policy", lambda delete=delete, inline=inline: delete(**inline)
    yield "DeletePolicy", lambda: client.delete_policy(PolicyArn=arn)


def trails(account: Account) -> Steps:
    client = account.client("cloudtrail")
    yield "CreateTrail", lambda: client.create_trail(Name="other", S3BucketName=account.made["bucket"])
    yield "UpdateTrail", lambda: client.update_trail(Name="other", IsMultiRegionTrail=True)
    yield "StartLogging", lambda: client.start_logging(Name="other")
    yield "StopLogging", lambda: client.stop_logging(Name="other")
    yield "DeleteTrail", lambda: client.delete_trail(Name="other")


def keys(account: Account) -> Steps:
    client = account.client("kms")
    key = client.create_key()["KeyMetadata"]["KeyId"]
    yield "DisableKey", lambda: client.disable_key(KeyId=key)
    yield "ScheduleKeyDeletion", lambda: client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


def buckets(account: Account) -> Steps:
    client, name = account.client("s3"), f"cis-{account.id}"
    client.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerPreferred")
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    read = {"Effect": "Allow", "Principal": {"AWS": account.id}, "Action": "s3:GetObject"}
    rules = {
        "cors": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]},
        "lifecycle": {
            "Rules": [
                {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}},
            ]
        },
        "replication": {
            "Role": account.iam_arn("role/cis"),
            "Rules": [
                {
                    "ID": "copy",
                    "Status": "Enabled",
                    "Prefix": "",
                    "Destination": {"Bucket": f"arn:aws:s3:::{account.made['bucket']}"},
                }
            ],
        },
    }
    yield "PutBucketAcl", lambda: client.put_bucket_acl(Bucket=name, ACL="private")
    yield (
        "PutBucketPolicy",
        lambda: client.put_bucket_policy(
            Bucket=name, Policy=policy(read | {"Resource": f"arn:aws:s3:::{name}/*"})
        ),
    )
    yield (
        "PutBucketCors",
        lambda: client.put_bucket_cors(Bucket=name, CORSConfiguration=rules["cors"]),
    )
    yield (
        "PutBucketLifecycle",
        lambda: client.put_bucket_lifecycle_configuration(
            Bucket=name, LifecycleConfiguration=rules["lifecycle"]
        ),
    )
    client.put_bucket_versioning(Bucket=account.made["bucket"], VersioningConfiguration={"Status": "Enabled"})
    yield (
        "PutBucketReplication",
        lambda: client.put_bucket_replication(Bucket=name, ReplicationConfiguration=rules["replication"]),
    )
    yield "DeleteBucketReplication", lambda: client.delete_bucket_replication(Bucket=name)
    yield "DeleteBucketLifecycle", lambda: client.delete_bucket_lifecycle(Bucket=name)
    yield "DeleteBucketCors", lambda: client.delete_bucket_cors(Bucket=name)
    yield "DeleteBucketPolicy", lambda: client.delete_bucket_policy(Bucket=name)


def config(account: Account) -> Steps:
    client = account.client("config")
    recorder = {"name": "default", "roleARN": account.iam_arn("role/cis")}
    channel = {"name": "default", "s3BucketName": account.made["bucket"]}
    yield (
        "PutConfigurationRecorder",
        lambda: client.put_configuration_recorder(ConfigurationRecorder=recorder),
    )
    yield "PutDeliveryChannel", lambda: client.put_delivery_channel(DeliveryChannel=channel)
    client.start_configuration_recorder(ConfigurationRecorderName="default")
    yield (
        "StopConfigurationRecorder",
        lambda: client.stop_configuration_recorder(ConfigurationRecorderName="default"),
    )
    yield "DeleteDeliveryChannel", lambda: client.delete_delivery_channel(DeliveryChannelName="default")


def network(account: Account) -> Steps:
    client, made = account.client("ec2"), account.made

    def remember(name: str, call: Callable[[], Any], *path: Any) -> Callable[[], Any]:
        def make() -> Any:
            answer = call()
            for part in path:
                answer = answer[part]
            made[name] = answer

        return make

    yield "CreateVpc", remember("vpc", lambda: client.create_vpc(CidrBlock="10.0.0.0/16"), "Vpc", "VpcId")
    yield (
        "ModifyVpcAttribute",
        lambda: client.modify_vpc_attribute(VpcId=made["vpc"], EnableDnsHostnames={"Value": True}),
    )
    made["peer"] = client.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = client.create_subnet(VpcId=made["vpc"], CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    yield from security_groups(client, made, remember)
    yield from network_acls(client, made, remember, subnet)
    yield from gateways_and_routes(client, made, remember, subnet)

    def peer() -> Any:
        return client.create_vpc_peering_connection(VpcId=made["vpc"], PeerVpcId=made["peer"])

    path = ("VpcPeeringConnection", "VpcPeeringConnectionId")
    yield "CreateVpcPeeringConnection", remember("peering", peer, *path)
    yield (
        "AcceptVpcPeeringConnection",
        lambda: client.accept_vpc_peering_connection(VpcPeeringConnectionId=made["peering"]),
    )
    yield (
        "DeleteVpcPeeringConnection",
        lambda: client.delete_vpc_peering_connection(VpcPeeringConnectionId=made["peering"]),
    )
    remember("unwanted", peer, *path)()
    yield (
        "RejectVpcPeeringConnection",
        lambda: client.reject_vpc_peering_connection(VpcPeeringConnectionId=made["unwanted"]),
    )
    vpc, instance = {"VpcId": made["vpc"]}, {"InstanceId": "i-0123456789abcdef0"}
    yield "EnableVpcClassicLink", lambda: client.enable_vpc_classic_link(**vpc)
    yield (
        "AttachClassicLinkVpc",
        lambda: client.attach_classic_link_vpc(Groups=[made["group"]], **vpc, **instance),
    )
    yield "DetachClassicLinkVpc", lambda: client.detach_classic_link_vpc(**vpc, **instance)
    yield "DisableVpcClassicLink", lambda: client.disable_vpc_classic_link(**vpc)
    yield "DeleteVpc", lambda: client.delete_vpc(VpcId=made["peer"])


def security_groups(client: Any, made: dict[str, Any], remember: Any) -> Steps:
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}

    def create() -> Any:
        return client.create_security_group(GroupName="cis", Description="cis", VpcId=made["vpc"])

    yield "CreateSecurityGroup", remember("group", create, "GroupId")
    for verb in ("authorize", "revoke"):
        for way in ("ingress", "egress"):
            call = getattr(client, f"{verb}_security_group_{way}")
            yield (
                f"{verb.title()}SecurityGroup{way.title()}",
                lambda call=call: call(GroupId=made["group"], IpPermissions=[world]),
            )
    yield "DeleteSecurityGroup", lambda: client.delete_security_group(GroupId=made["group"])


def network_acls(client: Any, made: dict[str, Any], remember: Any, subnet: str) -> Steps:
    def entry(action: str) -> dict[str, Any]:
        return {
            "NetworkAclId": made["acl"],
            "RuleNumber": 7,
            "Protocol": "6",
            "RuleAction": action,
            "Egress": False,
            "CidrBlock": "0.0.0.0/0",
            "PortRange": {"From": 22, "To": 22},
        }

    def associate() -> Any:
        of_subnet = {"Name": "association.subnet-id", "Values": [subnet]}
        acl = client.describe_network_acls(Filters=[of_subnet])["NetworkAcls"][0]
        association = next(each for each in acl["Associations"] if each["SubnetId"] == subnet)
        return client.replace_network_acl_association(
            AssociationId=association["NetworkAclAssociationId"], NetworkAclId=made["acl"]
        )

    yield (
        "CreateNetworkAcl",
        remember("acl", lambda: client.create_network_acl(VpcId=made["vpc"]), "NetworkAcl", "NetworkAclId"),
    )
    yield "CreateNetworkAclEntry", lambda: client.create_network_acl_entry(**entry("allow"))
    yield "ReplaceNetworkAclEntry", lambda: client.replace_network_acl_entry(**entry("deny"))
    yield "ReplaceNetworkAclAssociation", associate
    yield (
        "DeleteNetworkAclEntry",
        lambda: client.delete_network_acl_entry(NetworkAclId=made["acl"], RuleNumber=7, Egress=False),
    )
    unused = client.create_network_acl(VpcId=made["vpc"])["NetworkAcl"]["NetworkAclId"]
    yield "DeleteNetworkAcl", lambda: client.delete_network_acl(NetworkAclId=unused)


def gateways_and_routes(client: Any, made: dict[str, Any], remember: Any, subnet: str) -> Steps:
    def customer() -> Any:
        return client.create_customer_gateway(Type="ipsec.1", BgpAsn=65000, PublicIp="192.0.2.1")

    yield "CreateCustomerGateway", remember("customer", customer, "CustomerGateway", "CustomerGatewayId")
    yield (
        "DeleteCustomerGateway",
        lambda: client.delete_customer_gateway(CustomerGatewayId=made["customer"]),
    )
    yield (
        "CreateInternetGateway",
        remember("gateway", client.create_internet_gateway, "InternetGateway", "InternetGatewayId"),
    )

    def gateway() -> dict[str, str]:
        return {"InternetGatewayId": made["gateway"]}

    yield "AttachInternetGateway", lambda: client.attach_internet_gateway(VpcId=made["vpc"], **gateway())

    def table() -> Any:
        return client.create_route_table(VpcId=made["vpc"])

    path = ("RouteTable", "RouteTableId")
    yield "CreateRouteTable", remember("table", table, *path)
    remember("second table", table, *path)()
    anywhere = {"DestinationCidrBlock": "0.0.0.0/0"}
    for verb in ("create", "replace"):
        call = getattr(client, f"{verb}_route")
        yield (
            f"{verb.title()}Route",
            lambda call=call: call(RouteTableId=made["table"], GatewayId=made["gateway"], **anywhere),
        )
    first = client.associate_route_table(RouteTableId=made["table"], SubnetId=subnet)["AssociationId"]
    yield (
        "ReplaceRouteTableAssociation",
        remember(
            "association",
            lambda: client.replace_route_table_association(
                AssociationId=first, RouteTableId=made["second table"]
            ),
            "NewAssociationId",
        ),
    )
    yield (
        "DisassociateRouteTable",
        lambda: client.disassociate_route_table(AssociationId=made["association"]),
    )
    yield "DeleteRoute", lambda: client.delete_route(RouteTableId=made["table"], **anywhere)
    yield "DeleteRouteTable", lambda: client.delete_route_table(RouteTableId=made["table"])
    yield "DetachInternetGateway", lambda: client.detach_internet_gateway(VpcId=made["vpc"], **gateway())
    yield "DeleteInternetGateway", lambda: client.delete_internet_gateway(**gateway())


def organizations(account: Account) -> Steps:
    client, made = account.client("organizations"), account.made
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    kind = "SERVICE_CONTROL_POLICY"
    allow_all = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})

    def member() -> None:
        status = client.create_account(Email="a@example.com", AccountName="cis")["CreateAccountStatus"]
        made["member"] = status["AccountId"]

    def unit() -> None:
        made["unit"] = client.create_organizational_unit(ParentId=root, Name="cis")["OrganizationalUnit"][
            "Id"
        ]

    def create_policy() -> None:
        made["scp"] = client.create_policy(Content=allow_all, Description="cis", Name="cis", Type=kind)[
            "Policy"
        ]["PolicySummary"]["Id"]

    def handshake() -> str:
        return str(made.get("handshake", "h-examplehandshakeid111"))

    def invite() -> None:
        answer = client.invite_account_to_organization(Target={"Id": "123456789012", "Type": "ACCOUNT"})
        made["handshake"] = answer["Handshake"]["Id"]

    yield "CreateAccount", member
    yield "CreateOrganizationalUnit", unit
    yield (
        "UpdateOrganizationalUnit",
        lambda: client.update_organizational_unit(OrganizationalUnitId=made["unit"], Name="other"),
    )
    yield (
        "MoveAccount",
        lambda: client.move_account(
            AccountId=made["member"], SourceParentId=root, DestinationParentId=made["unit"]
        ),
    )
    yield "EnablePolicyType", lambda: client.enable_policy_type(RootId=root, PolicyType=kind)
    yield "CreatePolicy", create_policy
    yield "UpdatePolicy", lambda: client.update_policy(PolicyId=made["scp"], Name="other")
    yield "AttachPolicy", lambda: client.attach_policy(PolicyId=made["scp"], TargetId=made["unit"])
    yield "DetachPolicy", lambda: client.detach_policy(PolicyId=made["scp"], TargetId=made["unit"])
    yield "DeletePolicy", lambda: client.delete_policy(PolicyId=made["scp"])
    yield "DisablePolicyType", lambda: client.disable_policy_type(RootId=root, PolicyType=kind)
    yield "InviteAccountToOrganization", invite
    yield "AcceptHandshake", lambda: client.accept_handshake(HandshakeId=handshake())
    yield "DeclineHandshake", lambda: client.decline_handshake(HandshakeId=handshake())
    yield "LeaveOrganization", client.leave_organization
    yield (
        "RemoveAccountFromOrganization",
        lambda: client.remove_account_from_organization(AccountId=made["member"]),
    )
    yield (
        "DeleteOrganizationalUnit",
        lambda: client.delete_organizational_unit(OrganizationalUnitId=made["unit"]),
    )
    yield "DeleteOrganization", client.delete_organization


SCENES = (iam, trails, keys, buckets, config, network, organizations)
