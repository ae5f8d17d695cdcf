"""Reading an input: seconds and memory of a plan, beside pandas."""
