"""Compare records just read with what they should show, cell by cell, and say why they differ.

What should be shown comes from the functions that routing and delivery use, so the three cannot
disagree. Pure: a picture of the database and the records are all it knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from customer_sync.connect.port import GONE, ID, MERGED_INTO, OUTSIDE
from customer_sync.core.decide import Published, Stream, desired
from customer_sync.core.decide.observe import shown, with_outward
from customer_sync.core.decide.route import accepted_cells, held_cells, with_references
from customer_sync.core.mapping import StreamMap
from customer_sync.kernel.frames import to_json
from customer_sync.model.frame import EXCLUDED, LIVE
from customer_sync.store.snapshot import accepted as unpacked_accepted
from customer_sync.store.views import Lacking, Picture

__all__ = ["CELLS", "Abilities", "Compared", "compare", "compare_lacking"]

CELLS: dict[str, pl.DataType] = {
    "external_id": pl.String(),
    "customer": pl.Int64(),
    "field": pl.String(),
    "shown": pl.String(),
    "wanted": pl.String(),
    "why": pl.String(),
    "code": pl.String(),
    "detail": pl.String(),
    "review": pl.Int64(),
    "counted": pl.Boolean(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What can be done to a stream now."""

    create: bool
    update: bool
    is_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one page came to. cells: CELLS of the fields that do not show what they should.

    records: in scope. links: of the records met. stale: ids that were absorbed again since they
    were read, so that what was read of them says nothing.
    """

    cells: pl.DataFrame
    records: int
    excluded: int
    links: pl.Series
    stale: list[str]


def outward_fields(stream: Stream, rules: Published) -> list[str]:
    """Return the canonical fields that the stream is delivered, references included."""
    known = set(rules.fields)
    return [name for name in stream.map.outward if name in known or name.startswith("reference.")]


def numbered(records: pl.DataFrame) -> pl.DataFrame:
    """Return records once each, with their row number and external_id."""
    once = records.unique(ID, keep="last", maintain_order=True)
    return once.with_columns(external_id=pl.col(ID)).with_row_index("row")


def compare(
    rules: Published,
    stream: Stream,
    records: pl.DataFrame,
    picture: Picture,
    *,
    mark: int,
    abilities: Abilities,
) -> Compared:
    """Compare records with what they should show.

    Args:
        rules: the published configuration.
        stream: whose records they are.
        records: as `numbered` returns them.
        picture: what is known of them.
        mark: the batch that had committed last when reading began.
        abilities: what can be done to the stream.
    """
    met = records.join(picture.known, on="row", how="left", maintain_order="left")
    is_stale = pl.col("shown_at").fill_null(-1) > mark
    stale = met.filter(is_stale)[ID].to_list()
    met = met.filter(~is_stale)
    excluded = met.filter(pl.col("state") == EXCLUDED).height
    met = met.filter(pl.col("state").fill_null(-1) != EXCLUDED)
    is_gone = pl.col(GONE).fill_null(value=False) | pl.col(MERGED_INTO).is_not_null()
    is_outside = pl.col(OUTSIDE).fill_null(value=False) & ~is_gone
    is_live = pl.col("state").fill_null(-1) == LIVE
    live = met.filter(is_live & ~is_gone & ~is_outside)
    gone = met.filter(is_live & is_gone)
    left = met.filter(is_live & is_outside)
    met_again = met.filter(~is_live & ~is_gone & ~is_outside)
    back = met_again.filter(pl.col("link").is_not_null())
    new = met_again.filter(pl.col("link").is_null())
    names = outward_fields(stream, rules)
    cells = [
        pl.DataFrame(schema=CELLS),
        _live(rules, stream, live, picture, abilities, names),
        _unabsorbed(gone, names, "record_gone"),
        _unabsorbed(left, names, "record_out_of_scope"),
        _unabsorbed(back, names, "record_back"),
        _unlinked(stream, new, picture, names),
    ]
    return Compared(
        cells=pl.concat([part.select(list(CELLS)) for part in cells]),
        records=live.height + gone.height + left.height + back.height + new.height,
        excluded=excluded,
        links=met["link"].drop_nulls(),
        stale=stale,
    )


# -- records tied to a customer -------------------------------------------------------------------


def _live(  # noqa: PLR0917
    rules: Published,
    stream: Stream,
    live: pl.DataFrame,
    picture: Picture,
    abilities: Abilities,
    names: list[str],
) -> pl.DataFrame:
    if live.is_empty():
        return pl.DataFrame(schema=CELLS)
    fields = live.select(stream.map.source_fields)
    mapped = stream.map.get(live)
    said = pl.concat([live.select("link"), mapped.values], how="horizontal")
    values = with_outward(stream, said, fields)
    rejects = _rejects(mapped.rejects, live)
    golden = live.select("link", "customer").join(
        picture.golden, on="customer", how="left", maintain_order="left"
    )
    golden = with_references(golden, picture.links, stream, rules)
    cells = rejects.filter(pl.col("field").is_not_null()).select("link", "field")
    accepted = unpacked_accepted(live.select("link", "image", "accepted"))
    wanted = desired(
        golden, values, pl.concat([accepted_cells(accepted), held_cells(cells)]), names
    )
    differing = _differing(stream, wanted, values, fields, names)
    if accepted.height:
        # A system cannot have made anything of a value that the mapping has no text for.
        raw = _differing(stream, golden.select("link", *wanted.columns[1:]), values, fields, names)
        made = raw.filter(~pl.col("is_showable")).join(accepted, on=["link", "field"], how="semi")
        both = pl.concat([differing, made])
        differing = both.unique(["link", "field"], maintain_order=True)
    absorbed = _absorbed(stream, live, said)
    parts = [
        _set_aside(differing, rejects, values, golden, names),
        _inward(absorbed, rejects, names),
    ]
    explained = _explained(differing, absorbed, live, rejects, picture, abilities)
    known = live.select("link", "customer", external_id=pl.col(ID))
    found = pl.concat([parts[0], parts[1], explained])
    return found.join(known, on="link").select(list(CELLS))


_FOUND: dict[str, pl.DataType] = {
    "link": pl.Int64(),
    "field": pl.String(),
    "shown": pl.String(),
    "wanted": pl.String(),
    "why": pl.String(),
    "code": pl.String(),
    "detail": pl.String(),
    "review": pl.Int64(),
    "counted": pl.Boolean(),
}


def _rejects(rejects: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return faults of these records, one field a row: link, row, field, code, detail, whole."""
    split = rejects.with_columns(pl.col("field").str.split(", ")).explode("field")
    return split.with_columns(link=records["link"].gather(split["row"])).select(
        "link", "row", "field", "code", "detail", "whole"
    )


