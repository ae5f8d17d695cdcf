"""The reference of all commands as Markdown, made from the program itself: docs/reference.md."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from bulkcancel.cli import bulkcancel
from bulkcancel.cli.grouped import GROUPS, group_of
from bulkcancel.cli.pipes import say
from bulkcancel.errors import EXIT_MEANINGS

_HEAD = """\
# Reference

Every command and every option, as `bulkcancel COMMAND --help` has them; `make docs` writes this
page from the program. Options that name a variable may come from it; those may stand in
`bulkcancel.toml` too, under their names without the dashes.
"""
_ORDER = ("Options", *list(GROUPS)[:2], "Token", *list(GROUPS)[2:], "Settings")


def reference() -> str:
    """Return the whole page."""
    root = click.Context(bulkcancel, info_name="bulkcancel", help_option_names=["-h", "--help"])
    parts = [_HEAD]
    for name in bulkcancel.list_commands(root):
        command = bulkcancel.get_command(root, name)
        if command is not None:
            parts += _command(command, root, f"bulkcancel {name}")
    parts += ["## Exit codes\n", "| code | meaning |\n|---|---|"]
    rows = [f"| {code.value} | {meaning} |" for code, meaning in EXIT_MEANINGS.items()]
    return "\n".join([*parts, *rows]) + "\n"


def _command(command: click.Command, parent: click.Context, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                yield from _command(found, context, f"{name} {sub}")
        return
    usage = " ".join(piece for piece in command.collect_usage_pieces(context))
    yield f"## {name}\n"
    yield f"```\n{name} {usage}\n```\n"
    yield f"{inspect.cleandoc(command.help or '')}\n"
    groups: dict[str, list[str]] = {}
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden:
            groups.setdefault(group_of(param.name or ""), []).append(_row(param, context))
    for title in _ORDER:
        if title in groups:
            yield f"### {title}\n" if len(groups) > 1 else ""
            yield "| option | meaning | variable |\n|---|---|---|"
            yield "\n".join(groups[title]) + "\n"
    if command.epilog:
        lines = inspect.cleandoc(command.epilog).replace("\b\n", "").splitlines()
        yield "```console"
        yield from (line.removeprefix("  ") for line in lines if line and line != "Examples:")
        yield "```\n"


def _row(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    names, words = record if record is not None else ("", "")
    variable = f"`{option.envvar}`" if isinstance(option.envvar, str) else ""
    cells = (f"`{names}`", words, variable)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    say(reference().rstrip("\n"))
