# Words for people. Every message stands in every language's file; a parameter is used in all of them.

## Refusals

activity-already-recorded = This activity was recorded before.
activity-named-once = Name the activity in exactly one way.
already-reversed = Nothing is left of this activity to return.
before-enrolment = The member joined at { $enrolledAt }, after this.
business-clock-needs-sandbox = Only a sandbox has a clock of its own.
business-exists = There is a business { $slug } already.
business-slug-invalid = A short name is a lower-case letter followed by letters, digits, _ and -, not { $slug }.
clock-goes-forward = The clock shows { $now } and only goes forward.
clock-of-a-sandbox-only = Only the clock of a sandbox can be set.
credential-expired-at-once = The expiry lies in the past.
credential-kind-unknown = There is no kind of credential { $kind }; there is { $known }.
credential-name-invalid = A name has 1 to { $most } printable characters.
credential-not-found = The business { $business } has no key { $key }.
credential-partner-of-its-kind = A partner's credential names its partner, and no other does.
credential-scope-not-of-kind = A { $kind } credential cannot have the scope { $scope }; it can have { $known }.
credential-scope-unknown = There is no scope { $scope }; there is { $known }.
credential-source-invalid = A source has 1 to { $most } characters.
credential-test-needs-sandbox = Only a sandbox has test credentials.
currency-other = Amounts of this business are in { $currency }.
idempotency-conflict = This idempotency key was used for another input; take a new one.
idempotency-in-progress = The same request is still running; try again in a moment.
instant-in-the-future = This instant lies in the future.
instant-too-early = This instant lies before 1900.
instant-too-late = The latest instant is { $latest }.
instant-without-zone = Write the instant with its offset from UTC.
adjustment-decided = This adjustment was decided before.
adjustment-not-found = There is no such adjustment that waits for approval.
adjustment-of-nothing = An adjustment adds or takes away points.
approve-own-adjustment = An adjustment is approved by somebody else than the one who asked for it.
capture-exceeds-hold = Points in the hold: { $left }.
confirmation-before = The activity was at { $occurredAt }, after this confirmation.
hold-closed = This hold was captured or given back before.
hold-ends-after-it-begins = A hold ends later than now, and at most { $days } days later.
hold-expired = The time of this hold was up at { $expiresAt }.
hold-not-found = There is no such hold.
insufficient-points = Points to spend: { $available }; wanted: { $wanted }.
kind-not-taken = Activities of kind { $kind } cannot be recorded here.
kind-unknown = There is no such kind; there is { $kinds }.
line-keys-repeated = Every line has a key of its own.
line-unknown = The activity has no line { $key }.
lines-are-not-the-amount = The lines do not add up to { $amount }.
lines-without-amount = Give the amount together with its lines.
member-already-exists = There is a member with this id or identity already.
member-named-once = Name the member in exactly one way.
member-not-found = There is no such member.
member-closed = This membership was closed at { $closedAt }; nothing more is added to it.
member-merged = This member was merged into another one, who answers for it now.
merge-while-a-rule-fails = A rule failed at this member and waits for its repair; merge it afterwards.
merge-while-paused = This membership is paused; resume it first.
merge-with-oneself = A member cannot be merged with itself.
merge-with-open-application = This member has an open application; decide or withdraw it first.
merge-with-open-holds = This member has open holds; capture or void them first.
not-json = This cannot be written as JSON.
number-not-exact = Write the number as a string or a whole number; a floating-point number is not exact.
number-out-of-bounds = The number is too large.
number-too-fine = The number has more than { $decimals } decimals.
redemption-objected = This cannot be redeemed now: { $reason } (rule { $rule }).
rule-failed = The rule { $rule } failed, and nothing was changed. The operator has to look at it; then the same request may be sent again.
score-not-exact = A score that is a number is written with up to 15 digits, and up to 6 more after a point, as 80.5.
original-not-found = The activity to return is not recorded yet; try again later.
partner-unknown = There is no partner { $partner }.
pay-points-or-amount = Say either how many points or how much money they pay.
points-above-zero = The points are above zero.
points-currency-unknown = The program has no points currency { $currency }.
points-not-redeemable = Points of { $currency } cannot be spent.
points-of-a-redemption = Say how many points were redeemed.
points-of-other-kinds = Only an activity of kind redemption says how many points were redeemed.
points-worth-nothing = So few points are worth less than 0.01, at { $rate } for a point.
points-pay-nothing = Points of { $currency } do not pay for purchases.
period-closed = What happened before { $since } is closed.
program-invalid = The program was not accepted, and nothing changed: { $first }
program-not-found = There is no such program.
program-or-source = Name either a draft or version, or a file.
program-unavailable = No program of the business can be used now: { $reason }
referral-of-oneself = A member cannot be referred by oneself, nor by somebody whom one referred.
referrer-unknown = There is no member { $referredBy } who could have referred this one.
redemption-returned-whole = A redemption is given back whole.
return-amount-negative = The amount of a return that names no purchase is below zero.
return-amount-positive = What is returned is above zero.
return-by-counter-adjustment = An adjustment is undone by another adjustment.
return-of-a-caused = Return the activity that caused this one.
return-of-a-hold = A hold is captured or voided, not returned.
return-of-an-override = What was set by hand is ended by setStanding without a tier.
return-of-a-pause = A pause is ended by resumeMember.
return-of-a-closing = A membership that was closed is not opened again.
member-paused = This member is paused already.
member-not-paused = This member is not paused.
pause-end = A pause ends by itself on a later day, and no later than { $latest }.
ladder-unknown = The program has no ladder { $ladder }; it has { $known }.
ladder-tier-unknown = This ladder has no tier { $tier }; it has { $known }.
base-without-lock = { $tier } is the base tier, which needs no claim; locked, it keeps the member there.
standing-end = It ends on a later day than it begins, and no later than { $latest }.
standing-ended-says-more = Without a tier what was set by hand ends; that has no end, lock or evidence.
match-needs = A status match has an end, and evidence of the status elsewhere.
standing-matched-before = A status elsewhere was matched before on ladder { $ladder }; that is done once.
application-rule-unknown = Nobody can apply to a rule { $rule }; one can to: { $known }.
application-open = An application by this rule is open already.
application-not-possible = By rule { $rule } this is not possible now: there is nothing to renew, or no such step.
application-ended = The application has ended: { $state }.
application-other-step = The application waits for another step: { $step }.
application-vote-open = Votes are cast until { $closesAt }; only then it can be decided.
application-no-vote = No votes are cast on it: it waits for { $step }.
application-not-elector = This member was not in the electorate when the vote opened.
application-fee = What is paid is the fee, which is { $fee }; with another decision nothing is paid.
application-not-found = No such application is to be seen.
return-before-purchase = The purchase was at { $occurredAt }, after this return.
return-by-line = This activity has lines; say which of them are returned.
return-of-a-return = A return cannot be returned.
reversal-exceeds-original = More is returned than is left of the activity.
settlement-goes-forward = It is closed until { $until } already; a later instant is needed.
settlement-not-over = It is { $now }: only what is over is closed.
simulation-not-found = There is no such simulation.
simulation-period = A past period is from one instant until another, without effectiveAt; a sample is of a period.
simulation-sample = A sample has 1 to { $most } members.
simulations-running = { $most } simulations wait or run already; cancel one, or send the same request again later.
source-not-yours = This credential may not record as { $source }.
partner-not-yours = This credential records in the name of its own partner alone.
source-reserved = The source { $source } is the engine's own.
text-empty = A text is wanted here.
text-too-long = The text has more than { $longest } characters.
text-with-control-characters = The text has control characters in it.
too-deep = The value is nested more than { $most } levels deep.
too-many = There are more than { $most }.
too-many-items = Send 1 to { $most } items at once.
transfer-to-oneself = Points are sent to another member.
clock-jumped = The clock of the server is not believed now; nothing was done. Send the same request again later.
try-again = Others were in the way; nothing was done. Send the same request again.
code-form = A code of one's own has at least { $fewest } letters and digits.
code-not-usable = This code cannot be used.
code-taken = Another coupon has this code.
coupon-exists = There is a coupon with this key already.
coupon-of-its-kind = A reward of the kind coupon says who may use its coupons and what a return does, and no other.
coupon-use-not-found = There is no such use of a coupon.
coupon-use-not-released = This use was not released.
coupon-use-released = This use was released before.
coupon-use-reopened = This use was reopened before.
coupon-used-up = The coupon was used up meanwhile.
coupon-without-effect = The coupon would take nothing off this amount.
redemption-of-a-coupon = What this redemption gave is a coupon; using its code fulfils it.
return-of-a-coupon = The use of a coupon is given back by releaseCouponUse.
ends-before-it-begins = It ends before it begins.
key-form = A key is a lower-case letter followed by letters, digits, _ and -.
language-form = A language is written like en or zh-Hans.
name-wanted = Give the name in 1 to 30 languages.
number-from-to = The number is from { $least } to { $most }.
out-of-stock = There are not that many units in stock.
redemption-cancelled = This redemption was cancelled before.
redemption-expired = The time of this redemption was up at { $expiresAt }.
redemption-fulfilled = The member has what was redeemed already.
redemption-not-found = There is no such redemption.
return-of-a-reward = A redemption of a reward is taken back by cancelRedemption.
reward-exists = There is a reward with this key already.
reward-limit-reached = A member may redeem this reward { $limit } times.
reward-named-once = Name the reward in exactly one way.
reward-not-for-tier = This reward is for { $tiers }.
reward-not-found = There is no such reward.
reward-not-on-offer = This reward is not on offer now.
stock-of-nothing = Say how many units come in, or go out.
stock-unlimited = The units of this reward are unlimited.
tier-named-twice = The tier { $tier } is named twice.
tier-of-several-ladders = Several ladders have a tier { $tier }; write it as ladder.tier.
tier-unknown = The program has no tier { $tier }.
value-of-a-discount = Only a discount or a coupon has a value.
value-of-money-or-percent = A value is either money above zero, or a percentage above 0 and up to 100.

