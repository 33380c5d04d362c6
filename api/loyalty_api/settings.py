"""What an operator can set, read from the environment here and nowhere else."""

import contextlib
import difflib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo

PREFIX = "LOYALTY_"
TEST_PREFIX = "LOYALTY_TEST_"
DATABASE_SCHEMES = ("postgresql://", "postgres://")
SECRET_LENGTH_MIN = 32


class SettingsError(Exception):
    """The environment cannot be used; the message names each variable and says what to do."""

    code = "settings_invalid"

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class Setting(BaseModel):
    """One variable as `loyalty settings` lists it; the value of a secret is never shown."""

    model_config = ConfigDict(frozen=True)

    variable: str
    value: str | None
    default: str | None
    description: str


class Settings(BaseModel):
    """Everything that may differ between two installations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL 15 or newer for the application's role, as "
        "postgresql://user:password@host/database. Without it, a PostgreSQL of our own runs in LOYALTY_HOME.",
    )
    owner_database_url: SecretStr | None = Field(
        default=None,
        description="The same database for the role that owns the tables; `loyalty migrate` and the commands "
        "that find a business by its slug use it, the server and the worker do not.",
    )
    home: Path = Field(
        default=Path(".loyalty"),
        description="The folder in which the embedded PostgreSQL keeps its data and its secret key.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="The address on which the API listens.")
    port: int = Field(default=8000, ge=1, le=65535, description="The port on which the API listens.")
    secret_key: SecretStr | None = Field(
        default=None,
        description=f"At least {SECRET_LENGTH_MIN} characters; identity hashes and cursors depend on it. "
        "Required with LOYALTY_DATABASE_URL, else made once in LOYALTY_HOME.",
    )
    introspection: bool | None = Field(
        default=None,
        description="Whether the schema and the explorer are shown (true or false). "
        "Without it: shown with the embedded PostgreSQL, hidden otherwise.",
    )
    allow_unsafe_database: bool = Field(
        default=False,
        description="Whether to start on a database that a crash of its machine could ruin or make forget "
        "what it acknowledged (true or false); for tests and trials.",
    )

    @field_validator("database_url", "owner_database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(DATABASE_SCHEMES):
            raise ValueError("write it as postgresql://user:password@host/database")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SECRET_LENGTH_MIN:
            raise ValueError(
                f"give it at least {SECRET_LENGTH_MIN} characters, for example `openssl rand -hex 32`"
            )
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.owner_database_url is not None and self.database_url is None:
            raise ValueError(
                "LOYALTY_OWNER_DATABASE_URL is set alone: set LOYALTY_DATABASE_URL too, or neither"
            )
        if self.database_url is not None and self.secret_key is None:
            raise ValueError(
                "LOYALTY_SECRET_KEY is missing: with LOYALTY_DATABASE_URL it is required, "
                "for example `openssl rand -hex 32`"
            )
        return self

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads the variables, empty ones as unset; raises SettingsError naming every wrong one."""
        given = {
            name: value
            for name, value in environ.items()
            if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX) and value != ""
        }
        unknown = sorted(set(given) - {variable(field) for field in cls.model_fields})
        if unknown:
            raise SettingsError([_unknown(name) for name in unknown])
        try:
            return cls.model_validate(
                {name.removeprefix(PREFIX).lower(): value for name, value in given.items()}
            )
        except ValidationError as error:
            raise SettingsError([_problem(detail) for detail in error.errors()]) from None

    @property
    def embedded(self) -> bool:
        """Whether a PostgreSQL of our own is to be started."""
        return self.database_url is None

    @property
    def introspection_enabled(self) -> bool:
        """What was set, else yes exactly with the embedded PostgreSQL."""
        return self.embedded if self.introspection is None else self.introspection

    def kept_secret_key(self) -> bytes:
        """The key that was set, else the one kept in `home`, made there by the first process that asks."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        kept = self.home / "secret_key"
        if not kept.exists():
            _write_once(kept, secrets.token_hex(SECRET_LENGTH_MIN).encode())
        return kept.read_bytes()

    def listed(self) -> list[Setting]:
        """Every variable with its description, in the order of declaration."""
        return [self._listed(name, field) for name, field in type(self).model_fields.items()]

    def _listed(self, name: str, field: FieldInfo) -> Setting:
        value = getattr(self, name)
        return Setting(
            variable=variable(name),
            value=None if value is None else str(value),
            default=None if field.default is None else str(field.default),
            description=field.description or "",
        )


def variable(field: str) -> str:
    """The environment variable of a field of Settings."""
    return PREFIX + field.upper()


def _unknown(name: str) -> str:
    known = [variable(field) for field in Settings.model_fields]
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {near[0]}?" if near else "unset it; `loyalty settings` lists what there is"
    return f"{name} is not a setting: {advice}"


def _problem(detail: Mapping[str, object]) -> str:
    location = detail["loc"]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if not isinstance(location, tuple) or not location:
        return message
    return f"{variable(str(location[0]))} cannot be used: {message[0].lower()}{message[1:]}"


def _write_once(path: Path, content: bytes) -> None:
    """Makes the file whole or not at all, readable by its owner only; the first of several writers wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
