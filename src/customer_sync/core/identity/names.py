"""Do two names stand against each other? A guard for shared mailboxes and telephones.

Not a matcher: it only tells names that may be the same party's from names that cannot. Names are
compared as lower-case words without accents, legal forms and titles.
"""

import polars as pl

__all__ = ["NAME_COLUMNS", "agreement", "name_words"]

NAME_COLUMNS = ("given_name", "family_name", "organisation")
_LEGAL = (
    r"\b(ltd|limited|llc|inc|incorporated|corp|corporation|co|company|plc|gmbh|mbh|ag|kg|ohg|ug|se|sa|sas|sarl|srl|"
    r"spa|bv|nv|ab|as|oy|aps|pty|kft|sp z oo|und|and|et|the)\b"
)


def name_words(values: pl.DataFrame) -> pl.DataFrame:
    """Return ``given``, ``family``, ``firm``: normalised words of the name columns, null where none."""
    named = values.with_columns(
        given=_normal("given_name") if "given_name" in values.columns else pl.lit(None, pl.String),
        family=_normal("family_name")
        if "family_name" in values.columns
        else pl.lit(None, pl.String),
        firm=_firm() if "organisation" in values.columns else pl.lit(None, pl.String),
    )
    # Literals alone would select one row, whatever the height.
    return named.select("given", "family", "firm")


def _normal(column: str) -> pl.Expr:
    plain = pl.col(column).str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()
    words = plain.str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()
    return pl.when(words != "").then(words)


def _firm() -> pl.Expr:
    words = _normal("organisation").str.replace_all(r"\b(\p{L}) (\p{L})\b", "$1$2")
    bare = words.str.replace_all(_LEGAL, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    return pl.when(bare != "").then(bare).otherwise(words)


def agreement(left: str, right: str) -> pl.Expr:
    """Return 1 where the names agree, -1 where they stand against each other, 0 where it cannot be told.

    Args:
        left: prefix of the columns given, family, firm of one side.
        right: the same of the other side.
    """
    given = _compatible(pl.col(f"{left}given"), pl.col(f"{right}given"))
    family = _compatible(pl.col(f"{left}family"), pl.col(f"{right}family"))
    swapped = (pl.col(f"{left}given") == pl.col(f"{right}family")) & (
        pl.col(f"{left}family") == pl.col(f"{right}given")
    )
    firm = _same_firm(pl.col(f"{left}firm"), pl.col(f"{right}firm"))
    persons = (
        pl.when(swapped).then(1)
        .when(given == -1).then(-1)  # another first name decides: households share all the rest
        .when((given == 1) & (family == 1)).then(1)
        .when((given == 0) & (family == -1)).then(-1)
        .otherwise(0)
    )  # fmt: skip
    is_person = pl.col(f"{left}given").is_not_null() | pl.col(f"{left}family").is_not_null()
    is_person_too = pl.col(f"{right}given").is_not_null() | pl.col(f"{right}family").is_not_null()
    return (
        pl.when(is_person & is_person_too)
        .then(persons)
        .when(is_person | is_person_too)
        .then(0)
        .otherwise(firm)
    )


def _compatible(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """Compare words: equal, or one begins the other (initials, short forms, double names)."""
    begins = a.str.starts_with(b) | b.str.starts_with(a) | a.str.ends_with(b) | b.str.ends_with(a)
    first = a.str.splitn(" ", 2).struct.field("field_0") == b.str.splitn(" ", 2).struct.field(
        "field_0"
    )
    same = (a == b) | begins | first
    return pl.when(a.is_null() | b.is_null()).then(0).when(same).then(1).otherwise(-1)


def _same_firm(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return pl.when(a.is_null() | b.is_null()).then(0).when(a == b).then(1).otherwise(-1)
