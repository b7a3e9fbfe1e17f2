"""UpdateOpenIDConnectProvider: the mapping from a provider's claims into trusted context.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProvider.html
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trailwarden.services.call import Call
from trailwarden.services.iam.errors import InvalidInput
from trailwarden.services.iam.identity_providers import OIDC, oidc_named
from trailwarden.services.registry import operation
from trailwarden.services.world import World

__all__ = ["update_oidc_provider"]


@operation("iam:UpdateOpenIDConnectProvider")
def update_oidc_provider(call: Call, world: World) -> Mapping[str, Any]:
    """Set, replace or remove the context provider. There is no IAM Identity Center here whose instance could be associated.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProvider.html
    """
    asked = call.params
    provider = oidc_named(call, world, asked["OpenIDConnectProviderArn"])
    given, removed = asked.get("ContextProvider"), bool(asked.get("RemoveContextProvider"))
    if "IdentityCenterInstanceArn" in asked:
        raise InvalidInput(reason="The IAM Identity Center instance does not exist.")
    if given is not None and removed:
        raise InvalidInput(reason="ContextProvider and RemoveContextProvider exclude each other.")
    if removed and asked.get("RemoveIdentityCenterInstance"):
        raise InvalidInput(reason="One request changes the context provider or the association, not both.")
    if given is not None:
        _check(given)
    context = {} if removed else dict(given) if given is not None else provider.context_provider
    world.put(OIDC, call.account, "", provider.arn, msgspec.structs.replace(provider, context_provider=context))
    return {}


def _check(given: Mapping[str, Any]) -> None:
    if "SubjectTypeValue" in given and "SubjectTypeSourceKey" in given:
        raise InvalidInput(reason="SubjectTypeValue and SubjectTypeSourceKey exclude each other.")