## Entries of a wallet

# What is counted, after `{ $amount }`.
points = { $amountForm ->
    [one] point
   *[other] points
}
entry-earn = { $amount } { points } earned
entry-partner-award = { $amount } { points } from a partner
entry-withhold = { $amount } { points } to be released later
entry-release = { $amount } { points } released
entry-redeem = { $amount } { points } redeemed
entry-give-back = { $amount } { points } given back
entry-hold = { $amount } { points } set aside
entry-unhold = { $amount } { points } no longer set aside
entry-capture = { $amount } { points } spent that had been set aside
entry-send = { $amount } { points } sent to another member
entry-receive = { $amount } { points } received from another member
entry-give = { $amount } { points } given for what another member did
entry-merge = { $amount } { points } carried over by a merge of members
entry-adjust = { $amount } { points } added by hand
entry-adjust-away = { $amount } { points } taken away by hand
entry-repay-debt = { $amount } { points } kept for what was owed
entry-owe = { $amount } { points } owed
entry-expire = { $amount } { points } expired
entry-take-back = { $amount } { points } taken back
entry-reversed = { $amount } { points } corrected

## Why a member stands where it stands

reason-reached = { $tier }: has { $have } of { $needed }
reason-short = { $tier }: has only { $have } of { $needed }
reason-supports = { $tier }: supported
reason-denies = { $tier }: not supported
reason-until = { $tier }: until { $date }, that day excluded
reason-at-review = { $tier }: enough for it; the review of { $date } decides
reason-locked = { $tier }: does not count while a lock set by hand lasts
reason-closing = The membership was closed
reason-own = { $tier }: { $said }
reason-override = { $tier }: set by hand
reason-grant = { $tier }: granted by hand
reason-match = { $tier }: matched by hand with a status elsewhere
requirement = at least { $needed }
progress-short = { $missing } more for { $tier }
progress-reached = enough for { $tier }: { $needed }
notice = From { $date } on { $tier }, unless the tier held is reached again before.

