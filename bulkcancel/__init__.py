"""Cancel a file of allocations through a REST API, and prove what became of each."""

__version__ = "0.1.0"
