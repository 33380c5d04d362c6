"""Tiers that are granted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from loyalty_engine.rules import (
    Admission,
    AdmissionEvent,
    AdmissionHooks,
    AdmissionStep,
    Application,
    Applied,
    Ladder,
    Member,
    Problem,
    ProgramOutline,
    Rule,
    StepDecided,
    TierHooks,
    TierVerdict,
    Transition,
    VoteClosed,
    VoteResult,
    VoteTerms,
    listed,
    tier_problems,
)
from loyalty_tier_grant.config import Course, Months, TierGrantConfig
from loyalty_tier_grant.counting import result_of

REFUSED = Transition("refused")


class TierGrant(Rule[TierGrantConfig], TierHooks, AdmissionHooks):
    """Grants a tier to those who apply and pass its steps: invitation, review, vote, signature, payment."""

    name = "tier_grant"
    version = "1"
    Config = TierGrantConfig

    def tier_opinion(self, member: Member, ladder: Ladder) -> Mapping[str, TierVerdict]:  # noqa: ARG002 - a hook
        """None about any tier: who is admitted has a claim, and figures do not matter."""
        return {}

    def transition(self, application: Application, event: AdmissionEvent) -> Transition:
        """The next step in order, admission after the last one, or rejection."""
        course = self.config if application.kind == "entry" else self.config.renewal
        if course is None:
            return REFUSED
        match event:
            case Applied() if application.step is None:
                return self._enter(course, course.steps[0])
            case StepDecided(approved=approved) if (
                application.step in course.steps and not application.vote_open
            ):
                return self._after(course, application.step) if approved else Transition("rejected")
            case VoteClosed(tally=tally) if application.step == "vote" and self.config.vote is not None:
                return self._voted(course, result_of(self.config.vote, tally))
        return REFUSED

    def problems(self, program: ProgramOutline) -> Iterable[Problem]:
        """Unknown tiers; a base tier, which needs no grant."""
        yield from tier_problems(program.ladders, [(("tier",), self.config.tier)])
        if self.config.vote is not None:
            yield from tier_problems(
                program.ladders, listed(self.config.vote.electorate, "vote", "electorate")
            )
        if any(ladder.own(self.config.tier) == ladder.base for ladder in program.ladders):
            yield Problem(("tier",), f"{self.config.tier!r} is a base tier, which needs no admission")

    def _voted(self, course: Course, result: VoteResult) -> Transition:
        vote = self.config.vote
        then = "reject"
        if vote is not None and result != "lost":
            then = {"carried": "pass", "tie": vote.tie, "no_quorum": vote.no_quorum}[result]
        if then == "decide":
            return Transition("open", "vote", result=result)
        if then == "reject":
            return Transition("rejected", result=result)
        return self._after(course, "vote", result)

    def _after(self, course: Course, step: AdmissionStep, result: VoteResult | None = None) -> Transition:
        left = course.steps[course.steps.index(step) + 1 :]
        if left:
            return self._enter(course, left[0], result)
        term = self.config.term
        months = term.months if isinstance(term, Months) else None
        return Transition("admitted", admission=Admission(self.config.tier, months), result=result)

    def _enter(self, course: Course, step: AdmissionStep, result: VoteResult | None = None) -> Transition:
        vote = self.config.vote
        terms = None
        if step == "vote" and vote is not None:
            terms = VoteTerms(vote.electorate, vote.closes_after_days)
        return Transition("open", step, terms, course.fee if step == "pay" else None, result=result)
