from django.urls import path

from scheduler.pages.settings import erasing, moving, patients, people, places, practice, protocols, texts, versions

urlpatterns = [
    path("settings/", practice.home, name="settings"),
    path("settings/practice/", practice.practice, name="settings-practice"),
    path("settings/places/", places.places, name="settings-places"),
    path("settings/places/<uuid:resource_id>/", places.place, name="settings-place"),
    path("settings/people/", people.people, name="settings-people"),
    path("settings/people/<uuid:user_id>/", people.person, name="settings-person"),
    path("settings/people/<uuid:user_id>/close/", people.close, name="settings-person-close"),
    path("settings/texts/", texts.texts, name="settings-texts"),
    path("settings/patients/", patients.patients, name="settings-patients"),
    path("settings/patients/<uuid:patient_id>/", patients.patient, name="settings-patient"),
    path("settings/patients/<uuid:patient_id>/erase/", erasing.erase, name="settings-patient-erase"),
    path("settings/protocols/", protocols.protocols, name="settings-protocols"),
    path("settings/protocols/<uuid:version_id>/", protocols.protocol, name="settings-protocol"),
    path("settings/protocols/<uuid:version_id>/diff/", versions.diff, name="settings-protocol-diff"),
    path("settings/protocols/<uuid:version_id>/fill/", versions.fill, name="settings-protocol-fill"),
    path("settings/protocols/<uuid:version_id>/move/", moving.move, name="settings-protocol-move"),
    path("settings/protocols/<uuid:version_id>/sign/", protocols.sign, name="settings-protocol-sign"),
    path("settings/protocols/<uuid:version_id>/withdraw/", protocols.withdraw, name="settings-protocol-withdraw"),
]
