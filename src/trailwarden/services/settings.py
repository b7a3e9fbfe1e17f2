"""What whoever runs the server may set."""

from dataclasses import dataclass

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings that reach the services. Intervals are in seconds.

    `authorization_tail`: whether denials end in the authorization id and how to look it up.
    `oidc`: the folder with the keys of OpenID Connect issuers (`<issuer>/jwks.json`), "" for none.
    `templates`: the folder with templates of roles and of delegation requests (`role/*.json`, `delegation/*.json`).
    `enforce_rates`: whether AWS's request rates (LookupEvents 2 a second …) are enforced; off by default.
    """

    partition: str = "aws"
    region: str = "us-east-1"
    regions: tuple[str, ...] = (
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1",
        "eu-north-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
        "ap-southeast-2", "ca-central-1", "sa-east-1",
    )  # fmt: skip
    delivery_interval: float = 300.0
    digest_interval: float = 3600.0
    authorization_tail: bool = False
    enforce_rates: bool = False
    endpoint: str = "http://127.0.0.1:4566"
    oidc: str = ""
    templates: str = ""
