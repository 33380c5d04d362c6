"""`loyalty business`: make one."""

import argparse
from pathlib import Path

from loyalty_api.commands.outcome import OK, Output, invalid_program, listed, refused
from loyalty_api.commands.session import Session, instant, read_text, with_engine
from loyalty_api.settings import Settings
from loyalty_engine.services.businesses import CreateBusiness, create_business
from loyalty_engine.services.programs import NotPublished
from loyalty_engine.services.refusals import Refusal


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the commands."""
    business = commands.add_parser("business", help="make a business").add_subparsers(
        required=True, metavar="ACTION"
    )
    creating = business.add_parser("create", help="make a business; prints its owner's key, once")
    creating.add_argument("slug", metavar="SLUG", help="its name in addresses and files")
    creating.add_argument("--program", type=Path, metavar="FILE", required=True, help="its program file")
    creating.add_argument(
        "--sandbox", action="store_true", help="a business to try things in; its keys are test keys"
    )
    creating.add_argument(
        "--clock",
        type=instant,
        metavar="INSTANT",
        help="where a sandbox's own clock stands, as 2026-03-01T00:00:00Z",
    )
    creating.set_defaults(run=create)


def create(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """A business with its owner's key and the first version of its program."""
    source = read_text(arguments.program)

    async def work(session: Session) -> int:
        wanted = CreateBusiness(arguments.slug, source, arguments.sandbox, arguments.clock)
        made = await create_business(session.engine, wanted)
        if isinstance(made, Refusal):
            raise refused(made)
        if isinstance(made, NotPublished):
            raise invalid_program(str(arguments.program), made.findings)
        output.result(
            {
                "business": arguments.slug,
                "id": made.business_id,
                "sandbox": arguments.sandbox,
                "version": made.program.version,
                "key": made.owner.key.text,
                "findings": listed(made.program.warnings),
            },
            *(str(finding) for finding in made.program.warnings),
            f"business {arguments.slug!r} is made, with version {made.program.version} of its program",
            "its owner's key, which is not shown again:",
            made.owner.key.text,
        )
        return OK

    return with_engine(output, settings, work)
