"""``sightline completion``: lets a shell complete commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """Shells for which there is a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.")]) -> None:
    """
    Print the script that completes commands and options: sightline completion bash > ~/.sightline-completion.

    bash: source it in ~/.bashrc. zsh: source it in ~/.zshrc, behind compinit. fish: write it to
    ~/.config/fish/completions/sightline.fish. sightline --install-completion does it for the shell that runs.
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined] # as its --show-completion does

    print(get_completion_script(prog_name="sightline", complete_var="_SIGHTLINE_COMPLETE", shell=shell.value))
