from django.urls import path

from scheduler.pages import (
    boards,
    clearance,
    desk,
    desk_acts,
    duplicates,
    links,
    mailbox,
    phone,
    plan,
    record,
    recording,
    session,
    signing,
    wrong,
)
from scheduler.pages.my.urls import urlpatterns as my
from scheduler.pages.settings.urls import urlpatterns as settings
from scheduler.pages.ward.urls import urlpatterns as ward

urlpatterns = [
    path("", boards.home, name="home"),
    path("login/", session.sign_in, name="login"),
    path("logout/", session.sign_out, name="logout"),
    path("record/", record.record, name="record"),
    path("record/export/", record.record_export, name="record-export"),
    path("desk/", boards.pathway, name="desk-pathway"),
    path("desk/rows/", boards.pathway_rows, name="desk-pathway-rows"),
    path("desk/day/", boards.day, name="desk-day"),
    path("desk/day/rows/", boards.day_rows, name="desk-day-rows"),
    path("desk/new/", desk.new_case, name="desk-new"),
    path("desk/tasks/", desk.tasks, name="desk-tasks"),
    path("desk/tasks/<uuid:task_id>/done/", desk.task_done, name="desk-task-done"),
    path("desk/cases/<uuid:case_id>/", desk.case_page, name="desk-case"),
    path("desk/cases/<uuid:case_id>/book/", desk.book, name="desk-book"),
    path("desk/cases/<uuid:case_id>/end/", desk.end, name="desk-end"),
    path("desk/cases/<uuid:case_id>/refile/", wrong.case_refile, name="desk-case-refile"),
    path(
        "desk/cases/<uuid:case_id>/evidence/<uuid:evidence_id>/error/", wrong.evidence_error, name="desk-evidence-error"
    ),
    path("desk/duplicates/", duplicates.duplicates, name="desk-duplicates"),
    path("desk/duplicates/<uuid:survivor_id>/<uuid:duplicate_id>/", duplicates.merge, name="desk-merge"),
    path("desk/duplicates/<uuid:survivor_id>/<uuid:duplicate_id>/apart/", duplicates.apart, name="desk-tell-apart"),
    path("desk/apart/<uuid:apart_id>/undo/", duplicates.apart_undo, name="desk-tell-apart-undo"),
    path("desk/merges/<uuid:merge_id>/undo/", duplicates.undo, name="desk-merge-undo"),
    path("desk/cases/<uuid:case_id>/plan/", plan.change_plan, name="desk-plan"),
    path("desk/cases/<uuid:case_id>/arrive/", desk_acts.arrive, name="desk-arrive"),
    path("desk/cases/<uuid:case_id>/close/", desk_acts.close, name="desk-close"),
    path("desk/cases/<uuid:case_id>/reopen/", desk_acts.reopen, name="desk-reopen"),
    path("sign/", signing.signing, name="sign-list"),
    path("sign/cases/<uuid:case_id>/review/", signing.review, name="sign-review"),
    path("sign/tasks/<uuid:task_id>/restart/", signing.restart, name="sign-restart"),
    path("sign/tasks/<uuid:task_id>/override/", signing.override, name="sign-override"),
    path("sign/tasks/<uuid:task_id>/decline/", signing.decline, name="sign-decline"),
    path("sign/tasks/<uuid:task_id>/paper/", signing.paper, name="sign-paper"),
    *ward,
    *my,
    path("desk/cases/<uuid:case_id>/record/", recording.record_page, name="desk-record"),
    path("desk/cases/<uuid:case_id>/clearance/", clearance.clearance, name="desk-clearance"),
    path("desk/cases/<uuid:case_id>/clearance/answer/", clearance.answer, name="desk-clearance-answer"),
    path("desk/cases/<uuid:case_id>/clearance/verify/", clearance.verify, name="desk-clearance-verify"),
    path(
        "desk/cases/<uuid:case_id>/clearance/<uuid:contact_id>/letter/", clearance.letter, name="desk-clearance-letter"
    ),
    path("desk/cases/<uuid:case_id>/phone/", phone.phone_check, name="desk-phone"),
    path("desk/cases/<uuid:case_id>/links/<uuid:contact_id>/send/", links.send, name="desk-link-send"),
    path("desk/cases/<uuid:case_id>/contacts/<uuid:contact_id>/", links.change, name="desk-contact-change"),
    *settings,
    path("desk/mailbox/", mailbox.mailbox, name="desk-mailbox"),
    path("desk/mailbox/<str:name>/", mailbox.mail, name="desk-mail"),
    path("desk/mailbox/<str:name>/invite.ics", mailbox.invite, name="desk-invite"),
]