def _differing(
    stream: Stream,
    wanted: pl.DataFrame,
    values: pl.DataFrame,
    fields: pl.DataFrame,
    names: list[str],
) -> pl.DataFrame:
    """Return cells that do not show what is wanted: link, field, shown, wanted, is_showable."""
    none = {
        "link": pl.Int64(),
        "field": pl.String(),
        "shown": pl.String(),
        "wanted": pl.String(),
        "is_showable": pl.Boolean(),
    }
    parts = [pl.DataFrame(schema=none)]
    columns = [name for name in names if name in wanted.columns]
    after: pl.DataFrame | None = None
    for name in columns:
        theirs = _column(values, name)
        differs = wanted[name].ne_missing(theirs)
        if not differs.any():
            continue
        if after is None:
            after = stream.map.put(wanted.drop("link"), fields)
        patched = _is_patched(stream.map, name, after, fields)
        meant = _is_meant(stream.map, name, wanted[name], theirs)
        keep = differs & (patched | ~meant)
        frame = pl.DataFrame(
            {
                "link": wanted["link"],
                "shown": theirs,
                "wanted": wanted[name],
                "is_showable": patched,
            }
        )
        parts.append(
            frame.filter(keep)
            .with_columns(field=pl.lit(name))
            .select("link", "field", "shown", "wanted", "is_showable")
        )
    return pl.concat(parts)


