from django.db import migrations, models

REVIEW = "downtime:"


def name_who_answers(apps, schema_editor):
    """Reviews of paper that were owed before: who decided, signed or entered it stood in the gate pass alone."""
    Task, GatePass = apps.get_model("scheduler", "Task"), apps.get_model("checklists", "GatePass")
    for task in Task.objects.filter(key__startswith=REVIEW):
        found = GatePass.objects.filter(practice_id=task.practice_id, pk=task.key.removeprefix(REVIEW)).first()
        if found is not None:
            task.not_by = [found.decided_by, found.signed_by, found.issued_by]
            task.save(update_fields=["not_by"])


class Migration(migrations.Migration):

    dependencies = [
        ('scheduler', '0008_digest_salt'),
        ('checklists', '0006_refiled_evidence'),
    ]

    operations = [
        migrations.AddField(
            model_name='task',
            name='not_by',
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name='task',
            name='sentence',
            field=models.TextField(),
        ),
        migrations.RunPython(name_who_answers, migrations.RunPython.noop),
    ]
