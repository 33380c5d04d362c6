"""`loyalty program count`: whom the figures of now would put on which tier of a file."""

import argparse

from loyalty_api.commands.outcome import OK, CommandFailed, Output
from loyalty_api.commands.program_files import compiled
from loyalty_api.commands.session import Session, with_engine
from loyalty_api.settings import Settings
from loyalty_engine.services.qualifying import NoSqlForm, Qualified, qualified


def count(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """A row for each pair of a tier held and a tier supported, with the number of members."""
    program = compiled(arguments.file)

    async def work(session: Session) -> int:
        caller = session.caller(program.file.program.business)
        try:
            found = await qualified(session.engine, caller, program)
        except NoSqlForm as error:
            raise CommandFailed(
                "cannot_count", f"{error}, so that the database cannot count it alone"
            ) from error
        rows = [row for each in found for row in _rows(each)]
        output.table(
            [dict(zip(("ladder", "held", "supported", "members"), row, strict=True)) for row in rows],
            ("ladder", "held", "supported", "members"),
            [(ladder, held or "-", supported, f"{members:,}") for ladder, held, supported, members in rows],
        )
        return OK

    return with_engine(output, settings, work)


def _rows(found: Qualified) -> list[tuple[str, str | None, str, int]]:
    ordered = sorted(found.members.items(), key=lambda item: (item[0][0] or "", item[0][1]))
    return [(found.ladder, held, supported, members) for (held, supported), members in ordered]
