"""Every kept number and every entry, changed once, and what the change must be found as."""

from tests.verification.cases_of_points import OF_POINTS
from tests.verification.cases_of_tiers import OF_TIERS

CASES = (*OF_POINTS, *OF_TIERS)
