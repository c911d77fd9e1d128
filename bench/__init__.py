"""Measurements: what a load, a change and an unchanged file cost, beside dlt and plain COPY.

Run by `make bench`, or `python -m bench --rows 100000`. docs/benchmarks.md says what is measured and
how to read it. Nothing here asserts on time, and nothing of the product is changed for a measurement.
"""
