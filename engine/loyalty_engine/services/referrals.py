"""Who may have referred whom: another member who was there before (BEHAVIOUR L34)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from loyalty_engine.services.engine import Caller
from loyalty_engine.services.refusals import Refusal, RefusalCode, invalid
from loyalty_engine.store.connection import Connection
from loyalty_engine.store.members import referrers_by_external_id


class Referrers:
    """The members whom new ones name as their referrers, as far as the caller may see them."""

    def __init__(self, known: dict[str, tuple[UUID, UUID | None]]) -> None:
        self._known = known

    @classmethod
    async def named(cls, connection: Connection, caller: Caller, names: Iterable[str | None]) -> Referrers:
        """Those of the external ids that are there."""
        wanted = sorted({name for name in names if name is not None})
        if not wanted:
            return cls({})
        return cls(await referrers_by_external_id(connection, caller.business_id, caller.partner_id, wanted))

    def join(self, external_id: str, member_id: UUID, referred_by: str | None) -> None:
        """A member who is made now may be named by those who come after it."""
        referrer = None if referred_by is None else self._known[referred_by][0]
        self._known[external_id] = (member_id, referrer)

    def objection(self, external_id: str, referred_by: str | None, existing: UUID | None) -> Refusal | None:
        """Why a new member may not name this referrer; ``existing`` is who has one of its names already.

        REFERRAL_REFUSED for oneself, and for whom one referred oneself; INVALID_INPUT for nobody.
        """
        if referred_by is None:
            return None
        referrer, of_referrer = self._known.get(referred_by, (None, None))
        is_circle = existing is not None and existing in (referrer, of_referrer)
        if referred_by == external_id or is_circle:
            return Refusal(RefusalCode.REFERRAL_REFUSED, "referral-of-oneself", {}, ("referredBy",))
        if existing is None and referrer is None:
            return invalid("referrer-unknown", "referredBy", referredBy=referred_by).refusal
        return None
