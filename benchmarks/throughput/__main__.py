"""``python -m benchmarks.throughput``."""

from benchmarks.throughput.run import main

raise SystemExit(main())
