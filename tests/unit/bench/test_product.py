from bench.identity.export import generate
from bench.identity.prepared import prepared
from bench.identity.product import product_customers, product_in_batches
from bench.identity.references import same_email
from bench.identity.score import scored

CORPUS = generate(1_500, seed=11)


def test_every_record_gets_one_customer():
    customers = product_customers(CORPUS)

    assert customers.height == CORPUS.truth.height
    assert customers["customer"].null_count() == 0


def test_the_product_finds_more_than_an_email_and_merges_less():
    ours = scored(CORPUS.truth, product_customers(CORPUS))
    email = scored(CORPUS.truth, same_email(prepared(CORPUS)))

    assert ours.pairs.recall > email.pairs.recall
    assert ours.pairs.precision > email.pairs.precision


def test_one_batch_is_the_whole():
    one = product_in_batches(CORPUS, batches=1, seed=1)

    # Scored against each other, two results that are the same partition have no pair of their own.
    truth = CORPUS.truth.drop("entity").join(
        product_customers(CORPUS).rename({"customer": "entity"}), on=["system", "external_id"]
    )
    assert scored(truth, one).pairs.f1 == 1
