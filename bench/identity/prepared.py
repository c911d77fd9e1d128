"""Bring the records of all systems into one table of comparable texts, as the references need them.

Decides a plain, honest normalisation: case, accents, script, legal forms, street words. It is the references'
own: the product has another. Promises a table for any frames of canonical columns.
"""

import polars as pl
from anyascii import anyascii

from bench.identity.export import Corpus

__all__ = ["prepared"]

_FORMS = (
    r"\b(incorporated|inc|llc|llp|corp|corporation|company|co|ltd|limited|plc|dac|gmbh|gesellschaft mit beschrankter haftung|"
    r"gesmbh|mbh|aktiengesellschaft|ag|kg|ohg|ug|haftungsbeschrankt|ek|eu|sarl|sas|sasu|sa|eurl|snc|bv|bvba|nv|vof|srl|spa|slu|sl|"
    r"lda|limitada|unipessoal|sp z o ?o|spolka z o ?o|zoo|sp k|ab|aktiebolag|hb|ae|epe|ike|ooo|ao|pao|tov|prat|fze|zhu shi hui she|"
    r"he tong hui she|kk|sociedad limitada|sociedad anonima|public|und|and|et|the)\b"
)
_STREETS = (
    (r"\bst\b|\bstr\b|strasse\b|straat\b|street\b|str\b", "str"), (r"\bavenue\b|\bave\b|\bav\b|\bavda\b|\bavenida\b", "av"),
    (r"\broad\b", "rd"), (r"\bdrive\b", "dr"), (r"\blane\b", "ln"), (r"\bboulevard\b|\bblvd\b", "bd"), (r"\bcourt\b", "ct"),
    (r"\bplace\b|\bplaza\b|\bpza\b|\bpiazza\b|\bp za\b", "pl"), (r"\bcalle\b|\bc\b", "c"), (r"\bviale\b|\bv le\b", "vle"),
    (r"\bvia\b|\bv\b", "via"), (r"\brua\b|\br\b", "r"), (r"\bul\b|\bulitsa\b|\bvul\b|\bvulitsya\b", ""),
)  # fmt: skip
_JUNK = ("noreply@amazon.com", "test@test.com", "keine@mail.de", "none@none.com", "nomail@nomail.com", "na@na.com")  # fmt: skip


def prepared(corpus: Corpus) -> pl.DataFrame:
    """Return one row a record: ``unique_id``, ``system``, ``external_id`` and the texts to compare."""
    whole = pl.concat(
        frame.with_columns(system=pl.lit(system)) for system, frame in corpus.frames.items()
    )
    address = pl.coalesce("billing_address", "shipping_address")
    is_company = (pl.col("kind") == "organisation").fill_null(
        pl.col("organisation").is_not_null() & pl.col("family_name").is_null()
    )
    part = address.str.json_path_match
    table = whole.with_row_index("unique_id").select(
        "unique_id", "system", "external_id",
        is_company=is_company,
        given=_plain(pl.col("given_name")),
        family=_plain(pl.col("family_name")),
        firm=_plain(pl.col("organisation")),
        email=pl.when(~pl.col("email").is_in(_JUNK)).then(pl.col("email").str.to_lowercase()),
        phone="phone",
        tax="tax_id",
        born="birth_date",
        street=_plain(part("$.street")),
        postal=part("$.postal_code").str.replace_all(r"\W", "").str.to_lowercase(),
        city=_plain(part("$.city")),
        country="country",
    )  # fmt: skip
    for pattern, short in _STREETS:
        table = table.with_columns(pl.col("street").str.replace_all(pattern, short))
    firm = (
        pl.col("firm").str.replace_all(_FORMS, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    )
    words = (pl.col("given").fill_null("") + " " + pl.col("family").fill_null("")).str.strip_chars()
    return table.with_columns(
        given=pl.col("given").str.split(" ").list.first(),
        firm=pl.when(firm != "").then(firm).otherwise("firm"),
        street=pl.col("street").str.replace_all(r"\s+", ""),
        house=pl.col("street").str.extract(r"(\d+)"),
        names=pl.when(words != "").then(words.str.split(" ").list.sort().list.join(" ")),
        host=pl.col("email").str.extract(r"@(.+)$"),
    )


def _plain(text: pl.Expr) -> pl.Expr:
    """Lower case, Latin letters, no marks: of unique values, since the library takes one at a time."""
    latin = text.map_batches(_latin, return_dtype=pl.String)
    bare = latin.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    dotted = bare.str.replace_all(r"\b(\w)\.(\w)\b\.?", "$1$2").str.replace_all(
        r"\b(\w)\.(\w)\b\.?", "$1$2"
    )
    words = dotted.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return pl.when(words != "").then(words)


def _latin(texts: pl.Series) -> pl.Series:
    unique = texts.drop_nulls().unique()
    foreign = unique.filter(unique.str.contains(r"[^\x00-\u{24F}]"))
    return texts.replace(foreign, pl.Series([anyascii(text) for text in foreign], dtype=pl.String))
