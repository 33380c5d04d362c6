"""Prints the catalogue of a freshly migrated database into migrations/schema.sql."""

from sqlalchemy import NullPool, create_engine, make_url

from loyalty_engine.shipped import shipped
from loyalty_engine.store.catalogue import printed_catalogue
from tests.server import prepare_database, server_for_tests


def main() -> None:
    """Starts a server, migrates, prints."""
    with server_for_tests() as admin_url:
        url = make_url(prepare_database(admin_url, "printed")).set(drivername="postgresql+psycopg")
        with create_engine(url, poolclass=NullPool).connect() as connection:
            (shipped("migrations") / "schema.sql").write_text(printed_catalogue(connection))


if __name__ == "__main__":
    main()
