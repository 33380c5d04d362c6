from pathlib import Path

import pytest

from loyalty_api.settings import Settings, SettingsError, variable

DATABASE = {"LOYALTY_DATABASE_URL": "postgresql://app:hidden@db/loyalty", "LOYALTY_SECRET_KEY": "k" * 32}


def test_an_empty_environment_means_the_embedded_server_on_this_machine_only() -> None:
    settings = Settings.from_environment({})
    assert (settings.embedded, settings.host, settings.port) == (True, "127.0.0.1", 8000)
    assert settings.home == Path(".loyalty")


def test_variables_are_read_and_other_programs_variables_are_not() -> None:
    settings = Settings.from_environment({"LOYALTY_PORT": "9000", "LOYALTY_HOST": "::1", "PATH": "/bin"})
    assert (settings.port, settings.host) == (9000, "::1")


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_environment({"LOYALTY_DATABASE_URL": "", "LOYALTY_PORT": ""}) == Settings()


@pytest.mark.parametrize(
    ("environ", "shown"),
    [({}, True), (DATABASE, False), ({"LOYALTY_INTROSPECTION": "off"}, False)],
)
def test_introspection_is_on_with_the_embedded_server_unless_said_otherwise(
    environ: dict[str, str], shown: bool
) -> None:
    assert Settings.from_environment(environ).introspection_enabled is shown


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"LOYALTY_PORT": "many"}, r"^LOYALTY_PORT cannot be used: input should be a valid integer"),
        (
            {"LOYALTY_PORT": "70000"},
            r"^LOYALTY_PORT cannot be used: input should be less than or equal to 65535",
        ),
        (
            {"LOYALTY_DATABASE_URL": "mysql://db"},
            r"^LOYALTY_DATABASE_URL cannot be used: write it as postgresql://",
        ),
        (
            {"LOYALTY_SECRET_KEY": "short"},
            r"^LOYALTY_SECRET_KEY cannot be used: give it at least 32 characters",
        ),
        ({"LOYALTY_DATABASE_URL": "postgresql://db/x"}, r"^LOYALTY_SECRET_KEY is missing"),
        ({"LOYALTY_OWNER_DATABASE_URL": "postgresql://db/x"}, r"set LOYALTY_DATABASE_URL too, or neither"),
        ({"LOYALTY_DATABSE_URL": "postgresql://db/x"}, r"did you mean LOYALTY_DATABASE_URL\?"),
        ({"LOYALTY_COLOUR": "red"}, r"^LOYALTY_COLOUR is not a setting"),
    ],
)
def test_a_wrong_environment_is_refused_with_the_variable_and_what_to_do(
    environ: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment(environ)


def test_every_wrong_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"LOYALTY_PORT": "0", "LOYALTY_INTROSPECTION": "perhaps"})
    assert len(caught.value.problems) == 2


def test_an_error_never_shows_a_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(
            {"LOYALTY_SECRET_KEY": "tooshort", "LOYALTY_DATABASE_URL": "x://me:hidden@db"}
        )
    assert "tooshort" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_the_list_describes_every_setting_and_shows_no_secret() -> None:
    listed = Settings.from_environment(DATABASE).listed()
    assert [one.variable for one in listed] == [variable(name) for name in Settings.model_fields]
    assert all(one.description for one in listed)
    assert not any("hidden" in (one.value or "") or "kkkk" in (one.value or "") for one in listed)


def test_the_secret_key_is_made_once_in_the_home_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    environ = {"LOYALTY_HOME": str(tmp_path / "home")}
    first = Settings.from_environment(environ).kept_secret_key()
    assert Settings.from_environment(environ).kept_secret_key() == first
    assert len(first) == 64
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret_key"]
    assert (tmp_path / "home" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_given_secret_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"LOYALTY_SECRET_KEY": "s" * 40, "LOYALTY_HOME": str(tmp_path / "home")}
    )
    assert settings.kept_secret_key() == b"s" * 40
    assert not (tmp_path / "home").exists()
