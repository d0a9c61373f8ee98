"""=HADAL(prompt; range; options) and =HADAL.ASYNC(...) in a cell.

An answer is remembered by (model, prompt, options), so recalculating costs nothing. Cells of HADAL.ASYNC show "…" until
their answer comes; several are computed together.
"""
import collections
import queue
import threading

import uno
import unohelper
from com.sun.star.lang import XServiceName
from com.sun.star.sheet import ResultEvent, XAddIn, XVolatileResult
from org.hadal.office import XFunctions

from . import engine as engines
from . import settings
from .service import Service

WAITING = "…"
WORKERS = 4
REMEMBERED = 2000   # answers


def range_text(value):
    """A cell, or a block of cells as rows of tab-separated texts."""
    if value is None:
        return ""
    if not isinstance(value, tuple):
        return _cell_text(value)
    return "\n".join("\t".join(_cell_text(cell) for cell in row) for row in value).strip("\n")


def _cell_text(value):
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)


class Answers:
    """Asks, and remembers what came. A failure is remembered by nobody: the next calculation tries again."""

    def __init__(self, engine):
        self._engine, self._kept, self._lock = engine, collections.OrderedDict(), threading.Lock()

    def key(self, prompt, block, options):
        values = settings.read_settings()
        text = range_text(block)
        prompt = f"{prompt}\n\n{text}" if text else prompt
        chosen = engines.session_options(values, values["cell_tokens"])
        if range_text(options):
            chosen += "; " + range_text(options)
        return settings.find_model(values), prompt, chosen

    def known(self, key):
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def ask(self, key, begun=None):
        """The answer, or a failure's sentence. `begun` is given the turn before it is computed."""
        found = self.known(key)
        if found is not None:
            return found
        path, prompt, options = key
        turn = engines.Turn(lambda: self._engine.model(path).session(options), prompt)
        if begun:
            begun(turn)
        self._engine.run(turn)
        if turn.error is not None:
            return f"Hadal: {turn.error.sentence}"
        answer = "".join(turn.answer).strip()
        if not turn.cancelled:
            with self._lock:
                self._kept[key] = answer
                while len(self._kept) > REMEMBERED:
                    self._kept.popitem(last=False)
        return answer


class LaterResult(unohelper.Base, XVolatileResult):
    """What cells of HADAL.ASYNC listen to. When the last of them is gone, so is the interest in its answer."""

    def __init__(self):
        self._listeners, self._value, self._lock = [], WAITING, threading.Lock()
        self._turn, self.abandoned, self.settled = None, False, False

    def addResultListener(self, listener):
        with self._lock:
            self._listeners.append(listener)
            value = self._value
        listener.modified(ResultEvent(self, value))

    def removeResultListener(self, listener):
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
            self.abandoned = not self._listeners
            turn = self._turn
        if self.abandoned and turn is not None:
            turn.cancel()

    def begun(self, turn):
        with self._lock:
            self._turn = turn
        if self.abandoned:
            turn.cancel()

    def settle(self, value):
        with self._lock:
            self._value, self.settled, self._turn = value, True, None
            listeners = list(self._listeners)
        for listener in listeners:
            listener.modified(ResultEvent(self, value))


class Functions(unohelper.Base, XFunctions, XAddIn, XServiceName, Service):
    IMPLEMENTATION = "org.hadal.office.FunctionsImplementation"
    SERVICES = ("org.hadal.office.Functions", "com.sun.star.sheet.AddIn")
    NAMES = {"hadal": "HADAL", "hadalAsync": "HADAL.ASYNC"}
    ARGUMENTS = (("prompt", "What is asked"), ("range", "Cells the prompt is about; they follow it as a table"),
                 ("options", 'Options as text: "temperature=0; max_tokens=50"'))

    _answers, _later, _queue, _lock = None, collections.OrderedDict(), queue.Queue(), threading.Lock()

    def __init__(self, context, *arguments):
        super().__init__(context)
        self._locale = uno.createUnoStruct("com.sun.star.lang.Locale")
        with self._lock:
            if Functions._answers is None:   # shared by all sheets of the process
                Functions._answers = Answers(self.engine)
                for _ in range(WORKERS):
                    threading.Thread(target=self._work, name="hadal cells", daemon=True).start()

    # ---- XFunctions

    def hadal(self, prompt, block, options):
        return self._answers.ask(self._answers.key(prompt, block, options))

    def hadalAsync(self, prompt, block, options):
        key = self._answers.key(prompt, block, options)
        with self._lock:
            # The same arguments must give the same object: Calc calls again whenever the result changes.
            result = self._later.get(key)
            if result is None or (result.abandoned and not result.settled):
                result = self._later[key] = LaterResult()
                self._queue.put((key, result))
            self._later.move_to_end(key)
            for old in [k for k, r in self._later.items() if r.abandoned][:max(0, len(self._later) - REMEMBERED)]:
                del self._later[old]
        return result

    @classmethod
    def _work(cls):
        while True:
            key, result = cls._queue.get()
            try:
                if not result.abandoned:
                    result.settle(cls._answers.ask(key, result.begun))
            except Exception:   # the document was closed in the meantime
                pass

    # ---- XAddIn: most of this stands in CalcAddIns.xcu; old callers ask here

    def getProgrammaticFuntionName(self, name):   # the interface spells it so
        return {shown: own for own, shown in self.NAMES.items()}.get(name, "")

    def getDisplayFunctionName(self, name):
        return self.NAMES.get(name, name)

    def getFunctionDescription(self, name):
        return "The model's answer to a prompt" + (", without waiting for it" if name == "hadalAsync" else "")

    def getDisplayArgumentName(self, name, index):
        return self.ARGUMENTS[index][0] if 0 <= index < len(self.ARGUMENTS) else ""

    def getArgumentDescription(self, name, index):
        return self.ARGUMENTS[index][1] if 0 <= index < len(self.ARGUMENTS) else ""

    def getProgrammaticCategoryName(self, name):
        return "Text"

    def getDisplayCategoryName(self, name):
        return "Text"

    def setLocale(self, locale):
        self._locale = locale

    def getLocale(self):
        return self._locale

    # ---- XServiceName

    def getServiceName(self):
        return self.SERVICES[0]
