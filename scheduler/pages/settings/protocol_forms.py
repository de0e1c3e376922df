"""What is typed about protocol versions: adopt, compare, fill, sign, withdraw."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from checklists.models import ProtocolVersion
from checklists.protocols.blocks import CONFIDENCES
from checklists.protocols.filling import LONGEST, Gap, Number
from scheduler.pages.fields import TextField


class AdoptForm(forms.Form):
    name = forms.ChoiceField(label="Protocol", choices=[])

    def __init__(self, *args: Any, names: list[str], **more: Any) -> None:
        super().__init__(*args, **more)
        name = self.fields["name"]
        assert isinstance(name, forms.ChoiceField)
        name.choices = [(each, each) for each in names]


class AgainstForm(forms.Form):
    against = forms.TypedChoiceField(label="Compare with", choices=[], coerce=uuid.UUID)

    def __init__(self, *args: Any, versions: list[ProtocolVersion], **more: Any) -> None:
        super().__init__(*args, **more)
        against = self.fields["against"]
        assert isinstance(against, forms.TypedChoiceField)
        against.choices = [(str(each.pk), named(each)) for each in versions]


class TargetForm(forms.Form):
    to = forms.TypedChoiceField(label="Move to", choices=[], coerce=uuid.UUID)

    def __init__(self, *args: Any, versions: list[ProtocolVersion], **more: Any) -> None:
        super().__init__(*args, **more)
        to = self.fields["to"]
        assert isinstance(to, forms.TypedChoiceField)
        to.choices = [(str(each.pk), named(each)) for each in versions]


def named(version: ProtocolVersion) -> str:
    """Protocol, number and standing, as lists of versions show them."""
    standing = "withdrawn" if version.withdrawn_at else "in force" if version.signed_at else "not signed"
    return f"{version.protocol.name}, version {version.number} ({standing})"


class SignForm(forms.Form):
    password = forms.CharField(
        label="Your password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class WithdrawForm(SignForm):
    reason = TextField(max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


@dataclass(frozen=True, slots=True)
class GapFields:
    """One missing number with its boxes."""

    gap: Gap
    value: forms.BoundField
    source: forms.BoundField
    confidence: forms.BoundField
    note: forms.BoundField


class FillForm(forms.Form):
    """Four boxes for each missing number; a box is called by the number's path, as the refusals are."""

    def __init__(self, data: Any = None, *, gaps: Sequence[Gap]) -> None:
        super().__init__(data)
        self.gaps = gaps
        for gap in gaps:
            what = f"{gap.rule}, {gap.part}" if gap.part else gap.rule
            unit = f" ({gap.unit})" if gap.unit else ""
            self.fields[gap.path] = TextField(label=f"{what}{unit}", max_length=60)
            self.fields[f"{gap.path}.source"] = TextField(label="Where the number comes from", max_length=LONGEST)
            self.fields[f"{gap.path}.confidence"] = forms.ChoiceField(
                label="How sure it is", choices=[("", "choose"), *((one, one) for one in CONFIDENCES)]
            )
            self.fields[f"{gap.path}.note"] = TextField(label="Note", max_length=LONGEST, required=False)

    @property
    def rows(self) -> list[GapFields]:
        parts = ("", ".source", ".confidence", ".note")
        return [GapFields(gap, *(self[f"{gap.path}{part}"] for part in parts)) for gap in self.gaps]

    def numbers(self) -> list[Number]:
        data = self.cleaned_data
        return [
            Number(gap.path, *(data[f"{gap.path}{part}"] for part in ("", ".source", ".confidence", ".note")))
            for gap in self.gaps
        ]


class ChosenCases(forms.MultipleChoiceField):
    """Boxes ticked in a preview: each says its case and, after a colon, what was seen of it."""

    def validate(self, value: list[str]) -> None:
        if not value:
            raise forms.ValidationError("Choose at least one case.")

    def clean(self, value: Any) -> Any:
        found: dict[uuid.UUID, str] = {}
        for one in super().clean(value):
            case, _, seen = one.partition(":")
            try:
                found[uuid.UUID(case)] = seen
            except ValueError as error:
                raise forms.ValidationError("A box does not name a case. Load the page again.") from error
        return found


class MoveForm(forms.Form):
    to = forms.UUIDField(widget=forms.HiddenInput)
    cases = ChosenCases(widget=forms.CheckboxSelectMultiple)
    password = forms.CharField(
        label="Your password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    @property
    def target(self) -> uuid.UUID | None:
        """The version that was posted, also where another field is wrong."""
        return self.cleaned_data.get("to") if self.is_bound and hasattr(self, "cleaned_data") else None

    @property
    def kept(self) -> set[str]:
        """The cases that were ticked, for the page that says what is wrong."""
        ticked = self.data.getlist("cases") if isinstance(self.data, QueryDict) else []
        return {one.partition(":")[0] for one in ticked}
