"""A business's program: the file it is written in, its check, and the rules compiled from it."""

from loyalty_engine.program.compiled import (
    ConfiguredRule,
    LadderPolicy,
    PointsCurrency,
    Program,
    ProgramInvalid,
)
from loyalty_engine.program.compiler import check, compile_program
from loyalty_engine.program.findings import Finding

__all__ = [
    "ConfiguredRule",
    "Finding",
    "LadderPolicy",
    "PointsCurrency",
    "Program",
    "ProgramInvalid",
    "check",
    "compile_program",
]
