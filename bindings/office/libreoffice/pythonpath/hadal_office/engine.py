"""One engine for the whole office process: models stay loaded and are shared, turns run on threads of their own."""
import collections
import gc
import os
import threading
import weakref

from . import native, settings

NO_MODEL = ("no model is set: choose a GGUF file under Tools > Options > Hadal, "
            "or put one into the folder ~/.cache/hadal")


# Python's collector runs on whatever thread allocates. On a worker it would release objects of the office while it holds
# Python's lock and wait for the office's own, whose holder waits for Python's: collect() is for threads that hold the latter.
gc.disable()


def collect():
    """Frees what refers to itself. On the office's main thread only."""
    gc.collect()


class Engine:
    def __init__(self, library_path):
        self._library_path, self._library = library_path, None
        self._models, self._lock = {}, threading.Lock()
        self._turns = weakref.WeakSet()
        self.watched = False   # somebody calls close() when the office ends

    @property
    def library(self):
        with self._lock:
            return self._loaded_library()

    def _loaded_library(self):
        if self._library is None:
            self._library = native.Library(self._library_path)
        return self._library

    def model(self, path="", options=""):
        """The model of this path, opened once. Opening takes a while: on a worker thread where a person waits."""
        path = path or settings.find_model(settings.read_settings())
        if not path:
            raise native.HadalError(-2, NO_MODEL)
        # A name in the Ollama store is no path; a path may be written in several ways.
        key = (os.path.realpath(path) if os.path.exists(path) else path, options)
        with self._lock:
            if key not in self._models:
                try:
                    self._models[key] = self._loaded_library().open_model(path, options)
                except native.HadalError as problem:
                    hint = "; choose another under Tools > Options > Hadal" if problem.status == -2 else ""
                    raise native.HadalError(problem.status, problem.sentence + hint) from None
            return self._models[key]

    def unload(self):
        """Forgets the models; memory is free when the last conversation with them is over."""
        with self._lock:
            self._models.clear()

    def begin(self, turn):
        """Computes a turn on a thread of its own."""
        self._turns.add(turn)
        turn.start()
        return turn

    def run(self, turn):
        """Computes a turn on the calling thread."""
        self._turns.add(turn)
        turn.run()
        return turn

    def close(self):
        """The office ends: every turn is stopped, and nothing of ours computes while the process is taken down."""
        for turn in list(self._turns):
            turn.cancel()
        for turn in list(self._turns):
            turn.wait(2.0)


def session_options(values, max_tokens):
    """The settings as an option text. `options` comes last: what it says there counts."""
    parts = [f"temperature={values['temperature']}", f"max_tokens={max_tokens}"]
    if values["system"]:
        parts.append(f"system={native.quoted(values['system'])}")
    if values["options"]:
        parts.append(values["options"])
    return "; ".join(parts)


class Turn:
    """One answer in the making: `prepare` gives the session (and may open a model) on the turn's own thread.

    Pieces are taken with `take`; `error` is the sentence of a failure, `finished` set when nothing more comes.
    """

    def __init__(self, prepare, prompt, on_progress=None):
        self._prepare, self._prompt, self._on_progress = prepare, prompt, on_progress
        self._pieces, self._changed = collections.deque(), threading.Condition()
        self._session, self._cancelled = None, False
        self.finished, self.error = False, None
        self.answer, self.thought = [], []

    def start(self):
        threading.Thread(target=self.run, name="hadal turn", daemon=True).start()

    def run(self):
        try:
            session = self._prepare()
            with self._changed:
                self._session = session
            if not self._cancelled:
                session.add("user", self._prompt)
            while not self._cancelled:
                piece = session.next()
                if piece is None:
                    break
                self._keep(*piece)
        except native.HadalError as problem:
            self.error = problem
        except Exception as problem:   # the office must not lose its answer to a mistake here
            self.error = native.HadalError(-12, f"the extension failed: {problem!r}")
        with self._changed:
            self.finished = True
            self._changed.notify_all()
        self._tell()

    def _keep(self, kind, text):
        with self._changed:
            (self.thought if kind == native.THOUGHT else self.answer).append(text)
            if kind == native.ANSWER:
                self._pieces.append(text)
            self._changed.notify_all()
        self._tell()

    def _tell(self):
        if self._on_progress is not None:
            self._on_progress()

    def take(self, timeout=0.0):
        """The text that came since the last call; waits up to `timeout` seconds for some."""
        with self._changed:
            if not self._pieces and not self.finished and timeout > 0:
                self._changed.wait_for(lambda: self._pieces or self.finished, timeout)
            text = "".join(self._pieces)
            self._pieces.clear()
            return text

    @property
    def done(self):
        """Nothing is being made any more and everything was taken."""
        with self._changed:
            return self.finished and not self._pieces

    def wait(self, timeout=None):
        with self._changed:
            self._changed.wait_for(lambda: self.finished, timeout)

    @property
    def cancelled(self):
        return self._cancelled

    def cancel(self):
        self._cancelled = True
        with self._changed:
            session = self._session
        if session is not None:
            session.cancel()
