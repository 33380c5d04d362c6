"""Every kept number and every entry, changed once, and what the change must be found as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A change, and the difference that it is found as: the check by name, and parts of the texts.

    `MINE` stands for the rows of ann, `BOBS` for those of bob.
    """

    name: str
    statement: str
    check: str
    what: str
    stored: str
    rebuilt: str
    member: str | None = "ann"


CASES = (
    # Accounts
    Case(
        "a wallet",
        "UPDATE account SET balance = 19 WHERE MINE AND kind = 'wallet'",
        "balances",
        "balance of the wallet account, points",
        "19",
        "18",
    ),
    Case(
        "a debt",
        "UPDATE account SET balance = -29 WHERE BOBS AND kind = 'debt'",
        "balances",
        "balance of the debt account, points",
        "-29",
        "-30",
        "bob",
    ),
    Case(
        "a budget",
        "UPDATE account SET balance = 1 WHERE business_id = %(business)s AND kind = 'budget'",
        "shared_balances",
        "balance of the budget account promo acme, points",
        "1",
        "0",
        None,
    ),
    Case(
        "a quota",
        "UPDATE account SET balance = 20 WHERE business_id = %(business)s AND kind = 'quota'",
        "shared_balances",
        "balance of the quota account promo, #awards",
        "20",
        "16",
        None,
    ),
    Case(
        "an account that is gone",
        "DELETE FROM account WHERE MINE AND kind = 'wallet'",
        "transfers",
        "transfer ",
        "to (None, None, None, None, None)",
        "to ('wallet', 'points', UUID(",
    ),
    # Entries
    Case(
        "the amount of a transfer",
        "UPDATE transfer SET amount = 121 WHERE MINE AND amount = 120",
        "effects",
        "value of effect ",
        "120",
        "121 in transfers",
    ),
    Case(
        "the code of a transfer",
        "UPDATE transfer SET code = 'owe' WHERE MINE AND amount = 120",
        "transfers",
        "transfer ",
        "owe points from ('issuance'",
        "earn points from ('issuance'",
    ),
    Case(
        "the direction of a transfer",
        "UPDATE transfer SET debit_account_id = credit_account_id, credit_account_id = debit_account_id"
        " WHERE MINE AND amount = 120",
        "transfers",
        "transfer ",
        "from ('wallet'",
        "from ('issuance'",
    ),
    Case(
        "a reversal",
        "UPDATE transfer SET amount = 61 WHERE MINE AND reverses_transfer_id IS NOT NULL AND amount = 10",
        "reversals",
        "reversals of transfer ",
        "61",
        "at most 60",
    ),
    Case(
        "the value of an effect",
        "UPDATE effect SET value = 119 WHERE MINE AND kind = 'points' AND value = 120",
        "effects",
        "value of effect ",
        "119",
        "120 in transfers",
    ),
    Case(
        "an effect that is gone",
        "DELETE FROM effect WHERE MINE AND kind = 'points' AND value = 120",
        "transfers",
        "transfer ",
        "earn points",
        "nothing, as there is no effect",
    ),
    Case(
        "a claim's effect",
        "UPDATE effect SET value = -1 WHERE MINE AND kind = 'claim' AND cause_key LIKE '%%fourth%%'",
        "once",
        "effect status/silver@",
        "posted -1 times",
        "once or not at all",
    ),
    Case(
        "what an effect corrects",
        "UPDATE effect SET corrects_effect_id = (SELECT effect_id FROM effect WHERE MINE AND value = 120)"
        " WHERE MINE AND value = -10",
        "corrections",
        "what effect ",
        "-",
        "-",
    ),
    # Lots
    Case(
        "what is left of a lot",
        "UPDATE lot SET remaining = 17 WHERE MINE AND remaining = 18",
        "replay",
        'lot points/points/base of activity ["till","fourth"] by earn',
        "remaining 17",
        "remaining 18",
    ),
    Case(
        "what expired of a lot",
        "UPDATE lot SET expired = 119 WHERE MINE AND amount = 120",
        "replay",
        'lot points/points/base of activity ["till","first"] by earn',
        "expired 119",
        "expired 120",
    ),
    Case(
        "when a lot expires",
        "UPDATE lot SET expires_at = expires_at + interval '1 day' WHERE MINE AND remaining = 18",
        "replay",
        'lot points/points/base of activity ["till","fourth"] by earn',
        "expires_at 2026-04-11",
        "expires_at 2026-04-10",
    ),
    Case(
        "the amount of a lot",
        "UPDATE lot SET amount = 19 WHERE MINE AND amount = 18",
        "lots",
        'lot points/points/base of activity ["till","fourth"]',
        "19",
        "18",
    ),
    Case(
        "a lot that is gone",
        "DELETE FROM lot WHERE MINE AND amount = 18",
        "replay",
        'lot points/points/base of activity ["till","fourth"] by earn',
        "nothing",
        "amount 18, remaining 18",
    ),
    Case(
        "how much of a lot was used",
        "UPDATE point_use SET amount = 9 WHERE MINE AND amount = 10 AND lot_id IS NOT NULL",
        "replay",
        'use of lot points/points/base of activity ["till","second"] by earn by ',
        "9",
        "10",
    ),
    Case(
        "what a spending owes",
        "UPDATE point_use SET amount = 29 WHERE BOBS AND amount = 30 AND lot_id IS NULL",
        "replay",
        "use without a lot by ",
        "29",
        "30",
        "bob",
    ),
    Case(
        "a use that is gone",
        "DELETE FROM point_use WHERE BOBS AND amount = 30 AND lot_id IS NULL",
        "replay",
        "use without a lot by ",
        "0",
        "30",
        "bob",
    ),
    Case(
        "whether a lot is pending",
        "UPDATE lot SET pending = true WHERE MINE AND remaining = 18",
        "replay",
        'lot points/points/base of activity ["till","fourth"] by earn',
        "pending True",
        "pending False",
    ),
    Case(
        "a hold that nobody opened",
        "INSERT INTO hold (business_id, hold_id, member_id, currency, amount, captured, state, opened_at,"
        " expires_at) SELECT business_id, fact_id, member_id, 'points', 5, 0, 'open', occurred_at,"
        " occurred_at + interval '1 day' FROM fact WHERE MINE AND external_id = 'fourth'",
        "pots",
        "what the held account has, points",
        "0",
        "5 in open holds",
    ),
    # Facts
    Case(
        "the amount of a purchase",
        "UPDATE fact SET amount = 121 WHERE MINE AND external_id = 'first'",
        "replay",
        'effect points/points/base/earned of activity ["till","first"] by earn',
        "120",
        "121",
    ),
    Case(
        "the day on which a purchase counts",
        "UPDATE fact SET counts_on = counts_on + 1 WHERE MINE AND external_id = 'first'",
        "replay",
        "figure amount, in_place, on 2026-01-06",
        "15",
        "135",
    ),
    Case(
        "a return",
        "UPDATE fact SET amount = -31 WHERE MINE AND external_id = 'part'",
        "returns",
        "returns of till second",
        "amount 31",
        "at most amount 30",
    ),
    Case(
        "an answer",
        "UPDATE fact SET granted = 6 WHERE BOBS AND type = 'answer' AND asked_cause_key LIKE '%%web-0%%'",
        "answers",
        'points awarded by promo for ["till","web-0"]',
        "7",
        "6 granted of 7 asked",
        "bob",
    ),
    Case(
        "an answer that is gone",
        "DELETE FROM fact WHERE BOBS AND type = 'answer' AND asked_cause_key LIKE '%%web-0%%'",
        "replay",
        'ask of promo for points/points/award/ask at activity ["till","web-0"]',
        "asked 0, granted 0",
        "asks 7",
        "bob",
    ),
    Case(
        "the award that used a quota",
        "UPDATE effect SET slot = 'quota/points/other' WHERE BOBS AND kind = 'quota'"
        " AND cause_key LIKE '%%web-0%%'",
        "quotas",
        'uses of the quota of promo by ["till","web-0"]',
        "",
        "points were awarded",
        "bob",
    ),
    # Tiers
    Case(
        "where a member stands",
        "UPDATE current_standing SET tier = 'gold' WHERE MINE",
        "current_standings",
        "where the member stands on status",
        "gold since",
        "silver since",
    ),
    Case(
        "until when a member stands there",
        "UPDATE current_standing SET until_at = NULL WHERE MINE",
        "replay",
        "standing on status",
        "until_at None",
        "until_at 2026-12-31",
    ),
    Case(
        "the next review",
        "UPDATE current_standing SET next_review_at = NULL WHERE MINE",
        "replay",
        "standing on status",
        "next_review_at None",
        "next_review_at 2026-12-31",
    ),
    Case(
        "a notice",
        "UPDATE current_standing SET notice_tier = 'basic', notice_at = since + interval '9 days',"
        " noticed_at = since WHERE MINE AND tier <> 'basic'",
        "replay",
        "standing on status",
        "notice_tier basic",
        "notice_tier None",
    ),
    Case(
        "where a cycle began",
        "UPDATE current_standing SET cycle_external_id = 'zeroth' WHERE MINE",
        "replay",
        "standing on status",
        "cycle_external_id zeroth",
        "cycle_external_id first",
    ),
    Case(
        "a change of standing",
        "UPDATE standing SET to_tier = 'gold' WHERE MINE AND from_tier = 'basic'",
        "records",
        "standing ",
        "status/basic>gold",
        "status/basic>silver",
    ),
    Case(
        "the place of a change of standing",
        "UPDATE standing SET external_id = 'other' WHERE MINE AND from_tier = 'basic'",
        "records",
        "standing ",
        "(False, 'till', 'other')",
        "(False, 'till', 'first')",
    ),
    Case(
        "a withdrawal of a change of standing",
        "UPDATE standing SET withdrawn_effect_id = (SELECT effect_id FROM effect WHERE MINE AND value = 120)"
        " WHERE MINE AND from_tier = 'basic'",
        "standings",
        "standing ",
        "is withdrawn",
        "stands",
    ),
    Case(
        "a change of standing that is gone",
        "DELETE FROM standing WHERE BOBS AND to_tier = 'silver'",
        "chain",
        "tier before standing ",
        "silver",
        "basic",
        "bob",
    ),
    Case(
        "the figures of a decision",
        "UPDATE standing SET ruling = jsonb_set(ruling, '{figures,spend.spend}', '\"99\"')"
        " WHERE MINE AND from_tier = 'basic'",
        "rulings",
        "decision of standing ",
        "basic to silver",
        "its figures support basic",
    ),
    Case(
        "a figure of a decision that is gone",
        "UPDATE standing SET ruling = '{}' WHERE MINE AND from_tier = 'basic'",
        "rulings",
        "decision of standing ",
        "silver",
        "cannot be decided: KeyError('figures')",
    ),
    Case(
        "the end of a claim",
        "UPDATE claim SET until_at = until_at + interval '1 day' WHERE MINE AND from_at > '2026-02-01'",
        "records",
        "claim ",
        "status/silver@2027-01-01T23:00:00",
        "status/silver@2026-12-31T23:00:00",
    ),
    Case(
        "the lock of a claim",
        "UPDATE claim SET locked = true WHERE MINE AND from_at > '2026-02-01'",
        "replay",
        "claim on status silver until 2026-12-31",
        "locked True",
        "locked False",
    ),
    Case(
        "the figures of a claim",
        "UPDATE claim SET figures = jsonb_set(figures, '{spend.spend,0}', '\"1\"')"
        " WHERE MINE AND from_at > '2026-02-01'",
        "replay",
        "figures of claim ",
        "'1'",
        "'204",
    ),
    Case(
        "a withdrawal of a claim",
        "UPDATE claim SET withdrawn_effect_id = (SELECT effect_id FROM effect WHERE MINE AND value = 120)"
        " WHERE MINE AND from_at > '2026-02-01'",
        "replay",
        "claim on status silver until 2026-12-31",
        "nothing",
        "tier silver",
    ),
    # What goes with a member
    Case(
        "a counter",
        "UPDATE counter SET used = 199 WHERE MINE AND used = 200",
        "replay",
        "counter points/points/earn/month/2026-01-01 of earn",
        "199",
        "200",
    ),
    Case(
        "a counter that is gone",
        "DELETE FROM counter WHERE MINE AND used = 200",
        "replay",
        "counter points/points/earn/month/2026-01-01 of earn",
        "0",
        "200",
    ),
    Case(
        "a rule that did not fail",
        "INSERT INTO parked (business_id, member_id, cause_kind, cause_key, rule, error, parked_at)"
        " VALUES (%(business)s, %(ann)s, 'activity', '[\"till\",\"first\"]', 'earn', 'Broken: so',"
        " '2026-01-06Z')",
        "replay",
        'rule earn at activity ["till","first"]',
        "failed: Broken: so",
        "does not fail",
    ),
    Case(
        "the next boundary",
        "UPDATE member SET next_boundary_at = NULL WHERE MINE",
        "replay",
        "where the history stands",
        "next_boundary_at None",
        "next_boundary_at 2026-04-10",
    ),
    Case(
        "how far a history was folded",
        "UPDATE member SET folded_until = folded_until + interval '1 hour' WHERE MINE",
        "replay",
        "where the history stands",
        "folded_until 2026-03-02 10:",
        "folded_until 2026-03-02 09:",
    ),
    Case(
        "the last fact of a history",
        "UPDATE member SET last_external_id = 'third' WHERE MINE",
        "replay",
        "where the history stands",
        "last_external_id third",
        "last_external_id fourth",
    ),
    Case(
        "when something was recorded last",
        "UPDATE member SET last_recorded_at = '2026-01-01' WHERE MINE",
        "recorded",
        "when something was recorded last",
        "2026-01-01",
        "2026-03-",
    ),
    Case(
        "the number of the last event",
        "UPDATE member SET event_count = event_count + 1 WHERE MINE",
        "events",
        "number of the last event",
        "12",
        "11 events, the last number 11",
    ),
    Case(
        "an event that is gone",
        "DELETE FROM outbox WHERE MINE AND member_sequence = 2",
        "events",
        "number of the last event",
        "11",
        "10 events, the last number 11",
    ),
    Case(
        "the position of an event",
        "UPDATE outbox SET position = 100 WHERE MINE AND member_sequence = 2",
        "positions",
        "last position of an event",
        "31",
        "100",
        None,
    ),
    Case(
        "an event that is published no more",
        "UPDATE outbox SET position = NULL, published_at = NULL WHERE MINE AND member_sequence = 2",
        "positions",
        "event at position 2",
        "none",
        "one",
        None,
    ),
    # The business
    Case(
        "the last position",
        "UPDATE business SET event_position = event_position + 1 WHERE business_id = %(business)s",
        "positions",
        "last position of an event",
        "32",
        "31",
        None,
    ),
    Case(
        "an outcome of no known type",
        'UPDATE operation SET outcome = \'{"type": "Nonsense", "fields": {}}\''
        " WHERE business_id = %(business)s AND key = 'key-3'",
        "operations",
        "under 'key-3' of operator",
        "Nonsense",
        "cannot be read: KeyError('Nonsense')",
        None,
    ),
    Case(
        "an outcome that names nothing",
        "UPDATE operation SET outcome = jsonb_set(outcome, '{fields,fact_id,uuid}',"
        " '\"00000000-0000-7000-8000-000000000000\"')"
        " WHERE business_id = %(business)s AND key = 'key-3'",
        "operations",
        "under 'key-3' of operator",
        "names 00000000-0000-7000-8000-000000000000",
        "there is nothing of that id",
        None,
    ),
    Case(
        "an outcome that is gone",
        "UPDATE operation SET outcome = NULL WHERE business_id = %(business)s AND key = 'key-3'",
        "operations",
        "under 'key-3' of operator",
        "None",
        "an outcome",
        None,
    ),
    Case(
        "a program",
        "UPDATE program_version SET source = replace(source, '\"100\"', '\"101\"')"
        " WHERE business_id = %(business)s AND version = 1",
        "programs",
        "hash of program version 1",
        "",
        "",
        None,
    ),
    Case(
        "the version of a rule",
        "UPDATE program_version SET rule_versions = jsonb_set(rule_versions, '{tier_spend}', '\"0.5\"')"
        " WHERE business_id = %(business)s AND version = 2",
        "programs",
        "program version 2",
        "published",
        "does not load: rule tier_spend 0.5 is not installed",
        None,
    ),
)