# What a condition counts, with how much of it.
counted = { $number } { $unit }
counted-points = { $number } { $numberForm ->
    [one] point
   *[other] points
}
counted-activities = { $number } { $numberForm ->
    [one] activity
   *[other] activities
}
counted-days = { $number } { $numberForm ->
    [one] day
   *[other] days
}
counted-months = { $number } { $numberForm ->
    [one] month
   *[other] months
}
counted-units = { $number } { $numberForm ->
    [one] unit
   *[other] units
}
counted-status = { $number } { $numberForm ->
    [one] status at a partner
   *[other] statuses at a partner
}
counted-score = { $number } { $numberForm ->
    [one] point of its score
   *[other] points of its score
}

## Applications

application-state-open = open
application-state-admitted = admitted
application-state-rejected = rejected
application-state-withdrawn = withdrawn
application-step-invite = invitation
application-step-review = review
application-step-inspect = inspection
application-step-vote = vote
application-step-sign = signature
application-step-pay = payment

## Why a simulation has failed

failure-overtaken = A version was published meanwhile, which this one would follow: try it again.
failure-program = The file cannot be used any more with the rules that are installed.
failure-defect = Something went wrong in the engine, 3 times at the same members; the operator finds it in the log of the worker.
failure-lost = Its workers ended 3 times in the middle of the same members: the operator finds out why.
