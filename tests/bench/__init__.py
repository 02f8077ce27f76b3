"""`make bench`: scorebox beside its peers, in one process and one run."""
