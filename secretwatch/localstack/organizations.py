"""AWS Organizations, as moto has it, and what CloudTrail asks of it."""

from __future__ import annotations


class OrganizationsProvider:
    """LocalStack's provider for the service ``organizations``: every call is moto's."""

    service = "organizations"
