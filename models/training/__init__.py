"""What the training recipes of the reference bundles share: exact export, measures, charts."""
