"""Closed enumerations of the API; their values are those that the database keeps."""

from enum import Enum

import strawberry
from strawberry import enum_value


@strawberry.enum(description="What kind of member it is.")
class MemberKind(Enum):
    """What kind of member it is."""

    PERSON = enum_value("person", description="One person.")
    ORGANISATION = enum_value("organisation", description="A household, company or club.")


@strawberry.enum(description="Whether a membership is in force.")
class MemberStatus(Enum):
    """Whether a membership is in force."""

    ACTIVE = enum_value("active", description="It is in force.")
    PAUSED = enum_value("paused", description="It rests: no claim ends and no review is held.")
    BLOCKED = enum_value("blocked", description="Points cannot be spent; earning goes on.")
    CLOSED = enum_value("closed", description="The member left; nothing more is added to it.")
    MERGED = enum_value("merged", description="It went into another membership.")
    ERASED = enum_value("erased", description="Its personal data is gone.")


@strawberry.enum(description="Whether a program version decides now.")
class ProgramState(Enum):
    """Whether a program version decides now."""

    DRAFT = enum_value("draft", description="It was saved, and decides nothing until it is published.")
    IN_FORCE = enum_value("in_force", description="It decides now.")
    SCHEDULED = enum_value("scheduled", description="It will decide from its effective time on.")
    SUPERSEDED = enum_value("superseded", description="A later version has taken its place.")


@strawberry.enum(description="What becomes of the claims on a ladder when a version takes effect.")
class PlannedClaims(Enum):
    """What becomes of the claims on a ladder when a version takes effect."""

    KEEP = enum_value("keep", description="They stay.")
    REGRADE_NOW = enum_value(
        "regrade_now", description="Those made by rules end, and a review is held at once."
    )
    AT_NEXT_REVIEW = enum_value(
        "at_next_review", description="They stay until the ladder's next review decides."
    )
    PROTECT_UNTIL = enum_value(
        "protect_until", description="They stay, and the tier held becomes a claim until a day."
    )
    REMOVE = enum_value("remove", description="The ladder is gone, and what stands on it is not read.")


@strawberry.enum(description="How grave a finding is.")
class Severity(Enum):
    """How grave a finding is."""

    ERROR = enum_value("error", description="The program cannot be published with it.")
    WARNING = enum_value("warning", description="Probably not what was meant.")


@strawberry.enum(description="Why points moved.")
class EntryCode(Enum):
    """Why points moved."""

    EARN = enum_value("earn", description="Earned from the business.")
    PARTNER_AWARD = enum_value("partner_award", description="Awarded by a partner's promotion.")
    REPAY_DEBT = enum_value("repay_debt", description="Kept back for points that were owed.")
    EXPIRE = enum_value("expire", description="Expired unused.")
    TAKE_BACK = enum_value("take_back", description="Taken back after a return.")
    OWE = enum_value("owe", description="Owed: taken although they were spent already.")
    WITHHOLD = enum_value("withhold", description="Earned, but pending until they are released.")
    RELEASE = enum_value("release", description="Released: no longer pending.")
    REDEEM = enum_value("redeem", description="Redeemed.")
    GIVE_BACK = enum_value("give_back", description="Given back after a cancelled spending.")
    HOLD = enum_value("hold", description="Set aside by a hold.")
    UNHOLD = enum_value("unhold", description="No longer set aside.")
    CAPTURE = enum_value("capture", description="Spent out of a hold.")
    SEND = enum_value("send", description="Sent to another member.")
    RECEIVE = enum_value("receive", description="Received from another member.")
    GIVE = enum_value("give", description="Given by the business because of what another member did.")
    MERGE = enum_value("merge", description="Carried from one member to another by a merge.")
    ADJUST = enum_value("adjust", description="Adjusted by the business.")


@strawberry.enum(description="What became of points that were set aside.")
class HoldState(Enum):
    """What became of points that were set aside."""

    OPEN = enum_value("open", description="They are set aside.")
    CAPTURED = enum_value("captured", description="They were spent, at least some of them.")
    VOIDED = enum_value("voided", description="They were given back.")
    EXPIRED = enum_value("expired", description="Time was up, and they were given back.")


@strawberry.enum(description="Whether an adjustment waits, or what was decided.")
class AdjustmentState(Enum):
    """Whether an adjustment waits, or what was decided."""

    WAITING = enum_value("waiting", description="It waits for a second person.")
    APPROVED = enum_value("approved", description="It was made.")
    DECLINED = enum_value("declined", description="It was declined, and nothing moved.")


@strawberry.enum(description="What kind of thing a reward is.")
class RewardKind(Enum):
    """What kind of thing a reward is."""

    GOODS = enum_value("goods", description="Something that is handed over or sent.")
    SERVICE = enum_value("service", description="Something that is done for the member.")
    COUPON = enum_value("coupon", description="A coupon, whose code the redemption shows once.")
    DISCOUNT = enum_value("discount", description="Money or percent off.")
    DRAW_TICKET = enum_value("draw_ticket", description="A chance in a draw.")


