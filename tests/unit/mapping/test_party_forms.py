"""Who is a firm, by the legal forms of other alphabets; and names that must come back as they went."""

import pytest

from customer_sync.core.mapping.name import PersonName, has_legal_form


@pytest.mark.parametrize(
    "text",
    [
        "株式会社富士商事",
        "富士商事株式会社",
        "주식회사 한강",
        "ТОВ Калина",
        "Калина ТОВ",
        "Αιγαίο Α.Ε.",
        "ООО Ромашка",
    ],
)
def test_a_firm_is_told_by_its_form_in_any_alphabet(text):
    assert has_legal_form(text)


@pytest.mark.parametrize("text", ["山田 太郎", "김 민준", "Олена Шевченко", "Ελένη Μακρή", "Anna"])
def test_a_person_is_no_firm(text):
    assert not has_legal_form(text)


def test_a_family_name_alone_comes_back_whatever_title_and_suffix_stood_there():
    lens = PersonName(names=("given_name", "family_name"))
    written = lens.write((None, "Øst"), ("Dr. Ann van der Lee Jr.",))
    assert written is not None
    assert lens.read(written) == (None, "Øst")
