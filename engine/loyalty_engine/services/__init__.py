"""Use cases, one module each; every write is one transaction."""

from loyalty_engine.services.activities import record_activities, record_activity
from loyalty_engine.services.clock import set_clock
from loyalty_engine.services.due import advance_due, refold, refold_parked
from loyalty_engine.services.engine import Business, Caller, Engine, ProgramUnavailable
from loyalty_engine.services.facts import record_fact
from loyalty_engine.services.members import enrol_member, enrol_members
from loyalty_engine.services.refusals import Forbidden, Refusal, RefusalCode
from loyalty_engine.services.returns import reverse_activity

__all__ = [
    "Business",
    "Caller",
    "Engine",
    "Forbidden",
    "ProgramUnavailable",
    "Refusal",
    "RefusalCode",
    "advance_due",
    "enrol_member",
    "enrol_members",
    "record_activities",
    "record_activity",
    "record_fact",
    "refold",
    "refold_parked",
    "reverse_activity",
    "set_clock",
]
