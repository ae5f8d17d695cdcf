"""Help whose options stand in groups, by what they are about."""

from __future__ import annotations

from typing import ClassVar

import click

GROUPS: dict[str, tuple[str, ...]] = {
    "Input": (
        "id_column", "id_pattern", "encoding", "sheet", "include_hidden", "skip_invalid",
        "shard",
    ),
    "Target": ("base_url", "account", "channel", "stage", "date", "allow_http", "ca_file"),
    "Guards": (
        "yes", "confirm", "plan_digest", "protected", "expect_count", "expect_po",
        "expect_vendor", "cancellable", "precheck", "limit", "canary", "max_failures",
        "deadline", "allow_unusual",
    ),
    "Pace and patience": (
        "rate", "fixed_rate", "shared_rate", "shared_rate_user", "shared_rate_password_file",
        "concurrency", "ids_per_request", "timeout", "max_attempts", "wait_initial",
        "wait_max", "verify_after", "max_time", "outage_patience", "drain",
    ),
    "Report": (
        "reports", "run_id", "or_resume", "xlsx_rows", "metrics_file", "notify", "notify_on",
        "output", "force",
    ),
    "Output": ("json", "as_json", "quiet", "verbose", "log_format", "no_progress"),
}  # fmt: skip
"""The groups in their order; an option that stands in none has the command's own group."""

_TOKEN = ("token", "client", "keyring")


class Grouped(click.Command):
    """Writes its options in groups; short commands in one."""

    few: ClassVar[int] = 8
    """Up to so many options need no groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, group by group."""
        written: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                written.setdefault(group_of(param.name or ""), []).append(record)
        if sum(map(len, written.values())) <= self.few:
            written = {"Options": [record for group in written.values() for record in group]}
        for title in ("Options", *list(GROUPS)[:2], "Token", *list(GROUPS)[2:], "Settings"):
            if title in written:
                with formatter.section(title):
                    formatter.write_dl(written[title])


def group_of(name: str) -> str:
    """Return the title of the group that an option belongs to."""
    for title, names in GROUPS.items():
        if name in names:
            return title
    if name.startswith(_TOKEN):
        return "Token"
    return "Settings" if name in {"profile", "_click_default_help"} else "Options"
