"""The reference of commands, made from the command line itself and from noxfile.py."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any, get_args

import typer

from generate import text

__all__ = ["Session", "commands", "options", "sessions"]

_VALUES = {"Path": "PATH", "str": "TEXT", "int": "N", "float": "NUMBER", "datetime": "TIME"}


class Session:
    """A session of noxfile.py.

    Attributes:
        name: as `nox -s` knows it.
        about: its docstring.
        command: the autograder's command that it calls; empty if it calls something else.
    """

    def __init__(self, name: str, about: str, command: str) -> None:
        self.name, self.about, self.command = name, about, command


def sessions(noxfile: Path) -> list[Session]:
    """Every session, in the order of the file, without running it."""
    found = []
    for node in ast.parse(noxfile.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and any("nox.session" in ast.unparse(d) for d in node.decorator_list):
            calls = [call for call in ast.walk(node) if isinstance(call, ast.Call)]
            names = [
                call.args[1].value
                for call in calls
                if ast.unparse(call.func) == "_autograder" and isinstance(call.args[1], ast.Constant)
            ]
            found.append(Session(_session_name(node), ast.get_docstring(node) or "", str(names[0]) if names else ""))
    return found


def options() -> dict[str, set[str]]:
    """Command → the options that it takes."""
    found = {}
    for name, command in _commands().items():
        names = [name for param in command.params for name in (*param.opts, *param.secondary_opts)]
        found[name] = {name for name in names if name.startswith("-")}
    return found


def commands(noxfile: Path) -> str:
    """Every command with its arguments and options, then the sessions that are no command of the autograder."""
    all_sessions = sessions(noxfile)
    session_of = {session.command: session.name for session in all_sessions if session.command}
    pieces = []
    for name, command in _commands().items():
        call = f"nox -s {session_of[name]} --" if name in session_of else f"python -m autograder {name}"
        arguments = [param for param in command.params if param.param_type_name == "argument"]
        flags = [param for param in command.params if param.param_type_name == "option" and not param.hidden]
        usage = " ".join([call, *(_argument(param) for param in arguments), *(["[OPTIONS]"] if flags else [])])
        pieces += [f"### {name}", command.help or "", f"```text\n{usage.removesuffix(' --')}\n```"]
        rows = [(f"`{_argument(param)}`", param.help or "", "") for param in arguments]
        rows += [(f"`{_option(param)}`", param.help or "", _default(param)) for param in flags]
        if rows:
            pieces.append(text.table(("argument or option", "meaning", "default"), rows))
    others = [
        (f"`nox -s {session.name}`", session.about.partition("\n")[0])
        for session in all_sessions
        if not session.command
    ]
    pieces += ["## Other sessions", text.table(("session", "what it does"), others)]
    return "\n\n".join(pieces)


def _commands() -> dict[str, Any]:
    from autograder.cli import app

    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def _session_name(node: ast.FunctionDef) -> str:
    for decorator in node.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return node.name


def _argument(param: Any) -> str:
    name = param.metavar or param.name.upper()
    return name if param.required or name.startswith("[") else f"[{name}]"


def _option(param: Any) -> str:
    names = ", ".join((*param.opts, *param.secondary_opts))
    return names if param.is_flag else f"{names} {param.metavar or _value(param)}"


def _value(param: Any) -> str:
    annotation = param.type_descriptor.annotation
    inner = [kind for kind in get_args(annotation) if kind is not type(None)]
    kind = inner[0] if inner else annotation
    return _VALUES.get(getattr(kind, "__name__", ""), "VALUE")


def _default(param: Any) -> str:
    if param.default is None or param.default is False or param.required:
        return "required" if param.required else ""
    return f"`{param.default}`"
