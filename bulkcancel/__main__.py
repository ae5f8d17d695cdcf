"""``python -m bulkcancel`` is the command."""

from bulkcancel.cli import main

if __name__ == "__main__":
    main()