def _column(values: pl.DataFrame, name: str) -> pl.Series:
    if name in values.columns:
        return values[name]
    return pl.Series(name, [None] * values.height, dtype=pl.String)


def _is_patched(map_: StreamMap, name: str, after: pl.DataFrame, fields: pl.DataFrame) -> pl.Series:
    """Return, row by row, whether delivering would change a source field of this one."""
    sources = [
        source
        for binding in map_.bindings
        if binding.is_out and name in binding.names
        for source in binding.sources
        if source in after.columns
    ]
    if not sources:
        return pl.Series([False] * fields.height, dtype=pl.Boolean)
    tests = [after[source].ne_missing(fields[source]) for source in sources]
    return pl.select(pl.any_horizontal(tests)).to_series()


def _is_meant(map_: StreamMap, name: str, wanted: pl.Series, theirs: pl.Series) -> pl.Series:
    """Return, row by row, whether the configuration itself says to leave the field so."""
    meant = pl.Series([False] * len(wanted), dtype=pl.Boolean)
    for binding in map_.bindings:
        if not binding.is_out or name not in binding.names:
            continue
        if binding.constant_text is not None:
            return ~meant
        if binding.set_if_empty:
            meant |= theirs.is_not_null()
        if binding.never_clear:
            meant |= wanted.is_null()
        if binding.default is not None:
            meant |= wanted.is_null() | wanted.eq_missing(
                pl.Series([binding.default], dtype=pl.String)
            )
        if binding.length is not None and binding.lens.is_text:
            pair = pl.DataFrame({"wanted": wanted, "shown": theirs})
            cut = pair.select(pl.col("wanted").str.starts_with(pl.col("shown")))["wanted"]
            meant |= cut.fill_null(value=False)
    return meant


