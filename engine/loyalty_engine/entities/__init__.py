"""The tables, defined once; hot statements are built from these classes with SQLAlchemy Core."""

from loyalty_engine.entities.adjustment import Adjustment
from loyalty_engine.entities.application import (
    Application,
    ApplicationElector,
    ApplicationEvent,
    ApplicationVote,
)
from loyalty_engine.entities.business import Business, Credential, ProgramDraft, ProgramVersion
from loyalty_engine.entities.columns import LARGEST, LONGEST_KEY, Entity
from loyalty_engine.entities.coupon import Coupon, CouponUse
from loyalty_engine.entities.fact import ActivityLine, Fact
from loyalty_engine.entities.ledger import Account, Effect, Hold, Lot, PointUse, Transfer
from loyalty_engine.entities.member import Identity, Member, Profile
from loyalty_engine.entities.merge import Merge
from loyalty_engine.entities.operation import Operation
from loyalty_engine.entities.outbox import Outbox
from loyalty_engine.entities.partner import Partner, Promotion
from loyalty_engine.entities.progress import Counter, Parked
from loyalty_engine.entities.reward import Redemption, Reward, RewardTerms
from loyalty_engine.entities.settlement import Settlement
from loyalty_engine.entities.simulation import Simulation
from loyalty_engine.entities.tier import Claim, CurrentStanding, Standing

metadata = Entity.metadata
"""Every table of the engine and none of anybody else's."""

__all__ = [
    "LARGEST",
    "LONGEST_KEY",
    "Account",
    "ActivityLine",
    "Adjustment",
    "Application",
    "ApplicationElector",
    "ApplicationEvent",
    "ApplicationVote",
    "Business",
    "Claim",
    "Counter",
    "Coupon",
    "CouponUse",
    "Credential",
    "CurrentStanding",
    "Effect",
    "Entity",
    "Fact",
    "Hold",
    "Identity",
    "Lot",
    "Member",
    "Merge",
    "Operation",
    "Outbox",
    "Parked",
    "Partner",
    "PointUse",
    "Profile",
    "ProgramDraft",
    "ProgramVersion",
    "Promotion",
    "Redemption",
    "Reward",
    "RewardTerms",
    "Settlement",
    "Simulation",
    "Standing",
    "Transfer",
    "metadata",
]
