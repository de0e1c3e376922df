"""The case's way: bookings, arrive to close, endings, reviews, overrides."""

import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from scheduler import clock
from scheduler.access import Actor
from scheduler.api import inputs, outputs
from scheduler.api.described import described
from scheduler.api.show import show_booking, show_verdict
from scheduler.api.views import Write
from scheduler.services import bookings, signatures, transitions


def show_booked(booked: bookings.Booked) -> dict[str, Any]:
    tz = booked.case.practice.site.tz
    return {
        "booking": show_booking(booked.booking, tz),
        "case_version": booked.case.version,
        "verdict": show_verdict(booked.case, booked.refreshed.assessment),
    }


def show_moved(moved: transitions.Moved) -> dict[str, Any]:
    return {
        "case_version": moved.case.version,
        "case_state": moved.case.state,
        "overridden": list(moved.overridden),
        "verdict": show_verdict(moved.case, moved.refreshed.assessment),
    }


@described(name="book_case", takes=inputs.SlotIn, answers=outputs.BookedOut, status=201)
class BookCase(Write):
    accepts, status = inputs.SlotIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_booked(
            bookings.book_case(
                practice_id=actor.practice.pk,
                case_id=ids["case_id"],
                slot=inputs.SlotIn.value(data),
                seen_version=data["version"],
                by=actor.by,
                now=clock.now(),
            )
        )


@described(name="move_booking", takes=inputs.SlotIn, answers=outputs.BookedOut)
class MoveBooking(Write):
    accepts = inputs.SlotIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_booked(
            bookings.move_booking(
                practice_id=actor.practice.pk,
                booking_id=ids["booking_id"],
                slot=inputs.SlotIn.value(data),
                seen_version=data["version"],
                by=actor.by,
                now=clock.now(),
            )
        )


@described(name="release_booking", takes=inputs.ReleaseIn, answers=outputs.BookedOut)
class ReleaseBooking(Write):
    accepts = inputs.ReleaseIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_booked(
            bookings.release_booking(
                practice_id=actor.practice.pk,
                booking_id=ids["booking_id"],
                reason=data["reason"],
                seen_version=data["version"],
                by=actor.by,
                now=clock.now(),
            )
        )


@described(name="arrive", takes=inputs.EmptyIn, answers=outputs.MovedOut)
class Arrive(Write):
    accepts = inputs.EmptyIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_moved(
            transitions.arrive(practice_id=actor.practice.pk, case_id=ids["case_id"], by=actor.by, now=clock.now())
        )


class Step(Write):
    """A transition that takes nothing but the version that its writer saw."""

    accepts = inputs.Versioned
    service: ClassVar[Callable[..., transitions.Moved]]

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_moved(
            type(self).service(
                practice_id=actor.practice.pk,
                case_id=ids["case_id"],
                seen_version=data["version"],
                by=actor.by,
                now=clock.now(),
            )
        )


@described(name="check_in", takes=inputs.Versioned, answers=outputs.MovedOut)
class CheckIn(Step):
    service = transitions.check_in


@described(name="start", takes=inputs.Versioned, answers=outputs.MovedOut)
class Start(Step):
    service = transitions.start


@described(name="finish", takes=inputs.Versioned, answers=outputs.MovedOut)
class Finish(Step):
    service = transitions.finish


@described(name="discharge", takes=inputs.Versioned, answers=outputs.MovedOut)
class Discharge(Step):
    service = transitions.discharge


@described(name="close", takes=inputs.Versioned, answers=outputs.MovedOut)
class Close(Step):
    service = transitions.close


@described(name="reopen", takes=inputs.Versioned, answers=outputs.MovedOut)
class Reopen(Step):
    service = transitions.reopen


@described(name="cancel", takes=inputs.EndIn, answers=outputs.MovedOut)
class Cancel(Write):
    accepts = inputs.EndIn

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_moved(
            transitions.end_case(
                practice_id=actor.practice.pk,
                case_id=ids["case_id"],
                ending=data["ending"],
                reason=data["reason"],
                seen_version=data["version"],
                by=actor.by,
                now=clock.now(),
            )
        )


@described(name="sign_review", takes=inputs.ReviewIn, answers=outputs.MovedOut, status=201)
class SignReview(Write):
    accepts, status = inputs.ReviewIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        return show_moved(
            signatures.review_finding(
                practice_id=actor.practice.pk,
                case_id=ids["case_id"],
                item=data["item"],
                inputs=data["inputs"],
                start_from=data["start_from"],
                start_until=data["start_until"],
                note=data["note"],
                seen_version=data["version"],
                by=actor.by,
                now=clock.now(),
            )
        )


@described(name="override", takes=inputs.OverrideIn, answers=outputs.MovedOut, status=201)
class OverrideItem(Write):
    """Needs the clinician's own password in the request; a second person signs in where the item says two."""

    accepts, status = inputs.OverrideIn, 201

    def act(self, actor: Actor, data: dict[str, Any], **ids: uuid.UUID) -> Any:
        now, case_id, second = clock.now(), ids["case_id"], None
        signatures.authenticate_afresh(actor, data["password"], subject=case_id, now=now)
        if data["second"]:
            second = signatures.second_person(actor, **data["second"], subject=case_id, now=now)
        return show_moved(
            signatures.override_item(
                practice_id=actor.practice.pk,
                case_id=case_id,
                item=data["item"],
                inputs=data["inputs"],
                reason=data["reason"],
                seen_version=data["version"],
                by=actor.by,
                second=second,
                now=now,
            )
        )
