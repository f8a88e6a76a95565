"""Does something once a module has been imported, and does not import it before."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import guard

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _Loader:
    """A module's own loader, and what is to be done after it."""

    def __init__(self, inner: Any, name: str) -> None:
        self._inner = inner
        self._name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the module's own loader."""
        created: ModuleType | None = self._inner.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        """Let the module's own loader do its work, and give it its place back before."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._inner
        module.__loader__ = self._inner
        self._inner.exec_module(module)
        _finder.imported(self._name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Finder:
    """Asks the other finders for the modules that are waited for."""

    def __init__(self) -> None:
        # Guards the waiting calls. Re-entrant, because what is called may import what another one waits for.
        self._lock = threading.RLock()
        self._waiting: dict[str, list[Callable[[], None]]] = {}
        self._searching = threading.local()

    def wait(self, name: str, call: Callable[[], None]) -> None:
        """Call *call* after the import of *name*, or now if that was before."""
        with self._lock:
            if name not in sys.modules:
                if self not in sys.meta_path:
                    sys.meta_path.insert(0, self)
                self._waiting.setdefault(name, []).append(call)
                return
        _call(name, call)

    def imported(self, name: str) -> None:
        """Call what waits for *name*."""
        with self._lock:
            calls = self._waiting.pop(name, [])
        for call in calls:
            _call(name, call)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that is waited for by way of the other finders, and put our loader around its own."""
        del path, target
        if fullname not in self._waiting or getattr(self._searching, "name", None) == fullname:
            return None
        # Imported here: with what they import in turn, the module's parts take longer than all of ours.
        from importlib.util import find_spec

        self._searching.name = fullname
        try:
            spec = find_spec(fullname)
        finally:
            self._searching.name = None
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return None
        spec.loader = _Loader(spec.loader, fullname)  # type: ignore[assignment]
        return spec


def _call(name: str, call: Callable[[], None]) -> None:
    try:
        call()
    except Exception as error:
        guard.failed(f"instrumenting {name}", error)


_finder: Final = _Finder()


def when_imported(name: str, call: Callable[[], None]) -> None:
    """
    Call *call* once the module *name* has been imported, or now if it is.

    What it raises is noted by the guard, and never reaches the import.
    """
    _finder.wait(name, call)
