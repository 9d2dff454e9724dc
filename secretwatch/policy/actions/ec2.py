"""EC2: the calls that alarms are put on (networks, gateways, routes, security groups), instances, snapshots.

Not here: the rest of its some 700 operations; these are allowed by an Allow of their action on anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from secretwatch.policy.actions.table import ANY, Ask, Parameters, Service, Where, on, passing, values


def _arn(kind: str, parameter: str = "") -> str:
    name = "{%s}" % parameter if parameter else "*"  # noqa: UP031
    return "arn:{partition}:ec2:{region}:{account}:%s/%s" % (kind, name)  # noqa: UP031


_KINDS = {
    "acl": "network-acl",
    "ami": "image",
    "cgw": "customer-gateway",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "key": "key-pair",
    "lt": "launch-template",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "tgw": "transit-gateway",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpn": "vpn-connection",
}


def _by_id(parameters: Parameters, where: Where) -> Sequence[str]:
    """Resources whose kind is told by how their ids begin."""
    start = f"arn:{where.partition}:ec2:{where.region}:{where.account}:"
    return [
        f"{start}{_KINDS.get(str(each).partition('-')[0], '*')}/{each}"
        for each in values(parameters, "Resources[]")
    ]


def _public(kind: str, parameter: str) -> str:
    """Images and snapshots are named without the account."""
    return "arn:{partition}:ec2:{region}::%s/{%s}" % (kind, parameter)  # noqa: UP031


def _made(operation: str, kind: str, *others: tuple[str, str]) -> dict[str, tuple[Ask, ...]]:
    """What is made has no id yet: `kind/*`, beside (kind, parameter) of what it is made in.

    Tags need ec2:CreateTags on it:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    new = _public(kind, "").replace("{}", "*") if kind in ("snapshot", "image") else _arn(kind)
    return {
        operation: (
            Ask(operation, new),
            *(Ask(operation, _arn(other, parameter), when=parameter) for other, parameter in others),
            Ask("CreateTags", new, when="TagSpecifications", keys={"ec2:CreateAction": operation}),
        )
    }


_VPC, _SUBNET = ("vpc", "VpcId"), ("subnet", "SubnetId")

