"""The explorer: a page that works without anything from elsewhere, and keeps the key to itself."""

import re

import httpx
from pydantic import SecretStr

from loyalty_api.app import create_app
from loyalty_api.settings import Settings
from tests.api.shop import Shop

HIDDEN = Settings(database_url=SecretStr("postgresql://db/loyalty"), secret_key=SecretStr("s" * 40))


async def page_of(shop: Shop, settings: Settings) -> httpx.Response:
    app = create_app(shop.engine, settings, "{ viewer { kind } } # </script>")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop") as client:
        return await client.get("/graphql")


async def test_the_page_loads_nothing_from_elsewhere_and_may_not(shop: Shop) -> None:
    page = await page_of(shop, Settings())
    assert page.status_code == 200
    assert not re.search(r"https?://", page.text)
    assert not re.search(r"<(script|link)[^>]+(src|href)=\"(?!data:)", page.text)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_the_query_that_is_ready_cannot_end_the_script(shop: Shop) -> None:
    page = await page_of(shop, Settings())
    assert "viewer { kind }" in page.text
    assert page.text.count("</script>") == 1


async def test_there_is_no_page_where_introspection_is_off(shop: Shop) -> None:
    page = await page_of(shop, HIDDEN)
    assert page.status_code == 405
    assert "<html" not in page.text
