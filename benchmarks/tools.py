"""The programs of others that take part."""

from __future__ import annotations

import shutil
import subprocess

from benchmarks.process import search_path


def missing(*tools: str) -> list[str]:
    """Return those that are not installed."""
    return [name for name in tools if not shutil.which(name, path=search_path())]


def version_of(tool: str) -> str:
    """Return a program's name and version from the first line that it says of itself."""
    program = shutil.which(tool, path=search_path())
    if program is None:
        return f"no {tool}"
    flag = "-v" if tool == "nginx" else "--version"
    done = subprocess.run([program, flag], capture_output=True, text=True, check=False)  # noqa: S603 - asks for a version
    first, *_ = [*(done.stdout + done.stderr).splitlines(), ""]
    number = next((word for word in first.replace("/", " ").split() if word[0].isdigit()), "?")
    return f"{tool} {number}"
