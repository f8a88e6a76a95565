"""The search language for logs, traces and events: text to tree, tree to SQL, tree on a record."""

from sightline.query.search.compile import Condition, compile_search
from sightline.query.search.fields import EVENTS, LOGS, SIGNALS, TRACES, Field, Signal
from sightline.query.search.match import matcher
from sightline.query.search.parser import parse

__all__ = ["EVENTS", "LOGS", "SIGNALS", "TRACES", "Condition", "Field", "Signal", "compile_search", "matcher", "parse"]
