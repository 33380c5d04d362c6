"""Use cases, one module each; every write is one transaction."""

from loyalty_engine.services.activities import record_activities, record_activity
from loyalty_engine.services.adjustments import adjust_points, decide_adjustment
from loyalty_engine.services.applications import apply, decide_application, withdraw_application
from loyalty_engine.services.clock import set_clock
from loyalty_engine.services.closings import close_member
from loyalty_engine.services.confirmations import confirm_activity
from loyalty_engine.services.coupon_uses import release_coupon_use, reopen_coupon_use, use_coupon
from loyalty_engine.services.coupons import create_coupon
from loyalty_engine.services.due import advance_due, refold, refold_parked
from loyalty_engine.services.engine import Business, Caller, Engine, ProgramUnavailable
from loyalty_engine.services.erasure import erase_member
from loyalty_engine.services.facts import record_fact
from loyalty_engine.services.holds import capture_hold, hold_points, void_hold
from loyalty_engine.services.members import enrol_member, enrol_members
from loyalty_engine.services.merges import merge_members
from loyalty_engine.services.overrides import set_standing
from loyalty_engine.services.pauses import pause_member, resume_member
from loyalty_engine.services.payments import pay_with_points
from loyalty_engine.services.program_mutations import publish_saved_program, save_program
from loyalty_engine.services.redemptions import cancel_redemption, fulfil_redemption, redeem_reward
from loyalty_engine.services.refusals import Forbidden, Refusal, RefusalCode
from loyalty_engine.services.returns import reverse_activity
from loyalty_engine.services.rewards import create_reward, stock_reward, update_reward
from loyalty_engine.services.settlements import close_settlement
from loyalty_engine.services.simulating import continue_simulation
from loyalty_engine.services.simulations import cancel_simulation, queue_simulation
from loyalty_engine.services.transfers import transfer_points
from loyalty_engine.services.votes import cast_vote, close_votes

__all__ = [
    "Business",
    "Caller",
    "Engine",
    "Forbidden",
    "ProgramUnavailable",
    "Refusal",
    "RefusalCode",
    "adjust_points",
    "advance_due",
    "apply",
    "cancel_redemption",
    "cancel_simulation",
    "capture_hold",
    "cast_vote",
    "close_member",
    "close_settlement",
    "close_votes",
    "confirm_activity",
    "continue_simulation",
    "create_coupon",
    "create_reward",
    "decide_adjustment",
    "decide_application",
    "enrol_member",
    "enrol_members",
    "erase_member",
    "fulfil_redemption",
    "hold_points",
    "merge_members",
    "pause_member",
    "pay_with_points",
    "publish_saved_program",
    "queue_simulation",
    "record_activities",
    "record_activity",
    "record_fact",
    "redeem_reward",
    "refold",
    "refold_parked",
    "release_coupon_use",
    "reopen_coupon_use",
    "resume_member",
    "reverse_activity",
    "save_program",
    "set_clock",
    "set_standing",
    "stock_reward",
    "transfer_points",
    "update_reward",
    "use_coupon",
    "void_hold",
    "withdraw_application",
]
