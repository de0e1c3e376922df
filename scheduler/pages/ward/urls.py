from django.urls import path

from scheduler.pages.ward import acts, board, case, infection, paper, paper_record, verify

CASE = "ward/cases/<uuid:case_id>/"

urlpatterns = [
    path("ward/", board.board, name="ward-board"),
    path("ward/rows/", board.board_rows, name="ward-board-rows"),
    path("ward/print/", paper.print_pack, name="ward-print"),
    path(CASE, case.case_page, name="ward-case"),
    path(CASE + "identity/", case.identity, name="ward-identity"),
    path(CASE + "verify/", verify.verify, name="ward-verify"),
    path(CASE + "record/", verify.different, name="ward-record"),
    path(CASE + "infection/", infection.infection, name="ward-infection"),
    path(CASE + "infection/prescreen/", infection.prescreen, name="ward-prescreen"),
    path(CASE + "arrive/", acts.arrive, name="ward-arrive"),
    path(CASE + "check-in/", acts.check_in, name="ward-check-in"),
    path(CASE + "start/", acts.start, name="ward-start"),
    path(CASE + "finish/", acts.finish, name="ward-finish"),
    path(CASE + "discharge/", acts.discharge, name="ward-discharge"),
    path(CASE + "send-home/", acts.send_home, name="ward-send-home"),
    path(CASE + "paper/", paper.paper, name="ward-paper"),
    path(CASE + "paper/record/", paper_record.paper_record, name="ward-paper-record"),
    path(CASE + "ask-override/", acts.ask_override, name="ward-ask-override"),
]
