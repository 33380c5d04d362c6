"""Which languages a request asks for."""

import re

_PART = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*")
MOST_CHARACTERS = 500


def accepted_locales(header: str | None) -> tuple[str, ...]:
    """The locales of an Accept-Language header, the most wanted first; what cannot be read is left out."""
    if header is None or len(header) > MOST_CHARACTERS:
        return ()
    found = [match for part in header.split(",") if (match := _PART.fullmatch(part))]
    weighed = [(float(match[2] or 1), match[1]) for match in found]
    return tuple(locale for weight, locale in sorted(weighed, key=lambda each: -each[0]) if weight > 0)
