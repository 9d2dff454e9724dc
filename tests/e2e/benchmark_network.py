"""The calls of EC2 that the benchmark's alarms are on: VPCs, security groups, ACLs, gateways, routes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmark import Account, Steps


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