@strawberry.enum(description="Whether a reward can be redeemed while it is on offer.")
class RewardState(Enum):
    """Whether a reward can be redeemed while it is on offer."""

    ACTIVE = enum_value("active", description="It can.")
    RETIRED = enum_value("retired", description="It cannot; redemptions that are open stay so.")


@strawberry.enum(description="What the whole return of a purchase does with a coupon used for it.")
class OnReturn(Enum):
    """What the whole return of a purchase does with a coupon used for it."""

    RELEASE = enum_value("release", description="The use is given back.")
    KEEP = enum_value("keep", description="The coupon stays used.")


@strawberry.enum(description="What became of a redemption.")
class RedemptionState(Enum):
    """What became of a redemption."""

    OPEN = enum_value("open", description="The member has not got it yet.")
    FULFILLED = enum_value("fulfilled", description="The member got it.")
    CANCELLED = enum_value("cancelled", description="It was taken back.")
    EXPIRED = enum_value("expired", description="Its time was up before the member got it.")


@strawberry.enum(description="When points expire.")
class ExpiryKind(Enum):
    """When points expire."""

    NEVER = enum_value("never", description="They do not.")
    AFTER_MONTHS = enum_value("months", description="Some months after they were earned.")
    AFTER_DAYS = enum_value("days", description="Some days after they were earned.")
    FIXED_DAY = enum_value("day", description="On the same day of the year, all that is old enough.")
    IDLE = enum_value("idle", description="Some months after the last activity that keeps them.")


@strawberry.enum(description="What kind of thing caused an effect.")
class CauseKind(Enum):
    """What kind of thing caused an effect."""

    ACTIVITY = enum_value("activity", description="Something the member did.")
    VALUE = enum_value("value", description="A dated value, such as an attribute.")
    BOUNDARY = enum_value("boundary", description="An instant of the calendar: a review, an end, an expiry.")
    ENROLMENT = enum_value("enrolment", description="Joining.")
    PUBLICATION = enum_value("publication", description="A new version of the program.")


@strawberry.enum(description="As what a standing is set by hand.")
class StandingOrigin(Enum):
    """As what a standing is set by hand."""

    OVERRIDE = enum_value("override", description="A decision about this member alone.")
    GRANT = enum_value("grant", description="A tier that the business gives, e.g. to its staff or as a gift.")
    STATUS_MATCH = enum_value("match", description="The member holds such a status elsewhere.")


@strawberry.enum(description="By what a claim on a tier came to be.")
class ClaimOrigin(Enum):
    """By what a claim on a tier came to be."""

    RULES = enum_value("rules", description="The ladder's rules.")
    OVERRIDE = enum_value("override", description="A decision about this member alone, by hand.")
    GRANT = enum_value("grant", description="Given by the business: by hand, or by an admission.")
    STATUS_MATCH = enum_value("match", description="Matched with a status elsewhere, by hand.")
    GRACE = enum_value("grace", description="Grace, which prolongs a claim that ended.")
    NOTICE = enum_value("notice", description="A downgrade that waits until its notice is old enough.")


@strawberry.enum(description="What an application is for.")
class ApplicationKind(Enum):
    """What an application is for."""

    ENTRY = enum_value("entry", description="Membership.")
    RENEWAL = enum_value("renewal", description="Another term of a membership that lasts.")


@strawberry.enum(description="Whether an application is open, or how it ended.")
class ApplicationState(Enum):
    """Whether an application is open, or how it ended."""

    OPEN = enum_value("open", description="It waits for a step.")
    ADMITTED = enum_value("admitted", description="The tier is claimed.")
    REJECTED = enum_value("rejected", description="It was not approved; one may apply again.")
    WITHDRAWN = enum_value("withdrawn", description="It was taken back.")


@strawberry.enum(description="A step of an application; which there are, in which order, the rule says.")
class ApplicationStep(Enum):
    """A step of an application."""

    INVITE = enum_value("invite", description="The business invites this very member.")
    REVIEW = enum_value("review", description="The application is looked at.")
    INSPECT = enum_value("inspect", description="The applicant is looked at.")
    VOTE = enum_value("vote", description="Members vote on it.")
    SIGN = enum_value("sign", description="The applicant signs.")
    PAY = enum_value("pay", description="The fee is paid.")


@strawberry.enum(description="What happened to an application.")
class ApplicationEventKind(Enum):
    """What happened to an application."""

    APPLIED = enum_value("applied", description="It was made.")
    DECIDED = enum_value("decided", description="A step was approved or not.")
    CLOSED = enum_value("closed", description="The time of its vote was up.")
    WITHDRAWN = enum_value("withdrawn", description="It was taken back.")


@strawberry.enum(description="How somebody votes.")
class VoteChoice(Enum):
    """How somebody votes."""

    IN_FAVOUR = enum_value("in_favour", description="Yes.")
    AGAINST = enum_value("against", description="No.")
    ABSTAINED = enum_value("abstained", description="Neither; what it counts for, the rule says.")


@strawberry.enum(description="What a vote came to, by the rule's quorum and majority.")
class VoteResult(Enum):
    """What a vote came to."""

    CARRIED = enum_value("carried", description="The majority was reached.")
    LOST = enum_value("lost", description="The majority was missed.")
    TIE = enum_value("tie", description="As many in favour as against.")
    NO_QUORUM = enum_value("no_quorum", description="Too few voted.")


