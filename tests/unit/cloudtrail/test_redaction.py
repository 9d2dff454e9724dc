"""No secret stands in an event: by name, over the models of all services, and where names do not say it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from apis import SESSION, model, words

from secretwatch.cloudtrail import event_source, request_parameters, response_elements
from secretwatch.cloudtrail.redaction import HIDDEN, Treatment, is_sensitive, treatment

SECRET = "3 coffees"

# What no model marks and is hidden by its name, in any service that there is.
HIDDEN_BY_NAME = words(
    """
    ADDomainJoinPassword APIKey AcceptCode AccessToken ActivationCode ApiKey AuthCode AuthToken
    AuthenticationCode1 AuthenticationCode2 BearerToken BillingToken CallbackToken
    CdnIdentifierSecret CertificateSecret ChallengeCode ClientSecret ConfigurationToken
    ConfirmationCode ConnectionToken Credential CrossRealmTrustPrincipalPassword CustomUserData
    DeviceToken DomainJoinServiceAccountSecret ExportToken GrantToken GrantTokens HECToken
    HsmPartitionPassword IdToken ImportToken InitialConfigurationToken KdcAdminPassword
    LicenseConsumptionToken MasterUserPassword OneTimePassword Otp ParticipantToken Password
    Passwords PersonalPIN PreCoPassword PreSharedKey PrivateKey ProcurementPortalSharedSecret
    RefreshToken RegistrationToken RemovePrivateKey Secret SecretAccessKey SecretKey SecretToken
    ServiceAccountPassword SessionToken SignedToken SyncSessionToken Token TokenCode UnlockCode
    UserData VerificationCode VerificationToken ViewToken WebProxyPassword accessToken
    activationCode apiKey apiToken authCode authKey authorizationApiKeyValue authorizationCode
    authorizationToken certificatePrivateKey confirmationToken credential deviceCode grafanaToken
    idToken inviteCode jobToken jwtToken marketplaceRegistrationToken masterUserPassword offerToken
    password privateKey refreshToken secret secretAccessKey sessionToken taskToken
    taxDocumentAccessToken token userCode userData userManagedClientApplicationClientSecret
    """
)

# What is named like a secret at first sight, and is shown.
SHOWN = words(
    """
    AmznClientToken BlockToken ChangeToken CheckpointToken ClientRequestToken ClientToken
    ConditionalToken ContinuationToken CopyProductToken CreationToken DkimTokens EventSourceToken
    ExecuteToken FeedbackToken FirstBlockToken HooksRequestToken HttpTokens IdempotencyToken
    LifecycleActionToken ListUpdateToken LockToken LogAnomalyToken NextContinuationToken
    NextLockToken NextPageToken NextPollConfigurationToken NextToken NextWebACLLockToken PageToken
    PaginationToken PolicyUpdateToken PortfolioShareToken ProvisionToken PurchaseToken RequestToken
    ResultToken RetrievalToken SecondBlockToken SourceUpdateToken StartingToken
    SubjectFromWebIdentityToken TerminateToken Tokens UniqueRequestToken UpdateToken UpdatedToken
    ViewVersionToken WebACLLockToken WorkUnitToken WorkflowToken clientRequestToken clientToken
    continuationToken expectedSequenceToken httpTokens idempotencyToken lastClientRequestToken
    nextBackwardToken nextChunkToken nextForwardToken nextMessageToken nextPageToken
    nextSequenceToken nextToken pageToken previewToken profileToken sequenceToken startingToken
    termToken uploadSequenceToken versionToken
    """
)


def texts() -> Iterator[tuple[str, str, Any, str]]:
    """Service, name, shape and structure of every text of every service that its model does not mark."""
    for service in SESSION.get_available_services():
        for structure in model(service).shape_names:
            shape = model(service).shape_for(structure)
            for name, member in getattr(shape, "members", {}).items():
                inner = member.member if member.type_name == "list" else member
                if inner.type_name == "string" and not is_sensitive(member):
                    yield service, name, member, structure


@pytest.mark.later
def test_what_is_named_like_a_secret_is_hidden_in_every_service() -> None:
    hidden, looks_like_one = set(), set()
    for _, name, member, structure in texts():
        if treatment("any.amazonaws.com", name, member, structure) is Treatment.HIDE:
            hidden.add(name)
        elif name.lower().endswith(("password", "secret", "credential", "token", "tokens", "privatekey")):
            looks_like_one.add(name)
    assert hidden == HIDDEN_BY_NAME
    assert looks_like_one == SHOWN


def shown(service: str, operation: str, **parameters: Any) -> str:
    called = model(service).operation_model(operation)
    source = event_source(model(service).signing_name)
    return str(request_parameters(source, called.input_shape, parameters, operation, "id"))


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        (
            "sns",
            "CreatePlatformApplication",
            {
                "Name": "a",
                "Platform": "GCM",
                "Attributes": {"PlatformCredential": SECRET, "PlatformPrincipal": SECRET},
            },
        ),
        ("sns", "ConfirmSubscription", {"TopicArn": "t", "Token": SECRET}),
        ("iam", "EnableMFADevice", {"UserName": "u", "AuthenticationCode1": SECRET}),
        ("iam", "ResyncMFADevice", {"UserName": "u", "AuthenticationCode2": SECRET}),
        ("apigateway", "CreateApiKey", {"name": "k", "value": SECRET}),
        (
            "ses",
            "SendEmail",
            {"Source": "a@b", "Message": {"Subject": {"Data": SECRET}, "Body": {"Html": {"Data": SECRET}}}},
        ),
        (
            "sesv2",
            "SendEmail",
            {"Content": {"Simple": {"Subject": {"Data": SECRET}, "Body": {"Text": {"Data": SECRET}}}}},
        ),
        ("ses", "SendTemplatedEmail", {"Template": "t", "TemplateData": SECRET}),
        ("scheduler", "CreateSchedule", {"Name": "s", "Target": {"Arn": "a", "Input": SECRET}}),
        ("logs", "TestMetricFilter", {"filterPattern": "x", "logEventMessages": [SECRET]}),
        ("ssm", "CreateDocument", {"Name": "d", "Content": SECRET}),
        ("ec2", "CreateVerifiedAccessTrustProvider", {"OidcOptions": {"ClientSecret": SECRET}}),
        ("glue", "CreateConnection", {"ConnectionInput": {"ConnectionProperties": {"PASSWORD": SECRET}}}),
        ("elasticache", "CreateUser", {"UserId": "u", "Passwords": [SECRET]}),
    ],
)
def test_secrets_are_not_shown(service: str, operation: str, parameters: dict[str, Any]) -> None:
    kept = shown(service, operation, **parameters)
    assert SECRET not in kept
    assert kept != "None"


def test_an_api_keys_value_is_not_shown_in_the_answer_and_its_id_is() -> None:
    called = model("apigateway").operation_model("CreateApiKey")
    kept = response_elements("apigateway.amazonaws.com", called.output_shape, {"id": "k", "value": SECRET})
    assert kept == {"id": "k", "value": HIDDEN}
    assert "'k'" in shown("apigateway", "DeleteApiKey", apiKey="k")


def test_values_that_have_the_same_name_are_shown() -> None:
    change = {"op": "replace", "path": "/name", "value": "new"}
    assert "new" in shown("apigateway", "UpdateApiKey", apiKey="k", patchOperations=[change])


@pytest.mark.parametrize(
    ("endpoint", "hidden"),
    [
        ("https://ann:3coffees@example.com/in", f"https://ann:{HIDDEN}@example.com/in"),
        ("https://ann:3@cof@example.com/in", f"https://ann:{HIDDEN}@example.com/in"),
        ("https://example.com/in?to=ann@example.com", "https://example.com/in?to=ann@example.com"),
        ("https://example.com:8080/ann@example.com", "https://example.com:8080/ann@example.com"),
        ("ann@example.com", "ann@example.com"),
    ],
)
def test_the_password_of_a_url_is_hidden(endpoint: str, hidden: str) -> None:
    called = model("sns").operation_model("Subscribe")
    parameters = {"TopicArn": "t", "Endpoint": endpoint}
    kept = request_parameters("sns.amazonaws.com", called.input_shape, parameters)
    assert kept == {"topicArn": "t", "endpoint": hidden}
