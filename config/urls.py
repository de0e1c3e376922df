from django.urls import include, path

urlpatterns = [path("", include("scheduler.api.urls")), path("", include("scheduler.pages.urls"))]
handler400 = "config.problems.unreadable_request"
handler404 = "config.problems.no_such_address"
handler500 = "config.problems.broken"