EC2 = Service(
    "ec2",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html",
    otherwise=ANY,
    operations={
        **_made("CreateVpc", "vpc"),
        **_made("CreateSubnet", "subnet", _VPC),
        **_made("CreateSecurityGroup", "security-group", _VPC),
        **_made("CreateInternetGateway", "internet-gateway"),
        **_made("CreateCustomerGateway", "customer-gateway"),
        **_made("CreateNatGateway", "natgateway", _SUBNET),
        **_made("CreateRouteTable", "route-table", _VPC),
        **_made("CreateNetworkAcl", "network-acl", _VPC),
        **_made("CreateVpcPeeringConnection", "vpc-peering-connection", _VPC),
        **_made("CreateVpcEndpoint", "vpc-endpoint", _VPC),
        **_made("CreateNetworkInterface", "network-interface", _SUBNET),
        **_made("CreateVolume", "volume"),
        **_made("CreateSnapshot", "snapshot", ("volume", "VolumeId")),
        **_made("CreateImage", "image", ("instance", "InstanceId")),
        **_made("AllocateAddress", "elastic-ip"),
        **on("DeleteVpc ModifyVpcAttribute DescribeVpcAttribute", _arn("vpc", "VpcId")),
        **on("DeleteSubnet ModifySubnetAttribute", _arn("subnet", "SubnetId")),
        **on(
            "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress"
            " RevokeSecurityGroupEgress DeleteSecurityGroup ModifySecurityGroupRules"
            " UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress",
            _arn("security-group", "GroupId"),
        ),
        **on(
            "AttachInternetGateway DetachInternetGateway",
            _arn("internet-gateway", "InternetGatewayId"),
            _arn("vpc", "VpcId"),
        ),
        **on("DeleteInternetGateway", _arn("internet-gateway", "InternetGatewayId")),
        **on("DeleteCustomerGateway", _arn("customer-gateway", "CustomerGatewayId")),
        **on("DeleteNatGateway", _arn("natgateway", "NatGatewayId")),
        **on(
            "CreateRoute ReplaceRoute DeleteRoute DeleteRouteTable",
            _arn("route-table", "RouteTableId"),
        ),
        "AssociateRouteTable": (
            Ask("AssociateRouteTable", _arn("route-table", "RouteTableId")),
            Ask("AssociateRouteTable", _arn("subnet", "SubnetId"), when="SubnetId"),
            Ask("AssociateRouteTable", _arn("internet-gateway", "GatewayId"), when="GatewayId"),
        ),
        **on("DisassociateRouteTable ReplaceRouteTableAssociation", _arn("route-table")),
        **on(
            "CreateNetworkAclEntry ReplaceNetworkAclEntry DeleteNetworkAclEntry DeleteNetworkAcl",
            _arn("network-acl", "NetworkAclId"),
        ),
        **on("DeleteNetworkInterface", _arn("network-interface", "NetworkInterfaceId")),
        "RunInstances": (
            Ask("RunInstances", _arn("instance")),
            Ask("RunInstances", _public("image", "ImageId")),
            Ask("RunInstances", _arn("subnet", "SubnetId")),
            Ask("RunInstances", _arn("network-interface")),
            Ask("RunInstances", _arn("security-group", "SecurityGroupIds[]")),
            Ask("RunInstances", _arn("volume")),
            Ask("RunInstances", _arn("key-pair", "KeyName"), when="KeyName"),
            Ask(
                "CreateTags",
                _arn("instance"),
                when="TagSpecifications",
                keys={"ec2:CreateAction": "RunInstances"},
            ),
            passing("IamInstanceProfile.Arn", "ec2.amazonaws.com"),
        ),
        **on(
            "StartInstances StopInstances RebootInstances TerminateInstances MonitorInstances"
            " UnmonitorInstances",
            _arn("instance", "InstanceIds[]"),
        ),
        **on(
            "DescribeInstanceAttribute ModifyInstanceAttribute GetPasswordData GetConsoleOutput"
            " GetConsoleScreenshot ModifyInstanceMetadataOptions",
            _arn("instance", "InstanceId"),
        ),
        **on("DeleteVolume ModifyVolume", _arn("volume", "VolumeId")),
        **on(
            "DeleteSnapshot ModifySnapshotAttribute ResetSnapshotAttribute DescribeSnapshotAttribute",
            _public("snapshot", "SnapshotId"),
        ),
        **on(
            "DeregisterImage ModifyImageAttribute ResetImageAttribute DescribeImageAttribute",
            _public("image", "ImageId"),
        ),
        **on("CreateKeyPair ImportKeyPair", _arn("key-pair", "KeyName")),
        **on("CreateTags DeleteTags", _by_id),
        "CreateFlowLogs": (
            Ask("CreateFlowLogs", _arn("vpc-flow-log")),
            Ask("CreateFlowLogs", _arn("*", "ResourceIds[]")),
            passing("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
        ),
        **on("DeleteFlowLogs", _arn("vpc-flow-log", "FlowLogIds[]")),
    },
)


_WITH_RESOURCE = (
    "DescribeCapacityBlockExtensionOfferings DescribeClientVpnAuthorizationRules"
    " DescribeClientVpnConnections DescribeClientVpnRoutes DescribeClientVpnTargetNetworks"
    " DescribeFleetHistory DescribeFleetInstances DescribeFpgaImageAttribute"
    " DescribeSecurityGroupReferences DescribeSpotFleetInstances DescribeSpotFleetRequestHistory"
    " DescribeVolumeAttribute DescribeVpcEndpointServicePermissions"
)


def lists(operation: str) -> bool:
    """Whether it is a Describe without a resource in the reference, which nearly all of them are."""
    return operation.startswith("Describe") and operation not in _WITH_RESOURCE.split()
