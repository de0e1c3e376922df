from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('scheduler', '0009_who_settles_a_task'),
    ]

    operations = [
        migrations.AddField(
            model_name='idempotencykey',
            name='subjects',
            field=models.TextField(blank=True, default=''),
            preserve_default=False,
        ),
    ]
