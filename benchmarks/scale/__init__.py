"""Seconds and memory over the number of rows: plan, run, reports, resume, start-up."""
