"""
Instruments Celery: spans where tasks are sent and where they run, their errors, and metrics of jobs.

OpenTelemetry's own instrumentation leaves its span current where a task is sent by name or cannot be sent, and counts
nothing that our registry sees; see docs/decisions/0041-celery.md.
"""

from __future__ import annotations

import functools
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sightline.base.errors import PackageMissing
from sightline.model.span import CONSUMER, PRODUCER
from sightline.sdk import guard, metrics, tracing
from sightline.sdk.context import current, fields, span_of
from sightline.sdk.presence import Instrumented, presence
from sightline.sdk.recorder import recorder
from sightline.sdk.worker_metrics import workers

try:
    import celery
    from celery import signals
except ImportError:
    raise PackageMissing("Celery is not installed: pip install celery") from None

if TYPE_CHECKING:
    from collections.abc import Callable

    from prometheus_client import Counter, Gauge, Histogram

App = TypeVar("App")

_KEY: Final = "_sightline"
"""Attribute of a task's request with the ``_Run`` that records it."""

_ID: Final = "x-request-id"
"""Header of a message with the id of the HTTP request that sent it."""

_RECYCLED: Final = 0x9B
"""Exit code of a child of Celery's pool that has run as many tasks as it was to."""

_BUCKETS: Final = (*metrics.BUCKETS, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Upper bounds of durations in seconds. Tasks take longer than requests."""


def instrument(app: App | None = None, *, namespace: str = "") -> App | None:
    """
    Record the tasks of this process, of every Celery application in it.

    Done twice, it counts once.

    Args:
        app: given back as it is.
        namespace: what the names of the metrics begin with, before ``jobs_``; nothing where it is empty or ``http``.
    """
    send = celery.Celery.send_task
    if getattr(send, "by_sightline", False):
        return app
    _jobs.prefix = "" if namespace in {"", "http"} else f"{namespace}_"
    celery.Celery.send_task = _recorded(send)
    for signal, receiver in (
        (signals.task_prerun, _begin),
        (signals.task_postrun, _end),
        (signals.task_failure, _failed),
        (signals.task_retry, _retried),
    ):
        signal.connect(receiver, weak=False, dispatch_uid="sightline")
    signals.worker_init.connect(_lead, weak=False, dispatch_uid="sightline")
    signals.worker_process_shutdown.connect(_flush, weak=False, dispatch_uid="sightline")
    presence.note(Instrumented("celery", "sightline", celery.__version__))
    return app


# Sending.


def _recorded(send: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(send)
    def send_task(self: Any, name: str, *args: Any, **options: Any) -> Any:
        if not recorder.enabled:
            return send(self, name, *args, **options)
        with tracing.Span(f"publish {name}", PRODUCER, _told("publish", name)) as span:
            options["headers"] = {**(options.get("headers") or {}), **_headers(span)}
            result = send(self, name, *args, **options)
            span.set_attribute("messaging.message.id", str(result.id))
            return result

    send_task.by_sightline = True  # type: ignore[attr-defined]
    return send_task


def _told(operation: str, task: str) -> dict[str, Any]:
    kind = "send" if operation == "publish" else "process"
    return {
        "messaging.system": "celery",
        "messaging.operation.name": operation,
        "messaging.operation.type": kind,
        "celery.task_name": task,
    }


def _headers(span: tracing.Span) -> dict[str, str]:
    """Say what the worker needs to go on with the trace, whether or not the span is recorded."""
    flags = "01" if span.recording else "00"
    told = {"traceparent": f"00-{span.trace_id}-{span.span_id}-{flags}"}
    if span.details.trace_state:
        told["tracestate"] = span.details.trace_state
    request_id = (fields.get() or {}).get("request_id")
    if isinstance(request_id, str):
        told[_ID] = request_id
    return told


# Running.

_killed: Final[deque[str]] = deque(maxlen=1000)
"""Tasks whose processes were killed, as far as they are told already: Celery tells of some twice, by two exceptions."""


class _Run:
    """
    One run of a task: its span is current, and no fields are bound but the task's own, until it ends.

    Attributes:
        torn: whether this process is stopped within a task.
    """

    torn = False

    def __init__(self, task: Any, task_id: str) -> None:
        request = task.request
        told = _told("run", task.name)
        told["messaging.message.id"] = task_id
        queue = (request.delivery_info or {}).get("routing_key")
        if queue:
            told["messaging.destination.name"] = str(queue)
        if request.retries:
            told["celery.retries"] = request.retries
        self._began = perf_counter()
        self._name = task.name
        self._around, self._bound = current.get(), fields.get()
        self.span = tracing.Span(f"run {task.name}", CONSUMER, told)
        self._bind(request, task_id)
        above = _caller(request)
        self.span.begin(span_of(self._around) if above is None else above)
        self.span.within(self._around)
        _jobs.active(self._name).inc()

    def _bind(self, request: Any, task_id: str) -> None:
        """Begin with fields of its own; a task that runs where it is sent keeps those of its caller."""
        bound = {**(self._bound or {})} if request.is_eager else {}
        request_id = getattr(request, _ID, None)
        if isinstance(request_id, str):
            bound["request_id"] = request_id
        fields.set({**bound, "task_id": task_id, "task_name": self._name})

    def end(self, state: str) -> None:
        """Write the span, count the run, and leave the context as it was found."""
        try:
            self.span.set_attribute("celery.state", state)
            self.span.set_attributes(fields.get() or {})
            self.span.end()
            _jobs.active(self._name).dec()
            _jobs.seconds(self._name).observe(perf_counter() - self._began)
            if state == "SUCCESS":
                _jobs.completed(self._name).inc()
        finally:
            current.set(self._around)
            fields.set(self._bound)


def _caller(request: Any) -> tracing.Remote | None:
    traceparent = getattr(request, "traceparent", None)
    state = getattr(request, "tracestate", None)
    if not isinstance(traceparent, str):
        return None
    return tracing.remote_parent(traceparent, state if isinstance(state, str) else None)


def _begin(*, task: Any = None, task_id: str = "", **_: Any) -> None:
    if task is None or not recorder.enabled:
        return
    try:
        setattr(task.request, _KEY, _Run(task, task_id))
    except Exception as error:
        guard.failed("celery", error)


def _end(*, task: Any = None, state: str | None = None, **_: Any) -> None:
    run = None if task is None else getattr(task.request, _KEY, None)
    if run is None:
        return
    try:
        delattr(task.request, _KEY)
        # No exception that Celery handles, and no result: the process is told to end.
        _Run.torn = _Run.torn or state is None
        run.end(state or "FAILURE")
    except Exception as error:
        guard.failed("celery", error)


def _failed(*, sender: Any = None, exception: BaseException | None = None, task_id: str = "", **_: Any) -> None:
    """
    Take the exception that ended a task, before Celery logs it.

    In the worker's main process it comes without a run: the process that ran the task was killed.
    """
    if exception is None or not recorder.enabled:
        return
    try:
        name = getattr(sender, "name", "")
        run = getattr(getattr(sender, "request", None), _KEY, None)
        if run is None:
            if task_id in _killed:
                return
            _killed.append(task_id)
        _jobs.failed(name, type(exception).__name__).inc()
        if isinstance(exception, getattr(sender, "throws", ()) or ()):
            # The task declares it as a part of its work; Celery logs it at level INFO.
            return
        if run is not None:
            run.span.set_attribute("error.type", type(exception).__qualname__)
            run.span.fail(exception)
        # Imported by the first failure: a worker without one is spared it.
        from sightline.sdk import errors

        errors.unhandled(exception, "celery", {"task_name": name, "task_id": task_id})
    except Exception as error:
        guard.failed("celery", error)


def _retried(*, sender: Any = None, reason: Any = None, **_: Any) -> None:
    try:
        run = getattr(getattr(sender, "request", None), _KEY, None)
        if run is not None:
            run.span.set_attribute("celery.retry.reason", str(reason)[:1024])
            _jobs.retried(sender.name).inc()
    except Exception as error:
        guard.failed("celery", error)


def _lead(**_: Any) -> None:
    """Let the worker's main process answer for those of its pool, which it has not forked yet."""
    workers.lead()


def _flush(exitcode: int | None = None, **_: Any) -> None:
    """
    Write the metrics down: Celery's child processes end without ``atexit``.

    One that is stopped within a task is killed after a tenth of a second. It must have told the others that it ends
    by then, or it takes the lock of their queue with it, and the worker never stops.
    """
    if recorder.enabled and not _Run.torn:
        try:
            metrics.record()
            if exitcode == _RECYCLED:
                # The worker goes on, and so does its /metrics. Where all of it ends, each moment counts.
                workers.write()
        except Exception as error:
            guard.failed("celery", error)


class _Jobs:
    """The metrics of jobs, made when the first one is."""

    def __init__(self) -> None:
        self.prefix = ""

    def active(self, job: str) -> Gauge:
        """Tasks that run now."""
        return metrics.gauge(f"{self.prefix}jobs_active", "Jobs that run now.", ["job"]).labels(job)

    def completed(self, job: str) -> Counter:
        """Runs that went well."""
        return metrics.counter(f"{self.prefix}jobs_completed", "Jobs that were done.", ["job"]).labels(job)

    def failed(self, job: str, error_type: str) -> Counter:
        """Runs that an exception ended."""
        name, labels = f"{self.prefix}jobs_failed", ["job", "error_type"]
        return metrics.counter(name, "Jobs that failed.", labels).labels(job, error_type)

    def retried(self, job: str) -> Counter:
        """Runs that asked to be run again."""
        return metrics.counter(f"{self.prefix}jobs_retried", "Jobs that are to be tried again.", ["job"]).labels(job)

    def seconds(self, job: str) -> Histogram:
        """How long runs take."""
        name = f"{self.prefix}jobs_duration_seconds"
        return metrics.histogram(name, "Time that jobs ran.", ["job"], buckets=_BUCKETS).labels(job)


_jobs: Final = _Jobs()
