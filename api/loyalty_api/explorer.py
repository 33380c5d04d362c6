"""The explorer: a page in which people try the API, with a query and a key ready."""

import json
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Explorer:
    """What the explorer shows at first; the key is sent with every query."""

    query: str = QUERY
    key: str = ""


def explorer_page(explorer: Explorer) -> HTMLResponse:
    """The page. A key after # in its address is used too, which no server gets to see."""
    ready = json.dumps({"query": explorer.query, "key": explorer.key}).replace("<", "\\u003c")
    page = Path(__file__).with_name("explorer.html").read_text(encoding="utf-8").replace("__READY__", ready)
    return HTMLResponse(page, headers={"cache-control": "no-store", "referrer-policy": "no-referrer"})
