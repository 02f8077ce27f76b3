"""Simulated data whose parameters are published here, where no public set has a clear licence.

Every constant is in the module that uses it, every draw comes from one seed: the same call gives the same
rows. None of the parameters was fitted to a real institution; they are set so that the figures of a recipe
look like those of the field (rates, spreads, overlaps), and the hard cases are in on purpose.
"""
