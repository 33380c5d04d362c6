"""Program files and plans as commands read them."""

from pathlib import Path

from loyalty_api.commands.outcome import invalid_program
from loyalty_api.commands.session import read_text
from loyalty_engine.plugins import discover
from loyalty_engine.program import Program, ProgramInvalid, compile_program
from loyalty_engine.program.plan import Plan, plan_file


def compiled(path: Path) -> Program:
    """The program of a file, which its errors make a failure of the command."""
    try:
        return compile_program(read_text(path), discover())
    except ProgramInvalid as invalid:
        raise invalid_program(str(path), invalid.findings) from invalid


def read_plan(path: Path) -> Plan:
    """The plan of a file, which its errors make a failure of the command."""
    try:
        return plan_file(read_text(path))
    except ProgramInvalid as invalid:
        raise invalid_program(str(path), invalid.findings) from invalid
