"""A command that checks its whole command line before it begins: every wrong word is told, not only the first."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any

import typer
from typer.core import TyperCommand

from gridsim.errors import InputError, Problem

Together = Callable[[dict[str, Any]], Iterable[Problem]]

# The base of every error of the command line itself; where it is defined depends on typer's version.
UsageError: type[Any] = typer.BadParameter.__bases__[0]

_ONE_OF = (("--quiet", "--verbose"), ("--json", "--csv", "--md"))


class CheckedCommand(TyperCommand):
    """Raises one InputError with a problem for every wrong option, in the file's place its flag."""

    together: Together | None = None

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing and not (self.no_args_is_help and not args):
            problems, words = self._known_options(ctx, args)
            given, rest, _ = self.make_parser(ctx).parse_args(args=list(words))
            if not given.get("help"):
                extra = [] if problems else rest
                problems += [Problem(word, 0, "", "one argument too many", "leave it out") for word in extra]
                problems += self._wrong_values(ctx, given)
            if problems:
                raise InputError(problems)
        return super().parse_args(ctx, args)

    def _known_options(self, ctx: Any, args: list[str]) -> tuple[list[Problem], list[str]]:
        """Problems of flags that do not exist or lack their value, and the words without these."""
        problems: list[Problem] = []
        words = list(args)
        while True:
            try:
                self.make_parser(ctx).parse_args(args=list(words))
            except UsageError as error:
                flag: str = getattr(error, "option_name", "")
                at = [n for n, word in enumerate(words) if flag and (word == flag or word.startswith(f"{flag}="))]
                if not at:
                    raise
                problems.append(self._problem_of_flag(ctx, flag, words[at[0]]))
                del words[at[0]]
            else:
                return problems, words

    def _problem_of_flag(self, ctx: Any, flag: str, word: str) -> Problem:
        known = [option for param in self.get_params(ctx) for option in (*param.opts, *param.secondary_opts)]
        if flag not in known:
            close = difflib.get_close_matches(flag.strip("-"), [option.strip("-") for option in known], n=1)
            mend = f"did you mean '--{close[0]}'?" if close else f"see {ctx.command_path} --help"
            return Problem(flag, 0, "", "no such option", mend)
        if word == flag:
            return Problem(flag, 0, "", "without a value", "write one after it")
        return Problem(flag, 0, "", f"'{word.partition('=')[2]}'", "it takes no value; give the flag alone")

    def _wrong_values(self, ctx: Any, given: dict[str, Any]) -> list[Problem]:
        """Problems of values, of missing arguments, and of values that contradict each other."""
        problems: list[Problem] = []
        values: dict[str, Any] = {}
        for param in self.get_params(ctx):
            if param.is_eager:
                continue  # it would act: --help prints and ends
            try:
                values[param.name] = param.process_value(ctx, param.consume_value(ctx, given)[0])
            except UsageError as error:
                value, _, mend = (error.message or "missing").partition("; ")
                problems.append(Problem(_name(param), 0, "", value, mend or f"see {ctx.command_path} --help"))
                values[param.name] = param.get_default(ctx)
        flags = {flag: param.name for param in self.get_params(ctx) for flag in param.opts}
        for group in _ONE_OF:
            chosen = [flag for flag in group if values.get(flags.get(flag, ""))]
            if len(chosen) > 1 and set(group) <= set(flags):
                problems.append(Problem(chosen[0], 0, "", f"contradicts {' and '.join(chosen[1:])}", "keep one"))
        return problems + list(self.together(values) if self.together else ())


def _name(param: Any) -> str:
    """A parameter as the help names it."""
    return max(param.opts, key=len) if param.param_type_name == "option" else str(param.metavar or param.name).upper()


def checked(together: Together | None) -> type[CheckedCommand]:
    """The class of a command. ``together``: gives problems of values, by parameter, that cannot be had together."""
    return type("CheckedCommand", (CheckedCommand,), {"together": staticmethod(together)} if together else {})