def _absorbed(stream: Stream, live: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Return cells that changed since they were absorbed: link, field, shown, before."""
    none = {"link": pl.Int64(), "field": pl.String(), "shown": pl.String(), "before": pl.String()}
    now = live.select("link", "image", now=to_json(stream.map.source_fields))
    moved = now.filter(pl.col("image").is_not_null() & pl.col("image").ne_missing(pl.col("now")))
    if moved.is_empty():
        return pl.DataFrame(schema=none)
    before, _, _ = shown(stream, moved.select("link", "image"))
    after = values.join(moved.select("link"), on="link", how="semi", maintain_order="left")
    old = before.unpivot(index="link", variable_name="field", value_name="before")
    new = after.unpivot(index="link", variable_name="field", value_name="shown")
    both = new.join(old, on=["link", "field"], how="left")
    return both.filter(pl.col("shown").ne_missing(pl.col("before"))).select(list(none))


def _set_aside(
    differing: pl.DataFrame,
    rejects: pl.DataFrame,
    values: pl.DataFrame,
    golden: pl.DataFrame,
    names: list[str],
) -> pl.DataFrame:
    """Return the fields that were set aside; whoever typed there is not agreed with."""
    cells = rejects.filter(pl.col("field").is_not_null()).unique(["link", "field"], keep="first")
    if cells.is_empty():
        return pl.DataFrame(schema=_FOUND)
    due = [name for name in names if name in golden.columns]
    goal = golden.select("link", *due).unpivot(
        index="link", variable_name="field", value_name="wanted"
    )
    met = cells.join(goal, on=["link", "field"], how="left")
    return met.select(
        "link",
        "field",
        shown=pl.lit(None, pl.String),
        wanted="wanted",
        why=pl.lit("rejected"),
        code="code",
        detail="detail",
        review=pl.lit(None, pl.Int64),
        counted=pl.col("field").is_in(names),
    )


def _inward(absorbed: pl.DataFrame, rejects: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Return fields that only come in, and changed since they were absorbed."""
    inward = absorbed.filter(~pl.col("field").is_in(names)).join(
        rejects.drop_nulls("field").select("link", "field"), on=["link", "field"], how="anti"
    )
    return inward.select(
        "link",
        "field",
        "shown",
        wanted=pl.lit(None, pl.String),
        why=pl.lit("unabsorbed"),
        code=pl.lit("record_changed"),
        detail=pl.lit(""),
        review=pl.lit(None, pl.Int64),
        counted=pl.lit(value=False),
    )


def _explained(  # noqa: PLR0917
    differing: pl.DataFrame,
    absorbed: pl.DataFrame,
    live: pl.DataFrame,
    rejects: pl.DataFrame,
    picture: Picture,
    abilities: Abilities,
) -> pl.DataFrame:
    """Give each differing field the first cause that applies."""
    aside = rejects.drop_nulls("field").select("link", "field").unique()
    cells = differing.join(aside, on=["link", "field"], how="anti")
    if cells.is_empty():
        return pl.DataFrame(schema=_FOUND)
    whole = (
        rejects.filter("whole")
        .unique("link", keep="first")
        .select("link", whole_code="code", whole_detail="detail")
    )
    waiting = picture.waiting.rename({"code": "out_code", "review": "out_review"})
    cells = (
        cells.join(live.select("link", "customer"), on="link", how="left")
        .join(whole, on="link", how="left")
        .join(
            absorbed.select("link", "field", moved=pl.lit(value=True)),
            on=["link", "field"],
            how="left",
        )
        .join(waiting, on="link", how="left")
        .join(picture.conflicts, on=["customer", "field"], how="left")
        .with_columns(
            is_edited=pl.col("customer").is_in(picture.edited.implode()),
            is_waiting=pl.col("is_stuck").is_not_null(),
        )
    )
    return _told(cells, abilities).select(list(_FOUND))


def _told(cells: pl.DataFrame, abilities: Abilities) -> pl.DataFrame:
    """Add why, code, detail, review and counted."""
    stuck = pl.col("is_stuck").fill_null(value=False)
    causes: list[tuple[pl.Expr, str, pl.Expr]] = [
        (pl.col("whole_code").is_not_null(), "rejected", pl.col("whole_code")),
        (pl.col("moved").fill_null(value=False), "unabsorbed", pl.lit("record_changed")),
        (pl.col("is_edited"), "unabsorbed", pl.lit("ledger_edit")),
        (pl.col("conflict").is_not_null(), "held", pl.lit("policy_asks")),
        (pl.col("out_review").is_not_null(), "held", pl.lit("unknown_outcome")),
        (pl.col("token").is_not_null(), "pending", pl.lit("push_unconfirmed")),
        (stuck, "failing", pl.col("out_code")),
        (~pl.col("is_showable"), "failing", pl.lit("value_unshowable")),
        (pl.lit(value=not abilities.update), "failing", pl.lit("cannot_update")),
        (pl.lit(value=abilities.is_paused), "pending", pl.lit("paused")),
        (
            pl.col("is_waiting"),
            "pending",
            pl.when(pl.col("out_code") == "").then(pl.lit("waiting")).otherwise(pl.col("out_code")),
        ),
    ]
    why, code = pl.lit("differs"), pl.lit("unexplained")
    for condition, one, its_code in reversed(causes):
        why = pl.when(condition).then(pl.lit(one)).otherwise(why)
        code = pl.when(condition).then(its_code).otherwise(code)
    told = cells.with_columns(why=why, code=code)
    from_system = (pl.col("why").is_in(["failing", "pending"])) & (
        pl.col("code") == pl.col("out_code")
    )
    return told.with_columns(
        detail=pl.when(pl.col("why") == "rejected")
        .then("whole_detail")
        .when(from_system)
        .then("reason")
        .otherwise(pl.lit("")),
        review=pl.when(pl.col("code") == "policy_asks")
        .then("conflict")
        .when(pl.col("code") == "unknown_outcome")
        .then("out_review")
        .otherwise(pl.lit(None, pl.Int64)),
        counted=pl.lit(value=True),
    )


# -- records that are not tied to a customer, or no longer ----------------------------------------


def _unabsorbed(records: pl.DataFrame, names: list[str], code: str) -> pl.DataFrame:
    """Return every field of records whose state is not absorbed yet."""
    return _every_field(records, names).with_columns(
        why=pl.lit("unabsorbed"),
        code=pl.lit(code),
        detail=pl.lit(""),
        review=pl.lit(None, pl.Int64),
    )


def _every_field(records: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    fields = pl.DataFrame({"field": names}, schema={"field": pl.String})
    crossed = records.select("customer", external_id=pl.col(ID)).join(fields, how="cross")
    nothing = pl.lit(None, pl.String)
    return crossed.with_columns(shown=nothing, wanted=nothing, counted=pl.lit(value=True))


def _unlinked(
    stream: Stream, new: pl.DataFrame, picture: Picture, names: list[str]
) -> pl.DataFrame:
    """Return every field of records that belong to nobody: set aside, held, or just new."""
    if new.is_empty():
        return pl.DataFrame(schema=CELLS)
    mapped = stream.map.get(new)
    whole = mapped.rejects.filter("whole").unique("row", keep="first")
    whole = whole.select(
        "code", "detail", external_id=new[ID].gather(whole["row"]), is_rejected=pl.lit(value=True)
    )
    cells = (
        _every_field(new, names)
        .join(whole, on="external_id", how="left")
        .join(picture.held, on="external_id", how="left")
    )
    rejected = pl.col("is_rejected").fill_null(value=False)
    held = pl.col("review").is_not_null()
    return cells.with_columns(
        why=pl.when(rejected)
        .then(pl.lit("rejected"))
        .when(held)
        .then(pl.lit("held"))
        .otherwise(pl.lit("unabsorbed")),
        code=pl.when(rejected)
        .then("code")
        .when(held)
        .then(pl.lit("identity_doubtful"))
        .otherwise(pl.lit("record_new")),
        detail=pl.col("detail").fill_null(""),
        review=pl.when(rejected).then(None).otherwise("review"),
    )


# -- customers that a stream lacks ----------------------------------------------------------------


def compare_lacking(  # noqa: PLR0917
    stream: Stream,
    missing: pl.DataFrame,
    found: Lacking,
    waiting: pl.DataFrame,
    names: list[str],
    abilities: Abilities,
) -> pl.DataFrame:
    """Return every field of customers that a stream should have and does not: CELLS.

    Args:
        stream: the stream.
        missing: (customer).
        found: what is known of them.
        waiting: ``customer`` and store.views.WAITING.
        names: the canonical fields the stream is delivered.
        abilities: what can be done to the stream.
    """
    if missing.is_empty():
        return pl.DataFrame(schema=CELLS)
    due = [name for name in names if name in found.golden.columns]
    golden = found.golden.join(missing, on="customer", how="semi")
    goal = golden.select("customer", *due).unpivot(
        index="customer", variable_name="field", value_name="wanted"
    )
    fields = pl.DataFrame({"field": names}, schema={"field": pl.String})
    cells = (
        missing.select("customer")
        .join(fields, how="cross")
        .join(goal, on=["customer", "field"], how="left")
        .join(
            waiting.rename({"code": "out_code", "review": "out_review"}), on="customer", how="left"
        )
    )
    cells = cells.with_columns(
        external_id=pl.lit(None, pl.String),
        shown=pl.lit(None, pl.String),
        whole_code=pl.lit(None, pl.String),
        whole_detail=pl.lit(""),
        moved=pl.lit(value=False),
        conflict=pl.lit(None, pl.Int64),
        is_showable=pl.lit(value=True),
        is_edited=pl.col("customer").is_in(found.edited.implode()),
        is_waiting=pl.col("is_stuck").is_not_null(),
    )
    creating = Abilities(create=True, update=abilities.create, is_paused=abilities.is_paused)
    told = _told(cells, creating)
    renamed = {"cannot_update": "cannot_create", "unexplained": "record_missing"}
    return told.with_columns(pl.col("code").replace(renamed)).select(list(CELLS))


def counted(cells: pl.DataFrame) -> Mapping[str, int]:
    """Return how many counted fields differ, by explanation."""
    return dict(cells.filter("counted").group_by("why").len().iter_rows())
