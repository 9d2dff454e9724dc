"""What somebody's shell and home folder may have of real accounts, and what would lead a client elsewhere."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import botocore

KEY_ID = "AKIAQX4SECRETWATCH3Z"
"""The caller's access key; it stands in the value of every trap that has room for it."""
PORTS = ENDPOINT, PROXY, METADATA = 8001, 8002, 8003
"""Of the traps."""
# What the provider 5.100.0 knows and botocore does not, or not any more.
_OF_THE_PROVIDER = ("ELASTIC_TRANSCODER", "LOOKOUTMETRICS", "OPSWORKS", "QLDB", "WORKLINK")
_URL = f"http://127.0.0.1:{ENDPOINT}/{KEY_ID}"


def services() -> set[str]:
    """AWS's services as they stand in variables: by the name of their client, and by their id."""
    names = set(_OF_THE_PROVIDER)
    for model in (Path(botocore.__file__).parent / "data").glob("*/*/service-2.json.gz"):
        with gzip.open(model) as file:
            found = re.search(rb'"serviceId":\s*"([^"]+)"', file.read(8192))
        names.add(model.parts[-3])
        if found:
            names.add(found[1].decode())
    return {re.sub("[ -]", "_", name).upper() for name in names}


def endpoints() -> dict[str, str]:
    """Every variable by which a service's endpoint can be named.

    The provider's own: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/custom-service-endpoints
    """
    forms = ("AWS_ENDPOINT_URL_{}", "AWS_{}_ENDPOINT", "TF_AWS_{}_ENDPOINT")
    return {form.format(name): _URL for name in services() for form in forms} | {
        "AWS_ENDPOINT": _URL,
        "AWS_ENDPOINT_URL": _URL,
    }


def proxies() -> dict[str, str]:
    """These a child gets, as providers may come through one. Nothing of the local cloud's may go there."""
    url = f"http://127.0.0.1:{PROXY}"
    return {name: url for each in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (each, each.lower())}


def settings(home: Path) -> dict[str, str]:
    """Credentials, and ways to them, of the AWS CLI, the SDKs and the provider."""
    return {
        "AMAZON_KEY": KEY_ID,
        "AWS_ACCESS_KEY": KEY_ID,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_CA_BUNDLE": f"/{KEY_ID}.pem",
        "AWS_CLI_AUTO_PROMPT": "on",
        "AWS_CONFIG_FILE": str(home / KEY_ID / "config"),
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": KEY_ID,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{METADATA}/{KEY_ID}",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": f"/{KEY_ID}",
        "AWS_CREDENTIAL_EXPIRATION": "2099-01-01T00:00:00Z",
        "AWS_DATA_PATH": str(home / KEY_ID),
        "AWS_DEFAULT_PROFILE": KEY_ID,
        "AWS_DEFAULTS_MODE": "mobile",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{METADATA}/{KEY_ID}",
        "AWS_ENABLE_ENDPOINT_DISCOVERY": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_PROFILE": KEY_ID,
        "AWS_ROLE_ARN": f"arn:aws:iam::111122223333:role/{KEY_ID}",
        "AWS_ROLE_SESSION_NAME": KEY_ID,
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": "legacy",
        "AWS_S3_USE_ARN_REGION": "true",
        "AWS_SDK_LOAD_CONFIG": "1",
        "AWS_SDK_UA_APP_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": f"{KEY_ID}/secret",
        "AWS_SECURITY_TOKEN": KEY_ID,
        "AWS_SESSION_TOKEN": KEY_ID,
        "AWS_SHARED_CREDENTIALS_FILE": str(home / KEY_ID / "credentials"),
        "AWS_STS_REGIONAL_ENDPOINTS": "legacy",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(home / KEY_ID / "token"),
        "BOTO_CONFIG": str(home / KEY_ID / "boto"),
    }


def terraforms(home: Path) -> dict[str, str]:
    """What a shell may have for other runs of Terraform's. An argument that there is not would end a run."""
    commands = ("", "_version", "_init", "_apply", "_destroy", "_output", "_show", "_state")
    return {f"TF_CLI_ARGS{command}": f"-no-such={KEY_ID}" for command in commands} | {
        "TF_APPEND_USER_AGENT": KEY_ID,
        "TF_DATA_DIR": str(home / f"data-{KEY_ID}"),
        "TF_LOG": "TRACE",
        "TF_LOG_CORE": "TRACE",
        "TF_LOG_PATH": str(home / f"log-{KEY_ID}"),
        "TF_LOG_PROVIDER": "TRACE",
        "TF_REATTACH_PROVIDERS": f'{{"{KEY_ID}": {{}}}}',
        "TF_VAR_email_address": f"{KEY_ID}@example.com",
        "TF_VAR_secret_value": KEY_ID,
        "TF_WORKSPACE": KEY_ID,
    }


def write_files(home: Path, touched: Path) -> None:
    """`~/.aws` and other files that lead elsewhere. touched: what a profile's credential_process makes."""
    program = f'touch {touched}; echo \'{{"Version": 1, "AccessKeyId": "{KEY_ID}", "SecretAccessKey": "x"}}\''
    script = home / "program"
    script.write_text(f"#!/bin/sh\n{program}\n")
    script.chmod(0o755)
    profile = f"""
credential_process = {script}
endpoint_url = {_URL}
ignore_configured_endpoint_urls = true
region = eu-west-3
services = elsewhere
use_dualstack_endpoint = true
use_fips_endpoint = true
"""
    config = f"""
[default]{profile}
[profile {KEY_ID}]{profile}
[profile role]
role_arn = arn:aws:iam::111122223333:role/{KEY_ID}
source_profile = {KEY_ID}
[profile sso]
sso_session = elsewhere
sso_account_id = 111122223333
sso_role_name = {KEY_ID}
[sso-session elsewhere]
sso_region = eu-west-3
sso_start_url = {_URL}
[services elsewhere]
""" + "".join(f"{name.lower()} =\n  endpoint_url = {_URL}\n" for name in sorted(services()))
    keys = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = x\naws_session_token = {KEY_ID}\n"
    for folder in (home / ".aws", home / KEY_ID):
        (folder / "models").mkdir(parents=True)
        (folder / "cli").mkdir()
        (folder / "cli/alias").write_text(f"[toplevel]\nsecretsmanager = !touch {touched}\n")
        (folder / "config").write_text(config)
        (folder / "credentials").write_text(f"[default]\n{keys}[static]\n{keys}")
        (folder / "token").write_text(KEY_ID)
        (folder / "boto").write_text(f"[Credentials]\n{keys}")
    (home / ".boto").write_text(f"[Credentials]\n{keys}")
