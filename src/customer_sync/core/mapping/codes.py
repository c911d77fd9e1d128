"""The codes of everything that can be wrong with a record on its way into canonical values.

Decides the wording: each code has one text, what is wrong and what to do about it, written for the
person who looks after the data. Promises stable codes: docs, rules and stored rejects refer to
them. Must not hold a value of any record.
"""

from typing import Final

__all__ = ["CODES", "IGNORED"]

IGNORED: Final = "ignored"  # a value that the configuration says to pass over; never reported

CODES: Final[dict[str, str]] = {
    "address_country": (
        "The country of the address is not known. Use an ISO code or a country name."
    ),
    "address_json": "The address is not a JSON object of texts. Correct it at its source.",
    "boolean_unknown": "The value is not one of the known yes/no words. Map it with `values`.",
    "country_unknown": (
        "The country is not known. Use an ISO code or a country name, or map it with "
        "`values`."
    ),
    "currency_ambiguous": (
        "The sign stands for several currencies. Use the ISO code, or map it with `values`."
    ),
    "currency_missing": (
        "The amount does not say its currency. Give `currency`, or a currency field."
    ),
    "currency_unknown": "The currency is not known. Use the ISO code, such as EUR.",
    "date_ambiguous": "Day and month cannot be told apart. Give `format`, such as %d/%m/%Y.",
    "date_invalid": "The value is not a date of the expected format. Correct it, or give `format`.",
    "email_invalid": "The value is not an e-mail address. Correct it at its source.",
    "email_several": "The field holds several e-mail addresses. Map it to `emails`, or keep one.",
    "expression_failed": (
        "The expression cannot be computed for this record. Make it allow for such values."
    ),
    "instant_gap": (
        "That local time does not exist: the clocks went forward. Correct it, or send an "
        "offset."
    ),
    "instant_invalid": (
        "The value is not a date and time of the expected format. Correct it, or give "
        "`format`."
    ),
    "instant_overlap": (
        "That local time occurs twice: the clocks went back. Send it with an offset or in "
        "UTC."
    ),
    "instant_zone_missing": (
        "The time does not say its time zone. Give `zone`, such as Europe/Berlin."
    ),
    "json_invalid": "The field does not hold readable JSON. Correct it at its source.",
    "json_precision": "The JSON holds a number too long to be kept exactly. Send it as a text.",
    "json_type": "At that JSON path stands an object or a list, not a value. Correct `path`.",
    "language_unknown": "The language is not known. Use an ISO 639 code or its name.",
    "list_element_invalid": "An element of the list cannot be read. Correct it at its source.",
    "list_invalid": (
        "The list is neither a JSON array of texts nor a separated text. Correct it at its "
        "source."
    ),
    "number_ambiguous": (
        "Thousands and decimals cannot be told apart. Give `format`, such as 1.234,56."
    ),
    "number_invalid": (
        "The value is not a number of the expected format. Correct it, or give `format`."
    ),
    "phone_invalid": (
        "The value is not a possible phone number. Correct it, or give `region` for national "
        "numbers."
    ),
    "phone_region_missing": (
        "The number is national and no region is known. Give `region`, such as DE."
    ),
    "region_unknown": (
        "The region is not known in that country. Use the ISO 3166-2 code, such as DE-BY."
    ),
    "required_missing": (
        "A required value is missing. Fill it in at its source, or drop `required`."
    ),
    "rule_rejected": (
        "A business rule sets this record aside. Correct the record, or change the rule."
    ),
    "tax_id_country_missing": (
        "The tax id does not say its country. Write its prefix, or give `region`."
    ),
    "tax_id_invalid": (
        "The tax id is not valid: wrong length, characters or check digit. Correct it at its "
        "source."
    ),
    "text_control": (
        "The text holds control characters that cannot be stored. Remove them at its source."
    ),
    "url_invalid": "The value is not a web address. Correct it at its source.",
    "value_invalid": (
        "The computed value is not of the kind of its canonical field. Correct the "
        "expression."
    ),
    "value_unmapped": "The value is not in the value map. Add it to `values`, or set `unmapped`.",
}  # fmt: skip
