"""``python -m benchmarks.reading``."""

from benchmarks.reading.run import main

raise SystemExit(main())
