"""Policies and callers, written short."""

from secretwatch.policy import Principal, Request

ACCOUNT = "111111111111"
ANN = f"arn:aws:iam::{ACCOUNT}:user/staff/ann"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/reader"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-AbCdEf"
READ = "secretsmanager:GetSecretValue"
CLOUDTRAIL = Principal.of("cloudtrail.amazonaws.com")


def statement(effect: str = "Allow", **elements: object) -> dict:
    return {"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*"} | elements


def policy(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def identity(effect: str = "Allow", **elements: object) -> dict:
    return policy({"Effect": effect, "Action": READ, "Resource": "*"} | elements)


def caller(arn: str) -> Request:
    return Request(Principal.of(arn), READ, SECRET)
