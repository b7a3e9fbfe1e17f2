"""The KMS key behind what a messaging service keeps: that it is there, and that whoever sends may use it.

https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trailwarden.arn import Arn
from trailwarden.catalog.checks import Check
from trailwarden.policy import ContextValue
from trailwarden.services.call import Call
from trailwarden.services.world import World

__all__ = ["MessageKey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageKey:
    """A key as a topic or a queue names it: an id, an alias or an ARN; "" for none. `encryption` is the encryption context."""

    given: str
    service: str
    account: str
    region: str
    encryption: Mapping[str, str] = field(default_factory=dict)

    @property
    def managed(self) -> bool:
        """Whether it is the key that AWS manages for the service: it serves everybody in the account, and no service."""
        return self.given.endswith(f"alias/aws/{self.service}")

    @property
    def optional(self) -> bool:
        """Whether nothing is to be asked of a caller of the account."""
        return not self.given or self.managed

    def arn(self, world: World) -> str | None:
        """The key's ARN; None where there is none."""
        place = self.given if self.given.startswith("alias/") else f"key/{self.given}"
        text = self.given if self.given.startswith("arn:") else f"arn:aws:kms:{self.region}:{self.account}:{place}"
        arn = Arn.parse(text)
        facts = world.resource(arn) if arn is not None and arn.service == "kms" else None
        return None if facts is None else facts.arn or text

    def refused(self, call: Call, world: World, actions: tuple[str, ...]) -> str:
        """The first of the actions that the caller may not do with the key, "" for none."""
        key, via = self.arn(world), f"{self.service}.amazonaws.com"
        for action in actions:
            check = Check(action=action, resource=key or "*", context=self._context())
            if key is None or not world.caller_may(call, check, via=via):
                return action
        return ""

    def service_may(
        self, world: World, service: str, actions: tuple[str, ...], context: Mapping[str, ContextValue]
    ) -> bool:
        """Whether an AWS service that sends may use the key; one that AWS manages lets no service in.

        https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
        """
        if not self.given:
            return True
        key = None if self.managed else self.arn(world)
        told = {**context, **self._context()}
        return key is not None and all(world.service_may(service, action, key, told) for action in actions)

    def _context(self) -> dict[str, str | tuple[str, ...]]:
        told: dict[str, str | tuple[str, ...]] = {
            f"kms:EncryptionContext:{name}": value for name, value in self.encryption.items()
        }
        told["kms:EncryptionContextKeys"] = tuple(self.encryption)
        told["kms:ViaService"] = f"{self.service}.{self.region}.amazonaws.com"
        return told
