"""What of an item's key may stand in the record, which is kept when everything else of a patient is erased."""


def recorded_item(item: str) -> str:
    """`hold:apixaban` as `hold:*`: a drug is a value, and values never enter the record."""
    kind, colon, _ = item.partition(":")
    return f"{kind}{colon}*" if colon else item
