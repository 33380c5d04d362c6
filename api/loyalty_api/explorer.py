"""The explorer: a page in which people try the API, with a query and a key ready."""

import json
from pathlib import Path

from starlette.responses import HTMLResponse

QUERY = """# Ask for a business, its tiers, and how many members stand on each.
{
  business {
    name
    program { version ladders { key tiers { key name memberCount } } }
  }
}
"""


HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""The page talks to this server alone, and is shown in nobody else's frame."""


def explorer_page(query: str = QUERY) -> HTMLResponse:
    """The page, with a query ready; it needs nothing from elsewhere.

    A key after #key= in its address is sent with every query; no server gets to see that part.
    """
    ready = json.dumps({"query": query}).replace("<", "\\u003c")
    page = Path(__file__).with_name("explorer.html").read_text(encoding="utf-8").replace("__READY__", ready)
    return HTMLResponse(page, headers=HEADERS)
