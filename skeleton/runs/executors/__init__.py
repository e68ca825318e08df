"""Where work is done: jobs, and the executors that do them in processes or on a Ray cluster."""

from skeleton.runs.executors.choosing import EXECUTORS, choose_executor
from skeleton.runs.executors.job import Executor, Failure, Job, raise_first

__all__ = ["EXECUTORS", "Executor", "Failure", "Job", "choose_executor", "raise_first"]
