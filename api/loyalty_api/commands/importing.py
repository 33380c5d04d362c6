"""`loyalty import`: activities from a file, through the use case that the API calls."""

import argparse
from pathlib import Path
from uuid import uuid4

from loyalty_api import activity_file
from loyalty_api.activity_file import ActivityFile, ActivityFileError
from loyalty_api.commands.loading import Tally, enrol_all, progress, record_all
from loyalty_api.commands.outcome import OK, REFUSED, Output, UsageWrong, refused
from loyalty_api.commands.session import Session, with_engine
from loyalty_api.settings import Settings
from loyalty_engine.services.commands import EnrolMember
from loyalty_engine.services.engine import Caller

SHOWN = 20
"""How many refused rows are shown to a person; a script gets all."""


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    importing = commands.add_parser(
        "import",
        help="record the activities of a file",
        description=activity_file.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    importing.add_argument("file", type=Path, metavar="FILE", help="CSV, or CSV.GZ")
    importing.add_argument("--business", metavar="SLUG", required=True)
    importing.add_argument(
        "--enrol",
        action="store_true",
        help="first enrol who is missing, as of the member's first row in the file",
    )
    importing.set_defaults(run=run)


def run(arguments: argparse.Namespace, output: Output, settings: Settings) -> int:
    """Records all rows or says of each why not; a file that cannot be understood changes nothing."""
    file = ActivityFile(arguments.file)
    try:
        total = file.count()
    except OSError as error:
        raise UsageWrong("file_unreadable", f"{arguments.file}: {error.strerror}") from error
    except ActivityFileError as error:
        raise UsageWrong(error.code, f"{arguments.file}: {error}; nothing was recorded") from error

    async def work(session: Session) -> int:
        caller = session.caller(arguments.business)
        key = f"import:{uuid4()}"
        if arguments.enrol:
            await _enrol(session, caller, key, file)
        with progress(output, "activities", total) as move:
            tally = await record_all(session.engine, caller, f"{key}:activities", file, move)
        return _report(output, tally)

    return with_engine(output, settings, work)


async def _enrol(session: Session, caller: Caller, key: str, file: ActivityFile) -> None:
    members = first_seen(file)
    with progress(session.output, "members", len(members)) as move:
        tally = await enrol_all(session.engine, caller, f"{key}:members", members, move)
    for _, refusal in tally.refused:
        raise refused(refusal)


def first_seen(file: ActivityFile) -> list[EnrolMember]:
    """Everybody whom the file names, enrolled at the earliest of their activities."""
    earliest: dict[str, EnrolMember] = {}
    for activity in file:
        member = str(activity.member.external_id)
        known = earliest.get(member)
        if known is None or (known.enrolled_at is not None and activity.occurred_at < known.enrolled_at):
            earliest[member] = EnrolMember(member, enrolled_at=activity.occurred_at)
    return list(earliest.values())


def _report(output: Output, tally: Tally) -> int:
    """The tally; rows are counted from the first after the heading."""
    failures = [(number + 1, refused(refusal)) for number, refusal in tally.refused]
    output.result(
        {
            "recorded": tally.recorded,
            "known": tally.replayed,
            "parked": tally.parked,
            "refused": [
                {"row": number, "code": failure.code, "message": str(failure)} for number, failure in failures
            ],
        },
        f"{tally.recorded} recorded, {tally.replayed} known already, {len(failures)} refused"
        + (f", {tally.parked} wait for a rule to be repaired" if tally.parked else ""),
        *(f"  row {number}: {failure}" for number, failure in failures[:SHOWN]),
        *([f"  and {len(failures) - SHOWN} more; --json lists all"] if len(failures) > SHOWN else []),
    )
    return REFUSED if failures else OK
