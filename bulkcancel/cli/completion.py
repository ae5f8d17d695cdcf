"""``bulkcancel completion``: the script that lets a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from bulkcancel.cli.pipes import say

_EPILOG = """\
\b
Examples:
  bash   echo 'eval "$(bulkcancel completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(bulkcancel completion zsh)"' >> ~/.zshrc
  fish   bulkcancel completion fish > ~/.config/fish/completions/bulkcancel.fish
"""


@click.command(name="completion", epilog=_EPILOG, short_help="The shell's completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that lets SHELL complete commands, options and their values."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    root = click.get_current_context().find_root().command
    say(kind(root, {}, "bulkcancel", "_BULKCANCEL_COMPLETE").source())
