"""Splink 5 on the invented customers: a model of persons and one of companies.

Decides comparisons, blocking and training, tuned by hand on other seeds than are reported. Promises pairs with
match probabilities. Must not see the truth.
"""

import logging
import warnings
from typing import Any

import polars as pl

__all__ = ["companies", "persons"]

SAMPLE_PAIRS = 2e6
SEED = 1


def persons(table: pl.DataFrame, *, is_tuned: bool, least: float) -> pl.DataFrame:
    """Return pairs of persons."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    blocks = [
        block_on("email"), block_on("phone"), block_on("names", "country"), block_on("family", "postal"),
        block_on("born"), block_on("street", "postal"), block_on("street", "family"), block_on("given", "street", "house"),
        block_on("family", "substr(given,1,3)", "substr(city,1,4)"), block_on("given", "postal"),
        block_on("substr(family,1,4)", "substr(given,1,2)", "house"),
    ]  # fmt: skip
    names = (
        [_names_tuned()]
        if is_tuned
        else [
            cl.ForenameSurnameComparison(
                "given", "family", forename_surname_concat_col_name="whole"
            )
        ]
    )
    comparisons = [
        *names,
        _email() if is_tuned else cl.ExactMatch("email").configure(term_frequency_adjustments=True),
        cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        _born() if is_tuned else cl.DateOfBirthComparison("born", input_is_string=True),
        _address() if is_tuned else cl.LevenshteinAtThresholds("street", [2]),
        *([] if is_tuned else [cl.ExactMatch("postal").configure(term_frequency_adjustments=True)]),
    ]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocks,
    )
    whole = (pl.col("given") + " " + pl.col("family")).alias("whole")
    # Rules that nearly imply identity: EM on wider ones learns to find households. FEBRL has no e-mail.
    contact = "email" if table["email"].count() else "born"
    trained = [block_on("names", "postal"), block_on(contact, "given"), block_on("names", "born")]
    return _predicted(
        table.with_columns(whole), settings,
        prior=[block_on("names", "email"), block_on("names", "phone"), block_on("names", "born")], recall=0.55,
        trained=trained, least=least,
    )  # fmt: skip


def companies(table: pl.DataFrame, *, least: float) -> pl.DataFrame:
    """Return pairs of companies."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.CustomComparison(output_column_name="firm", comparison_levels=[
                cll.NullLevel("firm"), cll.ExactMatchLevel("firm", term_frequency_adjustments=True),
                cll.JaroWinklerLevel("firm", 0.95), cll.JaroWinklerLevel("firm", 0.88), cll.ElseLevel(),
            ]),
            cl.ExactMatch("tax"), cl.ExactMatch("host"), cl.ExactMatch("phone"),
            cl.ExactMatch("country"), _address(),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("tax"), block_on("firm"), block_on("host"), block_on("phone"), block_on("substr(firm,1,6)", "postal"),
            block_on("street", "postal"), block_on("substr(firm,1,8)", "country"),
        ],
    )  # fmt: skip
    return _predicted(
        table, settings, prior=[block_on("firm", "postal"), block_on("tax")], recall=0.7,
        trained=[block_on("firm"), block_on("postal", "street"), block_on("tax")], least=least,
    )  # fmt: skip


def _predicted(
    table: pl.DataFrame,
    settings: Any,
    *,
    prior: list[Any],
    recall: float,
    trained: list[Any],
    least: float,
) -> pl.DataFrame:
    from splink import DuckDBAPI, Linker

    logging.disable(logging.WARNING)  # it tells every step
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = DuckDBAPI()
        linker = Linker(api.register(table.to_arrow(), dataset_display_name="customers"), settings)
        linker.training.estimate_probability_two_random_records_match(prior, recall=recall)
        linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLE_PAIRS, seed=SEED)
        for rule in trained:
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        predicted = linker.inference.predict(threshold_match_probability=least)
        found = pl.from_arrow(predicted.as_pyarrow_table())
    logging.disable(logging.NOTSET)
    assert isinstance(found, pl.DataFrame)
    return found.select(left="unique_id_l", right="unique_id_r", probability="match_probability")


def _names_tuned() -> Any:
    """Names as one comparison: the same family and another given name is what households are made of."""
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    family = "jaro_winkler_similarity(family_l, family_r) >= 0.9"
    given = "jaro_winkler_similarity(given_l, given_r) >= 0.88"
    initial = "(substr(given_l,1,1) = substr(given_r,1,1) and (length(given_l) = 1 or length(given_r) = 1))"

    def fixed(sql: str, label: str, m: float, u: float) -> Any:
        return cll.CustomLevel(sql, label_for_charts=label).configure(
            m_probability=m, u_probability=u, fix_m_probability=True, fix_u_probability=True
        )

    return cl.CustomComparison(output_column_name="names", comparison_levels=[
        cll.CustomLevel("names_l is null or names_r is null", label_for_charts="null").configure(is_null_level=True),
        cll.ExactMatchLevel("names", term_frequency_adjustments=True),
        cll.CustomLevel(f"{family} and {given}", label_for_charts="alike"),
        cll.CustomLevel(f"{family} and {initial}", label_for_charts="initial"),
        cll.CustomLevel("jaro_winkler_similarity(names_l, names_r) >= 0.93", label_for_charts="order"),
        fixed(family, "family only", 1e-4, 2e-3),
        cll.CustomLevel(f"{given} and length(given_l) > 1", label_for_charts="given only"),
        cll.ElseLevel(),
    ])  # fmt: skip


def _email() -> Any:
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    return cl.CustomComparison(output_column_name="email", comparison_levels=[
        cll.NullLevel("email"), cll.ExactMatchLevel("email", term_frequency_adjustments=True),
        cll.CustomLevel("jaro_winkler_similarity(email_l, email_r) >= 0.96", label_for_charts="alike"), cll.ElseLevel(),
    ])  # fmt: skip


def _born() -> Any:
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    placeholder = "(born_l in ('1900-01-01','1970-01-01','1901-01-01','2000-01-01') or born_r in ('1900-01-01','1970-01-01','1901-01-01','2000-01-01'))"
    return cl.CustomComparison(output_column_name="born", comparison_levels=[
        cll.CustomLevel(f"born_l is null or born_r is null or {placeholder}", label_for_charts="null").configure(is_null_level=True),
        cll.ExactMatchLevel("born"), cll.CustomLevel("damerau_levenshtein(born_l, born_r) <= 1", label_for_charts="one digit"),
        cll.CustomLevel("substr(born_l,1,4) = substr(born_r,1,4) and substr(born_l,6,2) = substr(born_r,9,2)", label_for_charts="swapped"),
        cll.ElseLevel(),
    ])  # fmt: skip


def _address() -> Any:
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl

    return cl.CustomComparison(output_column_name="address", comparison_levels=[
        cll.CustomLevel("street_l is null or street_r is null", label_for_charts="null").configure(is_null_level=True),
        cll.CustomLevel("street_l = street_r and postal_l = postal_r", label_for_charts="same"),
        cll.CustomLevel("postal_l = postal_r and house_l = house_r", label_for_charts="same number"),
        cll.CustomLevel("postal_l = postal_r", label_for_charts="same postal code"),
        cll.CustomLevel("city_l = city_r", label_for_charts="same city"), cll.ElseLevel(),
    ])  # fmt: skip
