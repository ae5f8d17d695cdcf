"""Rows joined with outcomes, and the proof that the totals balance. Pure."""
