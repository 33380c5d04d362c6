import psycopg

from tests.server import create_database, drop_database, url_of


def test_every_worker_has_a_database_of_its_own(database: str, worker_id: str) -> None:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            "SELECT current_database(), usesuper FROM pg_user WHERE usename = user"
        ).fetchone()
    assert row is not None
    assert row[0].startswith(f"loyalty_{worker_id}_")
    assert row[1] is True


def test_a_test_may_make_a_database_and_drop_it(admin_url: str, worker_id: str) -> None:
    name = f"extra_{worker_id}"
    url = create_database(admin_url, name)
    assert url == url_of(admin_url, name)
    drop_database(admin_url, name)
    with psycopg.connect(admin_url) as connection:
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None
