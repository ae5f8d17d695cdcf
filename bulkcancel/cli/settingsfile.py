"""Settings from files: the user's and the project's, with profiles, and where each came from."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from bulkcancel.errors import RefusedError

PROJECT_FILE = Path("bulkcancel.toml")
_SECRETS = frozenset({"token", "client_secret", "password", "secret", "shared_rate_password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value from a file, and the place in words, such as ``bulkcancel.toml [profile.prod]``."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of the files, by the option's name with underscores; the project's win.

    ``files`` are those that were there, ``profiles`` the names that they define.
    """

    values: Mapping[str, Setting] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    profiles: tuple[str, ...] = ()


def user_file() -> Path:
    """Return where the user's own settings lie (XDG: ``~/.config/bulkcancel/config.toml``)."""
    return user_config_path("bulkcancel") / "config.toml"


def read_settings(known: Iterable[str], profile: str | None) -> Settings:
    """Return the settings of the user's and the project's file; a profile's outrank the others.

    ``known`` are the names that a setting may have.

    Raises:
        RefusedError: A file can't be read or is no TOML, a name or a profile is not known, or a
            secret stands in it. The sentence names the file, and the nearest right name.
    """
    names: frozenset[str] = frozenset()
    values: dict[str, Setting] = {}
    files: list[Path] = []
    profiles: dict[str, None] = {}
    for path in (user_file(), PROJECT_FILE):
        content = _content(path)
        if content is None:
            continue
        files.append(path)
        names = names or frozenset(known)
        of_profiles = _profiles(path, content.pop("profile", {}))
        profiles |= dict.fromkeys(of_profiles)
        values |= _checked(path, "", content, names)
        for name, keys in of_profiles.items():
            found = _checked(path, f" [profile.{name}]", keys, names)
            if name == profile:
                values |= found
    if profile is not None and profile not in profiles:
        raise RefusedError(_no_profile(profile, files, tuple(profiles)))
    return Settings(values=values, files=tuple(files), profiles=tuple(profiles))


def _content(path: Path) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RefusedError(f"The settings file {path} is not valid TOML: {error}.") from error
    except OSError as error:
        raise RefusedError(f"The settings file {path} can't be read ({error.strerror}).") from error


def _profiles(path: Path, found: Any) -> dict[str, dict[str, Any]]:
    if isinstance(found, dict) and all(isinstance(keys, dict) for keys in found.values()):
        return found
    raise RefusedError(
        f"{path}: profiles are tables: write [profile.NAME] above the settings of each."
    )


def _checked(
    path: Path, table: str, keys: Mapping[str, Any], names: frozenset[str]
) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for key, value in keys.items():
        name = key.replace("-", "_")
        where = f"{path}{table}"
        if name in _SECRETS:
            raise RefusedError(
                f"{where}: {key} is a secret, and no setting: put it into a file of its own that "
                "only you can read, and name that file."
            )
        if name not in names:
            raise RefusedError(f"{where}: there is no setting {key}{_nearest(name, names)}")
        if name in found:
            raise RefusedError(f"{where}: {key} is set twice, with a hyphen and an underscore.")
        found[name] = Setting(value=_plain(value, where, key), origin=where)
    return found


def _plain(value: Any, where: str, key: str) -> Any:
    """Return a value as an option takes it."""
    match value:
        case bool() | str() | int() | float():
            return value
        case list() if all(isinstance(one, (str, int, float)) for one in value):
            return [str(one) for one in value]
        case _:
            raise RefusedError(
                f"{where}: {key} has to be a text, a number, true or false, or a list of these."
            )


def _nearest(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f"; did you mean {near[0].replace('_', '-')}?" if near else "."


def _no_profile(profile: str, files: list[Path], profiles: tuple[str, ...]) -> str:
    if not files:
        return f"There is no profile {profile}: neither {PROJECT_FILE} nor {user_file()} is there."
    near = difflib.get_close_matches(profile, profiles, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(profiles) or 'none'}."
    return f"There is no profile {profile} in {' or '.join(map(str, files))}; {hint}"
