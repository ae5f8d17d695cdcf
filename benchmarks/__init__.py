"""What is measured rather than asserted; each benchmark writes its part of RESULTS.md."""
