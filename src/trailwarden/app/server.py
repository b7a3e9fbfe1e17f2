"""The composition root: from a configuration to a running server. Everything ambient comes in here, and only here."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from trailwarden import catalog, wire
from trailwarden.app.config import Config
from trailwarden.app.diagnosing import Diagnoser
from trailwarden.app.founding import Founded, found, open_vault, write_client_files
from trailwarden.app.front import Front
from trailwarden.app.own import Own
from trailwarden.auth.authorize import Authorizer
from trailwarden.auth.credentials import Authenticator
from trailwarden.auth.facts import FactsProvider
from trailwarden.auth.resolve import Resolver
from trailwarden.auth.sealing import Vault
from trailwarden.auth.stages import Authorized, Caller
from trailwarden.catalog.checks import Check
from trailwarden.clock import Chance, Clock, system_clock
from trailwarden.delivery.keys import Keyring
from trailwarden.delivery.worker import Deliverer
from trailwarden.errors import ServiceUnavailable
from trailwarden.events.record import Recorder
from trailwarden.lake import Lake
from trailwarden.lake.asking import Asking
from trailwarden.lake.upkeep import Keeper
from trailwarden.pipeline import Pipeline
from trailwarden.policy import ContextValue, Principal, PrincipalKind
from trailwarden.services import (
    access,
    accessanalyzer,
    cloudtrail,
    eventbridge,
    iam,
    kms,
    logs,
    neighbours,
    organizations,
    s3,
    sns,
    sqs,
    sts,
    toolbox,
)
from trailwarden.services import config as aws_config
from trailwarden.services.dispatch import dispatch
from trailwarden.services.settings import Settings
from trailwarden.services.world import World
from trailwarden.storage import Storage, StorageUnavailable, Transaction, open_storage
from trailwarden.wire import HttpRequest, Parsed
from trailwarden.wire.asgi import Edge

__all__ = ["FACTS", "SERVICES", "Handling", "Server", "build"]

_log = logging.getLogger(__name__)

_YOUNG, _MIDDLE, _OLD = 20_000, 20, 20
"""Objects made before the collector looks for cycles among them, and its rounds before it looks among older ones."""

SERVICES = (
    access,
    accessanalyzer,
    cloudtrail,
    aws_config,
    eventbridge,
    iam,
    kms,
    logs,
    neighbours,
    organizations,
    s3,
    sns,
    sqs,
    sts,
    toolbox,
)
"""The services that are built; importing each has registered its operations."""

FACTS: Mapping[str, FactsProvider] = {
    "cloudtrail": cloudtrail.cloudtrail_facts,
    "config": aws_config.config_facts,
    "events": eventbridge.events_facts,
    "iam": iam.iam_facts,
    "kms": kms.kms_facts,
    "logs": logs.logs_facts,
    "organizations": organizations.organizations_facts,
    "s3": s3.s3_facts,
    "sns": sns.sns_facts,
    "sqs": sqs.sqs_facts,
    "trailwarden": access.access_facts,
}
"""Which service knows the facts of which ARNs."""

LOOKUPS = {**cloudtrail.CLOUDTRAIL_LOOKUPS, **iam.IAM_LOOKUPS, **kms.KMS_LOOKUPS, **aws_config.CONFIG_LOOKUPS}
"""What services tell the catalog about names in a call."""

DIAGNOSER = Diagnoser(LOOKUPS)
"""Diagnosis, for the service that offers it over the wire."""


_KEY_STATES: Mapping[str, str] = {
    "": "",
    "Disabled": "DisabledException",
    "PendingDeletion": "KMSInvalidStateException",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The last stage: the call's own world, and its handler's answer."""

    storage: Storage
    authorizer: Authorizer
    vault: Vault
    chance: Chance
    settings: Settings

    def __call__(self, authorized: Authorized, transaction: Transaction) -> Mapping[str, Any]:
        """The operation's result. Raises as `dispatch`."""
        world = World(
            transaction=transaction,
            storage=self.storage,
            authorizer=self.authorizer,
            vault=self.vault,
            chance=self.chance,
            now=authorized.resolved.authenticated.now,
            settings=self.settings,
            facts=FACTS,
            diagnosing=DIAGNOSER,
        )
        return dispatch(authorized, world)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that is put together; `asgi` answers, its lifespan starts and stops the deliveries; `ending` ends all waiting."""

    config: Config
    founded: Founded
    region: str
    storage: Storage
    deliverer: Deliverer
    asgi: Edge
    ending: Callable[[], None]

    @property
    def account(self) -> str:
        """The first account's id."""
        return self.founded.account


