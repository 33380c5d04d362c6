"""The files that travel with the code: migrations, examples and the printed schema."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
WHEEL_FOLDER = PACKAGE / "_shipped"
CHECKOUT = PACKAGE.parent.parent


class NotShippedError(LookupError):
    """This installation does not carry the file that was asked for."""

    code = "not_shipped"


def shipped(relative: str) -> Path:
    """The file or folder of the repository by its path there, in a checkout as in an installed wheel.

    Among them are `migrations`, `examples/programmes`, `examples/data` and `schema/schema.graphql`.
    """
    for root in (WHEEL_FOLDER, CHECKOUT):
        path = root / relative
        if path.exists():
            return path
    raise NotShippedError(f"{relative} is neither in {WHEEL_FOLDER} nor in {CHECKOUT}.")
