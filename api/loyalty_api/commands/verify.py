"""`loyalty verify`: everything that is kept is rebuilt from the entries, while others go on writing."""

import argparse
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loyalty_api.commands.outcome import OK, CommandFailed, Output
from loyalty_api.commands.session import Session, with_engine
from loyalty_api.settings import Settings
from loyalty_engine.services.verification import Difference, Verified, all_checks, verify_business


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    verifying = commands.add_parser(
        "verify",
        help="rebuild every kept number from the entries, and name the first difference",
        description=(
            "Reads only, in snapshots that nobody waits for. Ends with 1 at a difference: of each business "
            "the first one is named, with the member, what it is of, what is stored and what was rebuilt."
        ),
    )
    verifying.add_argument("--business", metavar="SLUG", help="left out: all of them")
    verifying.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """Proves one business or all, or names what is wrong."""

    async def work(session: Session) -> int:
        found: dict[str, Verified] = {}
        for slug, business_id in _businesses(session, arguments.business).items():
            found[slug] = await _verify(session, slug, business_id)
        document = {"businesses": [_document(slug, verified) for slug, verified in found.items()]}
        differences = {slug: each.difference for slug, each in found.items() if each.difference is not None}
        checks = [{"name": check.name, "says": check.says} for check in all_checks()]
        if differences:
            message = "\n".join(_said(slug, difference) for slug, difference in differences.items())
            raise CommandFailed("difference_found", message, {**document, "checks": checks})
        output.result(
            {**document, "checks": checks},
            *(f"{slug}: {verified.members:,} members, no difference" for slug, verified in found.items()),
        )
        return OK

    return with_engine(output, settings, work)


def _businesses(session: Session, slug: str | None) -> dict[str, UUID]:
    return session.businesses() if slug is None else {slug: session.caller(slug).business_id}


async def _verify(session: Session, slug: str, business_id: UUID) -> Verified:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=session.output.as_json,
    ) as bar:
        task = bar.add_task(f"members of {slug}", total=None)
        return await verify_business(
            session.engine,
            business_id,
            lambda members: bar.update(task, total=members),
            lambda members: bar.advance(task, members),
        )


def _document(slug: str, verified: Verified) -> dict[str, object]:
    different = verified.difference
    return {
        "business": slug,
        "members": verified.members,
        "difference": None
        if different is None
        else {
            "check": different.check,
            "member": different.member,
            "memberId": different.member_id,
            "what": different.what,
            "stored": different.stored,
            "rebuilt": different.rebuilt,
        },
    }


def _said(slug: str, different: Difference) -> str:
    whose = (
        slug if different.member_id is None else f"{slug}, member {different.member} ({different.member_id})"
    )
    return (
        f"{whose}: {different.what}\n"
        f"  stored:  {different.stored}\n"
        f"  rebuilt: {different.rebuilt}\n"
        f"  found by the check {different.check!r}"
    )
