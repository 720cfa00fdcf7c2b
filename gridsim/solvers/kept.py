"""The last answers of something that is asked the same again, by question."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")


class Kept(Generic[Question, Answer]):
    """At most ``most`` answers, those asked for last; a question says all that its answer depends on."""

    def __init__(self, most: int):
        self._most = most
        self._answers: OrderedDict[Question, Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, question: Question) -> Answer | None:
        """The answer, None if it is not known."""
        answer = self._answers.get(question)
        if answer is not None:
            self._answers.move_to_end(question)
        return answer

    def keep(self, question: Question, answer: Answer) -> Answer:
        """The same answer, known from now on."""
        self._answers[question] = answer
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
        return answer
