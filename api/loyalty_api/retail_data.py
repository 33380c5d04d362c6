"""The real purchases and returns that `loyalty demo` loads; `examples/data/README.md` describes them."""

import csv
import gzip
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from loyalty_engine.services.commands import EnrolMember, MemberBy, RecordActivity
from loyalty_engine.shipped import shipped

SOURCE = "till"
CHANNEL = "online"
LAST_DAY = datetime(2011, 12, 10, tzinfo=UTC)
"""The instant after the last day of the data, at which the demo's clock stands."""


@dataclass(frozen=True)
class RetailData:
    """The customers, and what they bought and sent back, in the order of time."""

    members: tuple[EnrolMember, ...]
    activities: tuple[RecordActivity, ...]


def retail_data(path: Path | None = None) -> RetailData:
    """Reads the file that travels with the code; a customer joins with the first invoice."""
    with gzip.open(
        path or shipped("examples/data/online_retail_invoices.csv.gz"), "rt", encoding="utf-8"
    ) as file:
        activities = sorted(
            (_activity(row) for row in csv.DictReader(file)),
            key=lambda activity: (activity.occurred_at, activity.external_id),
        )
    joined: dict[str, datetime] = {}
    for activity in activities:
        joined.setdefault(str(activity.member.external_id), activity.occurred_at)
    members = tuple(EnrolMember(member, enrolled_at=at, channel=CHANNEL) for member, at in joined.items())
    return RetailData(members, tuple(activities))


def _activity(row: dict[str, str]) -> RecordActivity:
    return RecordActivity(
        MemberBy(external_id=row["customer_id"]),
        row["kind"],
        SOURCE,
        row["invoice_no"],
        datetime.fromisoformat(row["ts_utc"]),
        amount=Decimal(row["amount_gbp"]),
        units=Decimal(row["units"]),
        currency="GBP",
        channel=CHANNEL,
        attributes={"country": row["country"]},
    )
