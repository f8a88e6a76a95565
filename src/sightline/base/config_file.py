"""
Reads a configuration file: YAML, TOML or JSON, as flat keys with the line that each stands on.

YAML's reader is an optional package, imported here alone and only where such a file is read.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sightline.base.errors import PackageMissing, SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAMES: Final = ("sightline.yaml", "sightline.yml", "sightline.toml", "sightline.json")
"""Files that are read from the working directory where no other is named; the first that is there."""

_MOST_BYTES: Final = 1024 * 1024
"""Largest file that is read. One beyond it is no configuration."""

_MOST_KEYS: Final = 5000
"""Most keys that are read; aliases of YAML can make very many of a small file."""

_DEEPEST: Final = 8

INSTALL_LINE: Final = 'pip install "sightline[yaml]"'


class Given(NamedTuple):
    """A value of a file, and where it stands: ``sightline.yaml line 7``."""

    value: Any
    where: str


def find_file() -> Path | None:
    """Find the configuration file of the working directory."""
    return next((path for path in map(Path, NAMES) if path.is_file()), None)


def read(path: Path, whole: Iterable[str]) -> dict[str, Given]:
    """
    Read a file: ``{"logging": {"level": "INFO"}}`` becomes ``{"logging.level": Given("INFO", "app.yaml line 2")}``.

    Args:
        path: of the file; its suffix says what it is.
        whole: keys whose mappings are values, and are not gone into.

    Raises:
        SettingInvalid: if it cannot be read, or is not what its suffix says.
        PackageMissing: if it is YAML, and there is nothing to read it with.
    """
    readers = {".yaml": _yaml, ".yml": _yaml, ".toml": _toml, ".json": _json}
    if path.suffix.lower() not in readers:
        raise SettingInvalid(f"config is {str(path)!r}; expected a file that ends in {', '.join(readers)}.")
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise SettingInvalid(f"The configuration file {path} has more than {_MOST_BYTES} bytes.")
        return readers[path.suffix.lower()](content.decode(), path, frozenset(whole))
    except OSError as error:
        raise SettingInvalid(f"The configuration file {path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise SettingInvalid(f"The configuration file {path} cannot be read: {error}.") from None


def _toml(text: str, path: Path, whole: frozenset[str]) -> dict[str, Given]:
    # Imported where there is such a file, as the next one is: programs without pay nothing.
    import tomllib

    try:
        return _flatten(tomllib.loads(text), text, path, whole)
    except tomllib.TOMLDecodeError as error:
        raise SettingInvalid(f"The configuration file {path} is no TOML: {error}.") from None


def _json(text: str, path: Path, whole: frozenset[str]) -> dict[str, Given]:
    import json

    try:
        return _flatten(json.loads(text), text, path, whole)
    except ValueError as error:
        raise SettingInvalid(f"The configuration file {path} is no JSON: {error}.") from None


def _flatten(tree: Any, text: str, path: Path, whole: frozenset[str]) -> dict[str, Given]:
    if not isinstance(tree, dict):
        raise _no_mapping(path)
    return {key: Given(value, _place(text, key, path)) for key, value in _leaves(tree, "", whole)}


def _leaves(tree: dict[str, Any], above: str, whole: frozenset[str]) -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        key = f"{above}{name}"
        if isinstance(value, dict) and key not in whole and above.count(".") < _DEEPEST:
            yield from _leaves(value, f"{key}.", whole)
        else:
            yield key, value


def _place(text: str, key: str, path: Path) -> str:
    """Tell the line of a key where its last word stands at the beginning of one line only."""
    word = re.escape(key.rpartition(".")[2])
    found = [at for at, line in enumerate(text.splitlines(), 1) if re.match(rf'\s*"?{word}"?\s*[=:]', line)]
    return f"{path} line {found[0]}" if len(found) == 1 else str(path)


def _yaml(text: str, path: Path, whole: frozenset[str]) -> dict[str, Given]:
    try:
        import yaml
    except ModuleNotFoundError:
        raise PackageMissing(
            f"The configuration file {path} is YAML, and PyYAML is missing: {INSTALL_LINE}, or use TOML or JSON."
        ) from None
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return {}
        if not isinstance(root, yaml.MappingNode):
            raise _no_mapping(path)
        found: dict[str, Given] = {}
        for key, line, node in _nodes(root, "", whole, yaml.MappingNode):
            if key in found:
                raise SettingInvalid(f"{key} stands twice in {path}, again in line {line}.")
            if len(found) >= _MOST_KEYS:
                raise SettingInvalid(f"The configuration file {path} has more than {_MOST_KEYS} keys.")
            found[key] = Given(loader.construct_object(node, deep=True), f"{path} line {line}")
    except yaml.YAMLError as error:
        told = " ".join(str(error).split())
        raise SettingInvalid(f"The configuration file {path} is no YAML: {told}.") from None
    else:
        return found
    finally:
        loader.dispose()


def _nodes(node: Any, above: str, whole: frozenset[str], mapping: type) -> Iterator[tuple[str, int, Any]]:
    for name, value in node.value:
        key = f"{above}{name.value}"
        if isinstance(value, mapping) and key not in whole and above.count(".") < _DEEPEST:
            yield from _nodes(value, f"{key}.", whole, mapping)
        else:
            yield key, name.start_mark.line + 1, value


def _no_mapping(path: Path) -> SettingInvalid:
    return SettingInvalid(
        f"The configuration file {path} holds no settings; expected keys with values, such as level: INFO."
    )
