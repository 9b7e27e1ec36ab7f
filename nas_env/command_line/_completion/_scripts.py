"""The scripts that bind the tab key in the shells."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence

#: Each carries the program that completes as a text, and hands it to Python with a line's words.
BASH = """\
IFS= read -r -d '' _nas_env <<'NAS_ENV_PROGRAM'
{program}
NAS_ENV_PROGRAM

_nas_env_complete() {{
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ $line ]] && COMPREPLY+=("${{line%%$'\\t'*}}")
    done < <(printf '%s' "$_nas_env" | {python} -IS - "${{COMP_WORDS[@]:0:COMP_CWORD+1}}")
    if [[ ${{COMPREPLY[0]}} == ":files" ]]; then
        compopt -o filenames 2> /dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}")
    fi
}}

complete -F _nas_env_complete {names}
"""

ZSH = """\
IFS= read -r -d '' _nas_env <<'NAS_ENV_PROGRAM'
{program}
NAS_ENV_PROGRAM

_nas_env_complete() {{
    local line
    local -a found shown
    found=("${{(@f)$(printf '%s' "$_nas_env" | {python} -IS - "${{(@)words[1,CURRENT]}}")}}")
    if [[ ${{found[1]}} == ":files" ]]; then
        _files
        return
    fi
    for line in $found; do
        shown+=("${{${{line%%$'\\t'*}}//:/\\\\:}}:${{line#*$'\\t'}}")
    done
    _describe 'nas-env' shown
}}

(( $+functions[compdef] )) || {{ autoload -Uz compinit && compinit; }}
compdef _nas_env_complete {names}
"""

FISH = """\
set -g _nas_env '{program}'

function _nas_env_complete
    set -l found (printf '%s' $_nas_env | {python} -IS - (commandline -opc) (commandline -ct))
    if test "$found[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end

for name in {names}
    complete -c $name -f -a '(_nas_env_complete)'
end
"""

SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def script(shell: str, program: str, names: Sequence[str]) -> str:
    """Return the script of a shell.

    Args:
        shell: Name of the shell.
        program: Python text of the program that completes.
        names: Names of the commands that are completed.
    """
    if shell == "fish":
        program = program.replace("\\", "\\\\").replace("'", "\\'")
    python = shlex.quote(sys.executable)
    return SHELLS[shell].format(program=program, python=python, names=" ".join(names))
