"""The search language for logs and traces: text to tree, tree to SQL, tree on a record."""

from sightline.query.search.compile import Condition, compile_search
from sightline.query.search.fields import LOGS, TRACES, Signal
from sightline.query.search.match import matcher
from sightline.query.search.parser import parse

__all__ = ["LOGS", "TRACES", "Condition", "Signal", "compile_search", "matcher", "parse"]