@strawberry.enum(description="What kind of dated value a fact is.")
class FactKind(Enum):
    """What kind of dated value a fact is."""

    ATTRIBUTE = enum_value("attribute", description="An attribute of the member.")
    SEGMENT = enum_value("segment", description="Membership of a segment.")
    SCORE = enum_value("score", description="A score from elsewhere.")
    CONSENT = enum_value("consent", description="A consent given or withdrawn.")
    OFFER_SENT = enum_value("offer_sent", description="An offer was sent to the member.")
    PARTNER_STATUS = enum_value("partner_status", description="The member's status with a partner.")


@strawberry.enum(description="Whose credential it is.")
class CredentialKind(Enum):
    """Whose credential it is."""

    OWNER = enum_value("owner", description="The business's owner.")
    STAFF = enum_value("staff", description="Staff of the business.")
    TILL = enum_value("till", description="A till or another service that records activities.")
    FRONTEND = enum_value("frontend", description="A frontend that shows programs and members.")
    PARTNER = enum_value("partner", description="A partner: its own promotions and linked members.")
    READ_ONLY = enum_value("read_only", description="Reads alone.")
    TEST = enum_value("test", description="A test in a sandbox.")


@strawberry.enum(description="In which environment a credential is valid.")
class Environment(Enum):
    """In which environment a credential is valid."""

    LIVE = enum_value("live", description="Real members and points.")
    TEST = enum_value("test", description="A sandbox.")


@strawberry.enum(description="By what a list of members is ordered.")
class MemberOrderField(Enum):
    """By what a list of members is ordered."""

    ENROLLED_AT = enum_value("enrolled_at", description="By the instant of joining.")
    EXTERNAL_ID = enum_value("external_id", description="By the business's own id, by code point.")


@strawberry.enum(description="In which direction a list is ordered.")
class Direction(Enum):
    """In which direction a list is ordered."""

    ASC = enum_value("asc", description="The smallest or earliest first.")
    DESC = enum_value("desc", description="The largest or latest first.")


@strawberry.enum(description="Why a mutation was refused.")
class RefusalCode(Enum):
    """Why a mutation was refused."""

    INVALID_INPUT = enum_value("INVALID_INPUT", description="A value of the input cannot be accepted.")
    NOT_FOUND = enum_value("NOT_FOUND", description="What the input names is not there, or may not be seen.")
    INSUFFICIENT_POINTS = enum_value(
        "INSUFFICIENT_POINTS", description="The member has fewer points to spend than that."
    )
    OUT_OF_STOCK = enum_value("OUT_OF_STOCK", description="There are not that many units in stock.")
    QUOTA_EXCEEDED = enum_value("QUOTA_EXCEEDED", description="It was used as often as it may be.")
    RULE_FAILED = enum_value(
        "RULE_FAILED", description="A rule that has to be asked failed; nothing was changed."
    )
    CODE_NOT_USABLE = enum_value(
        "CODE_NOT_USABLE", description="The code cannot be used, for whatever reason."
    )
    ALREADY_EXISTS = enum_value("ALREADY_EXISTS", description="It is there already.")
    ALREADY_REVERSED = enum_value("ALREADY_REVERSED", description="The activity was wholly returned before.")
    REVERSAL_EXCEEDS_ORIGINAL = enum_value(
        "REVERSAL_EXCEEDS_ORIGINAL", description="More would be returned than is left of the activity."
    )
    ORIGINAL_NOT_FOUND = enum_value(
        "ORIGINAL_NOT_FOUND", description="The activity to be returned is not recorded yet; try again later."
    )
    MEMBER_BLOCKED = enum_value(
        "MEMBER_BLOCKED", description="The membership was closed; nothing more is added to it."
    )
    MEMBER_MERGED = enum_value("MEMBER_MERGED", description="The member was merged into another one.")
    REFERRAL_REFUSED = enum_value(
        "REFERRAL_REFUSED", description="The member named cannot have referred the new one."
    )
    HOLD_CLOSED = enum_value("HOLD_CLOSED", description="The hold was captured or voided before.")
    HOLD_EXPIRED = enum_value("HOLD_EXPIRED", description="The time of the hold is up.")
    PERIOD_CLOSED = enum_value(
        "PERIOD_CLOSED", description="It happened in a period that is closed, and is not booked later."
    )
    IDEMPOTENCY_CONFLICT = enum_value(
        "IDEMPOTENCY_CONFLICT", description="The idempotency key was used for another input."
    )
    IDEMPOTENCY_IN_PROGRESS = enum_value(
        "IDEMPOTENCY_IN_PROGRESS", description="The same request is still running; try again later."
    )
    CONFIG_INVALID = enum_value(
        "CONFIG_INVALID", description="The business has no program that can be used now."
    )
    RETRYABLE = enum_value(
        "RETRYABLE", description="Others were in the way; nothing was done, send the same request again."
    )


def value_of(member: Enum) -> str:
    """What the database keeps for a member of an enumeration."""
    return str(member.value)
