"""Channels of chats, as far as they can be asked about without a workspace."""

from __future__ import annotations

from secretwatch.verify.kinds import CHATBOT_REGION, tags
from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment, Seen, confirmed, refuted

_CREATE = "https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html"

NOBODYS_WORKSPACE = "T000000000"
"""Of the form of Slack's ids, and no workspace's."""


def _workspace_of_nobody(lab: Lab) -> Seen:
    role = lab.role("chatbot")
    name = lab.thing("chat channel")
    chatbot = lab.cloud.client("chatbot", CHATBOT_REGION)
    wanted = [{"TagKey": each["Key"], "TagValue": each["Value"]} for each in tags(lab.experiment)]
    refused = refusal(
        lambda: chatbot.create_slack_channel_configuration(
            ConfigurationName=name,
            # If it is taken all the same, nobody in that channel may do anything.
            GuardrailPolicyArns=[f"arn:{lab.cloud.partition}:iam::aws:policy/AWSDenyAll"],
            IamRoleArn=role,
            SlackChannelId="C000000000",
            SlackTeamId=NOBODYS_WORKSPACE,
            Tags=wanted,
        ),
        ("InvalidRequestException", "InvalidParameterException", "ValidationException"),
    )
    return Seen("refused" if refused else "taken", {"invalid request": refused == "InvalidRequestException"})


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="chat-workspace-of-nobody",
        claim="A channel of a workspace that nobody authorised is refused.",
        why="Otherwise an apply would succeed although its channel stays silent, and people would "
        "think that they have a watch.",
        source="AWS says that somebody has to authorise a workspace first, and not what happens "
        f"otherwise: {_CREATE}",
        outcomes={
            "refused": confirmed("CreateSlackChannelConfiguration refused it."),
            "taken": refuted("CreateSlackChannelConfiguration took it."),
        },
        run=_workspace_of_nobody,
        seconds=10,
        makes={"chat channel": 1, "role": 1},
        numbers={"invalid request": "whether the error was InvalidRequestException"},
    ),
)
