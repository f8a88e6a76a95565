"""
Finds secrets in free text by what they look like, and takes them out.

Nearly all texts hold none, so each search is behind a test that costs little: a character that must be there, a
length that must be reached, or one expression over the beginnings of all words that matter.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from sightline.model.redacted import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sightline.model.named_secrets import NamedSecrets

SHORTEST: Final = 7
"""Characters that a text with a secret has at least, such as ``pwd=abc``."""

_MOST_DECODED: Final = 3
"""How often a text is decoded that is percent-encoded, to look for secrets in it."""

_SHORTEST_KEY: Final = 16
_SHORTEST_NUMBER: Final = 11

_WORDS: Final = (
    "passw", "pass_w", "pass-w", "pass.w", "passphrase", "pass_phrase", "pass-phrase", "pwd", "secret", "token",
    "apikey", "api_key", "api-key", "api.key", "api key", "api+key", "authoriz", "credit", "card", "ssn", "social",
    "private", "cookie", "credential", "cvv",
)  # fmt: skip
"""What is in the names of secrets, in lower case: ``password=…``, ``"apiKey": …``."""

_MARKS: Final = (
    "-----begin", "eyj", "akia", "asia", "aiza", "ya29.", "sk-", "sk_live", "sk_test", "rk_live", "rk_test", "ghp_",
    "gho_", "ghu_", "ghs_", "ghr_", "github_pat", "glpat-", "xox",
)  # fmt: skip
"""What secrets begin with that are known by their own looks, in lower case."""

_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,64}?PRIVATE KEY[A-Z ]{0,64}+-----.*?(?:-----END [A-Z0-9 ]{0,64}+-----|\Z)", re.DOTALL
)
_KNOWN_KEY: Final = re.compile(
    r"""(?:(?<![0-9A-Za-z_])|(?<=%[0-9A-Fa-f]{2}))(?:
      (?:(?<![\w-])eyJ[\w-]{5,}+|eyJ[\w-]{5,1024}+)\.[\w-]{5,}(?:\.[\w-]*)*    # JSON Web Token
    | A[KS]IA[0-9A-Z]{16}                          # AWS access key id
    | AIza[\w-]{35}                                # Google API key
    | ya29\.[\w-]{20,}                             # Google OAuth access token
    | sk-[\w-]{16,}                                # OpenAI, Anthropic
    | [sr]k_(?:live|test)_[0-9A-Za-z]{16,}         # Stripe
    | gh[pousr]_[0-9A-Za-z]{20,}                   # GitHub
    | github_pat_\w{20,}
    | glpat-[\w-]{16,}                             # GitLab
    | xox[a-z]-[0-9A-Za-z-]{10,}                   # Slack
    )""",
    re.VERBOSE,
)
_SCHEME: Final = re.compile(r"(?i)\b(?:bearer|basic|digest)\s+([0-9A-Za-z._~+/=-]{8,})")
_PROSE: Final = re.compile(r"(?:(?:[a-z]{1,16}|[A-Z][a-z]{1,15}|[A-Z]{1,16})(?:[._/-]+|$))+")
"""What stands behind *basic* in a sentence: ``a basic understanding``, ``Basic authentication failed``."""

_URL_PASSWORD: Final = re.compile(
    r"""(://(?<!file://)(?!\[[0-9A-Fa-f:.]*[\]%])[^/\s:@]*:)    # a user; no drive and no address in brackets
    (?!\d{1,5}(?:[/?\#\s]|["'][\s,}\])]|,[\w+.-]*:|["']?$))     # no port
    (?:(?:[^/\s"'<>]+/?|/)(?:(?<=/)(?:(?!://)[^\s"'<>?\#])*)?   # with slashes up to a quote, a query or the next URL
    | [^/\s]+)(?=@)""",
    re.VERBOSE,
)
"""The last ``@`` ends a password: one with a slash in it looks like a host and a path."""
_CARD: Final = re.compile(r"(?<![0-9A-Za-z.])(?:\d[ -]?){12,18}\d(?![0-9A-Za-z]|\.\d)")
_SSN: Final = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\d-])")
_E_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE: Final = re.compile(r"(?<![\w.])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?)?\d{2,4}(?:[ .-]\d{2,4}){2,4}(?![\w.])")

_CARD_STARTS: Final = re.compile(r"4|5[1-5]|2[2-7]|3[0467-9]|6")
"""First digits of the cards that there are; other long numbers are ids and times."""


def _any_of(words: Iterable[str]) -> str:
    """Write an expression that finds any of *words*, looking at each place once: a tree of their letters."""
    tree: dict[str, Any] = {}
    for word in words:
        at = tree
        for letter in word:
            at = at.setdefault(letter, {})
        at[""] = {}
    return _branch(tree)


def _branch(tree: dict[str, Any]) -> str:
    if "" in tree:
        return ""
    ways = [re.escape(letter) + _branch(below) for letter, below in sorted(tree.items())]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


_NAMED: Final = re.compile(r"[=:(\[]|--|</").search
_FIRST_WORD: Final = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])")
_MARK: Final = re.compile(_any_of(_MARKS)).search
_SIX_DIGITS: Final = re.compile(r"\d\d\d[\d -]\d\d").search
_NINE_DIGITS: Final = re.compile(r"\d(?:[ -]?\d){8}").search


def _may_hold_key(lower: str) -> bool:
    """Tell whether a key known by its looks may be in a text; most have a dash or an underscore."""
    if "-" in lower or "_" in lower or "." in lower:
        return _MARK(lower) is not None
    return "akia" in lower or "asia" in lower or "aiza" in lower


def is_card(digits: str) -> bool:
    """Tell whether *digits* are a card's number."""
    return 13 <= len(digits) <= 19 and _CARD_STARTS.match(digits) is not None and _luhn(digits)


class Scrubber:
    """
    Takes secrets out of free text.

    Also e-mail addresses and phone numbers, where it is told to.
    """

    def __init__(self, is_secret: Callable[[str], bool], words: Iterable[str] = (), *, personal: bool = False) -> None:
        """
        Prepare to scrub.

        Args:
            is_secret: tells whether a field of this name holds a secret.
            words: the user's own names of secrets.
            personal: whether e-mail addresses and phone numbers are taken out too.
        """
        self._is_secret = is_secret
        self._named: NamedSecrets | None = None
        self._personal = personal
        own = [_FIRST_WORD.split(word)[0].lower() for word in words]
        self._words = re.compile(_any_of([*_WORDS, *filter(None, own)])).search

    def names_a_secret(self, text: str) -> bool:
        """Tell quickly whether a name of a secret may be in *text*."""
        return self._words(text.lower()) is not None

    def scrub(self, text: str) -> str:
        """Give *text* without the secrets in it; itself where there are none."""
        if len(text) < SHORTEST:
            return text
        found = self._scrub(text, text.lower())
        return self._decoded(found) if "%" in found else found

    def _decoded(self, found: str) -> str:
        at = found
        for _ in range(_MOST_DECODED):
            if (plain := unquote(at)) == at:
                break
            at = self._scrub(plain, plain.lower())
            if at is not plain:
                # What only shows when it is decoded is written decoded: encoded again, nobody could read what is left.
                found = at
        return found

    def _scrub(self, text: str, lower: str) -> str:
        found = text
        if _NAMED(lower) and self._words(lower):
            found = self._without_named(found)
        if " " in lower and ("bearer" in lower or "basic" in lower or "digest" in lower):
            found = _SCHEME.sub(_credential, found)
        if "@" in lower and "://" in lower:
            found = _URL_PASSWORD.sub(rf"\1{REDACTED}", found)
        if len(lower) >= _SHORTEST_NUMBER and _SIX_DIGITS(lower) and _NINE_DIGITS(lower):
            found = _CARD.sub(_card, _SSN.sub(REDACTED, found))
        if len(lower) >= _SHORTEST_KEY and _may_hold_key(lower):
            found = _KNOWN_KEY.sub(REDACTED, _PRIVATE_KEY.sub(REDACTED, found))
        if self._personal:
            found = _PHONE.sub(REDACTED, _E_MAIL.sub(REDACTED, found))
        return text if found == text else found

    def _without_named(self, text: str) -> str:
        if self._named is None:
            # Imported by the first text that may need it: its expressions take two milliseconds to compile.
            from sightline.model.named_secrets import NamedSecrets

            self._named = NamedSecrets(self._is_secret)
        return self._named.take_out(text)


def _credential(match: re.Match[str]) -> str:
    return match[0] if _PROSE.fullmatch(match[1]) else match[0].removesuffix(match[1]) + REDACTED


def _card(match: re.Match[str]) -> str:
    digits = re.sub(r"[ -]", "", match[0])
    return REDACTED if is_card(digits) else match[0]


def _luhn(digits: str) -> bool:
    """Check a card number's last digit (ISO/IEC 7812)."""
    total = sum(map(int, digits[-1::-2])) + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return total % 10 == 0
