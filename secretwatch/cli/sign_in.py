"""`secretwatch local sign-in`: a sign-in to the console, put in by hand, since nobody can make one here."""

from __future__ import annotations

import json

import click
from rich.markup import escape

from secretwatch import local as cloud
from secretwatch.cli.local_group import EXIT_CODES, local, out
from secretwatch.forms import ACCOUNT_ID


def _account(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not ACCOUNT_ID.fullmatch(value):
        raise click.BadParameter("an account's id has 12 digits.")
    return value


@local.command("sign-in", epilog=EXIT_CODES)
@click.option("--user", help="An IAM user signs in. Without this and --role it is root.")
@click.option("--role", help="A role's session signs in, as it does by single sign-on.")
@click.option("--session", help="Name of the role's session.  [default: console]")
@click.option("--mfa/--no-mfa", help="Whether the code of an MFA device is given.  [default: no-mfa]")
@click.option("--failed", is_flag=True, help="The password is wrong, or the user's name is.")
@click.option(
    "--account", default=cloud.ACCOUNT_ID, show_default=True, callback=_account, help="The account's id."
)
@click.option("--region", help="Region of a regional endpoint.  [default: the global one, us-east-1]")
@click.option("--source-ip", help="Address that the sign-in comes from.  [default: 127.0.0.1]")
@click.option("--user-agent", help="User agent of the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the event.")
def sign_in(
    user: str | None,
    role: str | None,
    session: str | None,
    mfa: bool,
    failed: bool,
    account: str,
    region: str | None,
    source_ip: str | None,
    user_agent: str | None,
    as_json: bool,
) -> None:
    """Sign in to the console: a ConsoleLogin goes to trails, event history and EventBridge."""
    event = cloud.require(cloud.find_state_dir()).sign_in(
        user=user,
        role=role,
        session=session,
        mfa=mfa,
        failed=failed,
        account_id=account,
        region=region,
        source_ip_address=source_ip,
        user_agent=user_agent,
    )
    if as_json:
        out.print_json(json.dumps(event))
        return
    identity = event["userIdentity"]
    who = identity.get("userName") or identity.get("arn") or identity["type"]
    outcome = event["responseElements"]["ConsoleLogin"]
    used = event["additionalEventData"]["MFAUsed"]
    out.print(
        f"ConsoleLogin of {escape(str(who))}: {outcome}, MFA used: {used}, "
        f"{event['awsRegion']}, event {event['eventID']}",
        soft_wrap=True,
    )
