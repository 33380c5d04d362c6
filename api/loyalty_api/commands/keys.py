"""`loyalty keys`: make, list and revoke API keys."""

import argparse
from datetime import datetime

from loyalty_api.commands.outcome import OK, Output, refused
from loyalty_api.commands.session import Session, instant, with_engine
from loyalty_api.settings import Settings
from loyalty_engine.entities.business import CREDENTIAL_KINDS
from loyalty_engine.services.credentials import (
    SCOPES,
    CreateCredential,
    create_credential,
    list_credentials,
    revoke_credential,
)
from loyalty_engine.services.refusals import Refusal
from loyalty_engine.store.credentials import CredentialRow


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands."""
    keys = commands.add_parser("keys", help="make, list and revoke API keys").add_subparsers(
        required=True, metavar="ACTION"
    )
    creating = keys.add_parser("create", help="make a key; prints it, once")
    creating.add_argument("slug", metavar="SLUG", help="the business")
    creating.add_argument("--kind", required=True, choices=CREDENTIAL_KINDS)
    creating.add_argument("--name", required=True, help="for whom or what it is, for people")
    creating.add_argument(
        "--scope", action="append", choices=sorted(SCOPES), help="repeatable; left out: those of the kind"
    )
    creating.add_argument(
        "--source",
        action="append",
        metavar="SOURCE",
        help="repeatable; the only ones it may write; left out: any",
    )
    creating.add_argument("--partner", metavar="KEY", help="the partner that a key of kind partner acts for")
    creating.add_argument("--expires-at", type=instant, metavar="INSTANT", help="as 2027-01-01T00:00:00Z")
    creating.set_defaults(run=create)
    listing = keys.add_parser("list", help="all keys of a business, without their secrets")
    listing.add_argument("slug", metavar="SLUG", help="the business")
    listing.set_defaults(run=list_keys)
    revoking = keys.add_parser("revoke", help="end a key for ever")
    revoking.add_argument("slug", metavar="SLUG", help="the business")
    revoking.add_argument(
        "key_id", metavar="ID", help="the third part of the key, also shown by `loyalty keys list`"
    )
    revoking.set_defaults(run=revoke)


def create(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """A new key."""
    wanted = CreateCredential(
        arguments.kind,
        arguments.name,
        None if arguments.scope is None else frozenset(arguments.scope),
        None if arguments.source is None else frozenset(arguments.source),
        arguments.partner,
        arguments.expires_at,
    )

    async def work(session: Session) -> int:
        made = await create_credential(session.engine, session.caller(arguments.slug), wanted)
        if isinstance(made, Refusal):
            raise refused(made)
        output.result(
            {
                "id": made.key.key_id,
                "key": made.key.text,
                "kind": wanted.kind,
                "environment": made.key.environment,
                "scopes": sorted(made.scopes),
            },
            f"the key {wanted.name!r}, which is not shown again:",
            made.key.text,
        )
        return OK

    return with_engine(output, settings, work)


def list_keys(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """All keys of a business."""

    async def work(session: Session) -> int:
        rows = await list_credentials(session.engine, session.caller(arguments.slug))
        now = session.engine.clock.now()
        output.table(
            [_document(row, now) for row in rows],
            ("id", "kind", "name", "state", "scopes"),
            [(row.key_id, row.kind, row.name, _state(row, now), " ".join(row.scopes)) for row in rows],
        )
        return OK

    return with_engine(output, settings, work)


def revoke(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """The end of a key."""

    async def work(session: Session) -> int:
        answer = await revoke_credential(session.engine, session.caller(arguments.slug), arguments.key_id)
        if isinstance(answer, Refusal):
            raise refused(answer)
        output.result(
            {"id": arguments.key_id, "revokedAt": answer.revoked_at},
            f"key {arguments.key_id} is revoked since {answer.revoked_at.isoformat()}",
        )
        return OK

    return with_engine(output, settings, work)


def _state(row: CredentialRow, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "in use"


def _document(row: CredentialRow, now: datetime) -> dict[str, object]:
    return {
        "id": row.key_id,
        "kind": row.kind,
        "name": row.name,
        "environment": row.environment,
        "state": _state(row, now),
        "scopes": list(row.scopes),
        "sources": None if row.sources is None else list(row.sources),
        "partner": row.partner,
        "expiresAt": row.expires_at,
        "revokedAt": row.revoked_at,
        "createdAt": row.created_at,
    }
