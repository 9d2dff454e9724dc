"""The calls of IAM, CloudTrail, KMS, S3, Config and Organizations that the benchmark's alarms are on."""

from __future__ import annotations

from benchmark import ALLOW, Account, Steps, policy, trust


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
