"""Topics, and who may end a subscription."""

from __future__ import annotations

from botocore import UNSIGNED
from botocore.config import Config

from secretwatch.verify.lab import Lab, refusal
from secretwatch.verify.model import Experiment, Seen, confirmed, refuted


def _unsubscribe(lab: Lab) -> Seen:
    sns = lab.client("sns")
    topic = lab.topic()
    lab.subscribe(topic)
    (found,) = lab.wait(
        "the subscription", lambda: sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    )
    arn = found["SubscriptionArn"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    authenticated = attributes.get("ConfirmationWasAuthenticated") == "true"
    anybody = lab.cloud.session.client(
        "sns", region_name=lab.cloud.region, config=Config(signature_version=UNSIGNED)
    )
    refused = refusal(lambda: anybody.unsubscribe(SubscriptionArn=arn))
    left = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    numbers = {"authenticated": authenticated, "refused": refused is not None, "left": len(left)}
    return Seen("stays" if left else "gone", numbers)


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        id="unsigned-unsubscribe",
        claim="Only a signed call ends a queue's subscription.",
        why="The link in an e-mail is a call without a signature. So anybody who has the e-mail "
        "can end its subscription, unless that was confirmed with "
        "`AuthenticateOnUnsubscribe`. A queue's subscription is always confirmed so.",
        source="Documented: https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html",
        outcomes={
            "stays": confirmed("The call without a signature left the subscription."),
            "gone": refuted("The subscription is gone."),
        },
        run=_unsubscribe,
        seconds=5,
        makes={"topic": 1, "queue": 1},
        calls=("sns:GetSubscriptionAttributes", "sns:ListSubscriptionsByTopic"),
        numbers={
            "authenticated": "whether ConfirmationWasAuthenticated is true",
            "refused": "whether the call without a signature was refused",
            "left": "subscriptions that are left",
        },
    ),
)
