import csv
import json

import polars as pl
from bench.identity.export import SYSTEMS, generate
from bench.identity.workspace import customers_of, write_workspace


def test_exports_hold_every_record_and_their_own_columns(tmp_path):
    corpus = generate(600, seed=4)

    write_workspace(corpus, tmp_path)

    for system in SYSTEMS:
        with (tmp_path / f"{system}.csv").open(encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert len(rows) == corpus.frames[system].height + 1
        stream = json.loads((tmp_path / "systems" / f"{system}.yaml").read_text())["streams"][
            "customers"
        ]
        assert stream["key"] == rows[0][0]


def test_what_links_export_wrote_is_scored(tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("system,stream,external_id,customer_id\ncrm,customers,0001,7\n")

    assert customers_of(path).equals(
        pl.DataFrame({"system": ["crm"], "external_id": ["0001"], "customer": ["7"]})
    )
