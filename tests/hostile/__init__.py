"""Models that nobody honest would send: each must cost an error, never the process."""
