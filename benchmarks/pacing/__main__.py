"""``python -m benchmarks.pacing``."""

from benchmarks.pacing.run import main

raise SystemExit(main())
