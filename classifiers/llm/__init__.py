"""Calls of language models and tool servers: recognised, read, and completed from their answers."""

from classifiers.llm.labels import label
from classifiers.llm.prices import warm
from classifiers.llm.recognise import recognise
from classifiers.llm.tap import UsageTap, complete

__all__ = ["UsageTap", "complete", "label", "recognise", "warm"]
