from django.urls import path

from scheduler.pages.my import calendar, clearance, entrance, overview, pickup, questions

urlpatterns = [
    path("my/", entrance.home, name="my-home"),
    path("my/not-me/", entrance.wrong_person, name="my-not-me"),
    path("my/questions/<uuid:question_id>/", questions.question, name="my-question"),
    path("my/check/", overview.check, name="my-check"),
    path("my/done/", overview.done, name="my-done"),
    path("my/appointment.ics", calendar.calendar, name="my-calendar"),
    path("my/pick-up/", pickup.pick_up, name="my-pick-up"),
    path("my/clearance/", clearance.answer, name="my-clearance"),
    # Last: every other word after /my/ is taken for a token, so that no wrong one looks different.
    path("my/<str:token>/", entrance.link, name="my-link"),
]
