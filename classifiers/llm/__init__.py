"""Calls of language models and tool servers: recognised, read, and completed from their answers."""

from classifiers.llm.answer.counted import Counted
from classifiers.llm.answer.tap import UsageTap, complete
from classifiers.llm.labels import label
from classifiers.llm.prices import warm
from classifiers.llm.request.realtime import spoken_call
from classifiers.llm.request.recognise import recognise

__all__ = ["Counted", "UsageTap", "complete", "label", "recognise", "spoken_call", "warm"]
