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
kind-not-taken = Activities of kind { $kind } cannot be recorded here.
kind-unknown = There is no such kind; there is { $kinds }.
line-keys-repeated = Every line has a key of its own.
line-unknown = The activity has no line { $key }.
lines-are-not-the-amount = The lines do not add up to { $amount }.
lines-without-amount = Give the amount together with its lines.
member-already-exists = There is a member with this id or identity already.
member-named-once = Name the member in exactly one way.
member-not-found = There is no such member.
not-json = This cannot be written as JSON.
number-not-exact = Write the number as a string or a whole number; a floating-point number is not exact.
number-out-of-bounds = The number is too large.
number-too-fine = The number has more than { $decimals } decimals.
original-not-found = The activity to return is not recorded yet; try again later.
partner-unknown = There is no partner { $partner }.
program-unavailable = No program of the business can be used now: { $reason }
return-amount-negative = The amount of a return that names no purchase is below zero.
return-amount-positive = What is returned is above zero.
return-before-purchase = The purchase was at { $occurredAt }, after this return.
return-by-line = This activity has lines; say which of them are returned.
return-of-a-return = A return cannot be returned.
reversal-exceeds-original = More is returned than is left of the activity.
source-not-yours = This credential may not record as { $source }.
source-reserved = The source { $source } is the engine's own.
text-empty = A text is wanted here.
text-too-long = The text has more than { $longest } characters.
text-with-control-characters = The text has control characters in it.
too-deep = The value is nested more than { $most } levels deep.
too-many = There are more than { $most }.
too-many-items = Send 1 to { $most } items at once.
try-again = Others were in the way; nothing was done. Send the same request again.

## Entries of a wallet

entry-earn = { $amount } points earned
entry-partner-award = { $amount } points from a partner
entry-repay-debt = { $amount } points kept for points that were owed
entry-expire = { $amount } points expired
entry-take-back = { $amount } points taken back after a return
entry-owe = { $amount } points owed after a return
entry-reversed = { $amount } points corrected

## Why a member stands where it stands

reason-reached = { $tier }: has { $have } of { $need } { $unit }
reason-short = { $tier }: has only { $have } of { $need } { $unit }
reason-supports = { $tier }: supported
reason-denies = { $tier }: not supported
requirement = at least { $need } { $unit }
progress-short = { $missing } { $unit } more for { $tier }
progress-reached = enough { $unit } for { $tier }
unit-activities = activities
unit-days = days
unit-units = units
unit-score = points of its score