def build(config: Config, *, clock: Clock = system_clock, chance: Chance | None = None) -> Server:
    """Open or found everything below `config.data`. Raises Unusable, StorageUnavailable."""
    chance = chance or Chance()
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = _settings(config)
    vault = open_vault(config.data, chance)
    storage = open_storage(config.database_url, blobs=config.blobs_url, clock=clock)
    try:
        founded = found(config, storage, vault, chance, now=clock())
        write_client_files(config, founded, settings.region)
    except BaseException:
        storage.close()
        raise
    authorizer = Authorizer(FACTS, chance=chance, tail=config.authorization_tail, vault=vault)
    authenticator = Authenticator(vault, clock, region=settings.region, signing_region=s3.signing_region)
    handling = Handling(storage=storage, authorizer=authorizer, vault=vault, chance=chance, settings=settings)
    front = Front(pipeline=_pipeline(handling, authenticator, Recorder(chance, clock)), chance=chance)
    world = partial(
        _world, storage=storage, authorizer=authorizer, vault=vault, clock=clock, chance=chance, settings=settings
    )
    buckets = _buckets(storage, authorizer, clock, chance, settings)
    deliverer = Deliverer(
        storage,
        buckets,
        vault=vault,
        clock=clock,
        chance=chance,
        delivery_interval=config.delivery_interval,
        digest_interval=config.digest_interval,
        log_groups=logs.GroupDestination(world),
        notices=sns.TopicNotices(world),
    )
    lake = Lake(storage, config.lake_folder, config.lake_catalog, clock, chance)
    workers = (
        deliverer,
        sns.Postman(storage, world, config.endpoint, clock),
        sqs.QueueUpkeep(storage, world, clock),
        eventbridge.Carrier(storage, world, clock),
        access.Expirer(storage, world, clock, retention=config.access_request_retention),
        cloudtrail.InsightsWatch(storage, clock, chance, config.insights),
        Keeper(lake, clock, seal_interval=config.seal_interval),
        Asking(lake, clock, chance.uuid(), Keyring(vault), buckets),
        cloudtrail.Importer(lake, world, clock),
        cloudtrail.Refresher(storage, world, clock),
    )
    return Server(
        config=config,
        founded=founded,
        region=settings.region,
        storage=storage,
        deliverer=deliverer,
        asgi=Edge(
            front.answer,
            admit=_admitting(storage, authenticator),
            own=Own(front, storage, settings.region).answer,
            startup=_starting(workers),
            shutdown=_closing(workers, storage),
        ),
        ending=front.end,
    )


def _buckets(
    storage: Storage, authorizer: Authorizer, clock: Clock, chance: Chance, settings: Settings
) -> s3.BucketDestination:
    return s3.BucketDestination(
        storage,
        authorize=_service_asks(authorizer, clock, settings),
        clock=clock,
        chance=chance,
        key_refusal=_key_refusal(authorizer),
    )


def _settings(config: Config) -> Settings:
    return Settings(
        delivery_interval=config.delivery_interval,
        digest_interval=config.digest_interval,
        authorization_tail=config.authorization_tail,
        enforce_rates=config.enforce_rates,
        endpoint=config.endpoint,
        oidc=str(config.data.resolve() / "oidc"),
        templates=str(config.data.resolve() / "templates"),
    )


def _pipeline(handling: Handling, authenticator: Authenticator, recorder: Recorder) -> Pipeline:
    return Pipeline(
        storage=handling.storage,
        authenticate=authenticator.authenticate,
        resolve=Resolver(catalog.checks_of, LOOKUPS).resolve,
        authorize=handling.authorizer.authorize,
        handle=handling,
        record=recorder.record,
        report=_report,
    )


def _admitting(storage: Storage, authenticator: Authenticator) -> Callable[[HttpRequest], None]:
    """Whether whoever is about to send a large body is proved by the head of the request."""

    def admit(head: HttpRequest) -> None:
        try:
            authenticator.admit(head, wire.route(head), storage.begin())
        except StorageUnavailable as error:
            raise ServiceUnavailable from error

    return admit


def _report(fault: Exception, call: Parsed) -> None:
    _log.error("%s:%s failed, request %s", call.route.service, call.route.operation, call.request_id, exc_info=fault)


class _Worker(Protocol):
    """What works beside the calls, on a thread of its own."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def _starting(workers: Iterable[_Worker]) -> Callable[[], Awaitable[None]]:
    async def start() -> None:
        _spare_the_collector()
        for worker in workers:
            worker.start()

    return start


def _spare_the_collector() -> None:
    """What stands now stands until the end: the cyclic collector need not walk through it again and again.

    A call leaves no cycles behind unless it fails, so that it may look for them seldom.
    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def _closing(workers: Iterable[_Worker], storage: Storage) -> Callable[[], Awaitable[None]]:
    """What is due is still delivered, off the event loop."""

    async def close() -> None:
        for worker in workers:
            await asyncio.to_thread(worker.stop)
        await asyncio.to_thread(storage.close)

    return close


def _world(  # noqa: PLR0913 — a world is all of this
    transaction: Transaction,
    *,
    storage: Storage,
    authorizer: Authorizer,
    vault: Vault,
    clock: Clock,
    chance: Chance,
    settings: Settings,
) -> World:
    """The world as a service sees it that acts by itself."""
    return World(
        transaction=transaction,
        storage=storage,
        authorizer=authorizer,
        vault=vault,
        chance=chance,
        now=clock(),
        settings=settings,
        facts=FACTS,
        diagnosing=DIAGNOSER,
    )


def _key_refusal(authorizer: Authorizer) -> Callable[[str, Transaction], str]:
    """The code with which KMS refuses a key that is gone or cannot be used now."""

    def refusal(key: str, tx: Transaction) -> str:
        facts = authorizer.facts_of(key, tx)
        if facts is None or facts.absent:
            return "NotFoundException"
        return _KEY_STATES[facts.unusable]

    return refusal


def _service_asks(
    authorizer: Authorizer, clock: Clock, settings: Settings
) -> Callable[[str, str, str, Mapping[str, ContextValue], Transaction], bool]:
    """Whether a resource's policies let an AWS service do something, as delivery asks."""

    def ask(service: str, action: str, resource: str, context: Mapping[str, ContextValue], tx: Transaction) -> bool:
        caller = Caller(principal=Principal(kind=PrincipalKind.SERVICE, account="", arn=service))
        check = Check(action=action, resource=resource)
        judged = authorizer.judge(caller, check, tx, now=clock(), region=settings.region, context=context)
        return judged.decision.allowed

    return ask
