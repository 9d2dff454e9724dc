r"""What CloudWatch Logs calls sensitive: its managed data identifiers, and how those known here are found.

The names are those of AWS's page; some of them end in a country. AWS finds them "by machine learning and
pattern matching" and publishes no pattern, so only those are found here whose form is public. All others are
taken in a policy, and find nothing: `DETECTED` says which are found. A keyword, where one is needed, stands
within 30 characters of the data; a space in it may be missing, or be `_` or `-`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL-managed-data-identifiers.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

ARN = "arn:aws:dataprotection::aws:data-identifier/"
"""What stands before a managed identifier's name; other partitions have their own."""

_KEYWORD_DISTANCE = 30

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_BY_COUNTRY = {
    "BankAccountNumber": "DE ES FR GB IT US",
    "CepCode": "BR",
    "Cnpj": "BR",
    "CpfCode": "BR",
    "DriversLicense": f"AU CA US {_EU}",
    "DrugEnforcementAgencyNumber": "US",
    "ElectoralRollNumber": "GB",
    "HealthInsuranceCardNumber": "EU",
    "HealthInsuranceClaimNumber": "US",
    "HealthInsuranceNumber": "FR",
    "HealthcareProcedureCode": "US",
    "IndividualTaxIdentificationNumber": "US",
    "InseeCode": "FR",
    "MedicareBeneficiaryNumber": "US",
    "NationalDrugCode": "US",
    "NationalIdentificationNumber": "DE ES IT",
    "NationalInsuranceNumber": "GB",
    "NationalProviderId": "US",
    "NhsNumber": "GB",
    "NieNumber": "ES",
    "NifNumber": "ES",
    "PassportNumber": "CA DE ES FR GB IT US",
    "PermanentResidenceNumber": "CA",
    "PersonalHealthNumber": "CA",
    "PhoneNumber": "BR DE ES FR GB IT US",
    "PostalCode": "CA",
    "RgNumber": "BR",
    "SocialInsuranceNumber": "CA",
    "Ssn": "ES US",
    "TaxId": "DE ES FR GB",
    "ZipCode": "US",
}
_EVERYWHERE = (
    "Address AwsSecretKey CreditCardExpiration CreditCardNumber CreditCardSecurityCode EmailAddress "
    "IpAddress LatLong Name OpenSshPrivateKey PgpPrivateKey PhoneNumber PkcsPrivateKey PuttyPrivateKey "
    "VehicleIdentificationNumber"
)

MANAGED = frozenset(
    [
        *_EVERYWHERE.split(),
        *(f"{name}-{country}" for name, where in _BY_COUNTRY.items() for country in where.split()),
    ]
)
"""The names of all managed data identifiers."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """How data of one kind is found in a text."""

    pattern: re.Pattern[str]
    keywords: re.Pattern[str] | None = None
    """One of these has to stand near the data."""
    accepts: Callable[[str], bool] = bool
    """What has to be true of the data itself."""

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where such data stands: first character, and the one after its last."""
        if self.keywords is not None and not self.keywords.search(text):
            return
        for found in self.pattern.finditer(text):
            start, end = found.span()
            if start < end and self.accepts(found.group()) and self._has_keyword(text, start, end):
                yield start, end

    def _has_keyword(self, text: str, start: int, end: int) -> bool:
        if self.keywords is None:
            return True
        # A keyword that only reaches into the distance counts, too.
        near = (text[max(0, start - _KEYWORD_DISTANCE) : start], text[end : end + _KEYWORD_DISTANCE])
        return any(self.keywords.search(part) for part in near)


def _keywords(*words: str) -> re.Pattern[str]:
    spelled = ("[ _-]?".join(map(re.escape, word.split(" "))) for word in words)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(spelled)})(?![A-Za-z0-9])", re.IGNORECASE)


def _key_block(name: str) -> Identifier:
    return Identifier(re.compile(rf"-----BEGIN {name}-----.*?(?:-----END {name}-----|\Z)", re.DOTALL))


def _is_ip_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _passes_luhn(text: str) -> bool:
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return 13 <= len(digits) <= 19 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


DETECTED: dict[str, Identifier] = {
    "AwsSecretKey": Identifier(
        re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"),
        _keywords(
            "aws_secret_access_key", "credentials", "secret access key", "secret key", "set-awscredential"
        ),
    ),
    "CreditCardNumber": Identifier(
        re.compile(r"(?<![0-9])[2-6][0-9](?:[ -]?[0-9]){11,17}(?![0-9])"),
        _keywords(
            *("account number", "american express", "amex", "bank card", "card", "card number", "card num"),
            *("ccn", "check card", "credit", "dankort", "debit", "debit card", "diners club", "discover"),
            *("electron", "japanese card bureau", "jcb", "mastercard", "mc", "pan", "payment account number"),
            *("payment card number", "pcn", "union pay", "visa"),
        ),
        _passes_luhn,
    ),
    "CreditCardSecurityCode": Identifier(
        re.compile(r"(?<![0-9A-Za-z])[0-9]{3,4}(?![0-9A-Za-z])"),
        _keywords(
            *("card id", "card identification code", "card identification number", "card security code"),
            *("card validation code", "card validation number", "card verification data", "cvc", "cvc2"),
            *("card verification value", "cvv", "cvv2", "elo verification code"),
        ),
    ),
    "EmailAddress": Identifier(
        re.compile(
            r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
        )
    ),
    "IpAddress": Identifier(
        re.compile(
            r"(?<![\w.:])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+(?:\.[0-9]{1,3}){0,3})"
            r"(?![\w:]|\.[0-9])"
        ),
        accepts=_is_ip_address,
    ),
    "OpenSshPrivateKey": _key_block("OPENSSH PRIVATE KEY"),
    "PgpPrivateKey": _key_block("PGP PRIVATE KEY BLOCK"),
    "PkcsPrivateKey": Identifier(
        re.compile(
            r"-----BEGIN (?:RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY-----.*?"
            r"(?:-----END (?:RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY-----|\Z)",
            re.DOTALL,
        )
    ),
    "PuttyPrivateKey": Identifier(
        re.compile(r"PuTTY-User-Key-File-[23]:.*?(?:Private-MAC: ?[0-9a-f]+|\Z)", re.DOTALL)
    ),
    "Ssn-US": Identifier(
        re.compile(r"(?<![0-9-])(?!000|666|9)[0-9]{3}([- ]?)(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![0-9-])"),
        _keywords("social security", "ss#", "ssn"),
    ),
}
"""The managed data identifiers found here. AWS does not say how it finds them; their form is public."""
