"""The pure core: everything that decides, nothing that reads or writes."""
