"""`CreateObject("Hadal.Session")` on Linux: the members of the COM object, for macros that must not know the difference.

Basic asks the service com.sun.star.bridge.OleObjectFactory, which LibreOffice itself has on Windows alone, and talks to
what it gets through XInvocation. Names come in any case. Text given to a macro has CR LF at the end of each line, as text
in Basic has: LibreOffice's Selection.TypeText loses what stands before a bare LF.
"""
import json

import unohelper
from com.sun.star.lang import WrappedTargetException, XMultiServiceFactory
from com.sun.star.reflection import InvocationTargetException
from com.sun.star.script import BasicErrorException, XDefaultMethod, XInvocation

from . import engine as engines
from . import native, settings
from .service import Service

PROG_ID = "Hadal.Session"
LONGEST_WAIT = 1e9    # milliseconds; Python refuses what its clock cannot hold
BASIC_ERROR = 440   # "Automation error": what VBA gives for a failed call of an object


class _Automation(unohelper.Base, XInvocation, XDefaultMethod):
    """An object for Basic: methods are `do_name`, properties `get_name` and `set_name`, names in any case."""
    NAME, DEFAULT = "", ""

    def getIntrospection(self):
        return None

    def getDefaultMethodName(self):
        return self.DEFAULT

    def hasMethod(self, name):
        return hasattr(self, "do_" + name.lower())

    def hasProperty(self, name):
        return hasattr(self, "get_" + name.lower())

    def getValue(self, name):
        return self._guarded(getattr(self, "get_" + name.lower()))

    def setValue(self, name, value):
        setter = getattr(self, "set_" + name.lower(), None)
        if setter is None:
            self._fail(f"{self.NAME}.{name} can only be read")
        self._guarded(setter, value)

    def invoke(self, name, arguments, out_index, out):
        return self._guarded(getattr(self, "do_" + name.lower()), *_without_missing(arguments)), (), ()

    def _guarded(self, body, *arguments):
        try:
            return body(*arguments)
        except native.HadalError as problem:
            self._fail(problem.sentence)
        except (TypeError, ValueError, OverflowError) as problem:
            self._fail(f"{self.NAME}: wrong argument: {problem}")

    def _fail(self, sentence):
        # Basic unwraps exactly this nesting into Err.Number and the bare sentence in Err.Description.
        inner = BasicErrorException(sentence, self, BASIC_ERROR, sentence)
        raise InvocationTargetException(sentence, self, WrappedTargetException(sentence, self, inner))


class SessionObject(_Automation):
    """A conversation: the members of ISession in the Windows type library."""
    NAME, DEFAULT = PROG_ID, "Ask"

    def __init__(self, engine):
        self._engine, self._values = engine, settings.read_settings()
        self._options, self._path, self._model_options = {}, "", ""
        self._session, self._turn = None, None

    def __del__(self):
        """The macro forgot the object: nobody will read what is still being made."""
        if self._turn is not None:
            self._turn.cancel()

    # ---- Methods

    def do_open(self, path="", options=""):
        self.do_cancel()
        self._session, self._path, self._model_options = None, _text(path), _text(options)
        self._open()

    def do_start(self, prompt):
        self.do_cancel()
        self._turn = self._engine.begin(engines.Turn(self._open, _plain_lines(_text(prompt))))

    def do_ask(self, prompt):
        self.do_start(prompt)
        self._turn.wait()
        self._raise_failure()
        return self.get_answer()

    def do_askstream(self, prompt, sink=None):
        """`sink` may be Nothing, a UNO XInvocation object with OnToken(text), or absent: then it is Ask."""
        if sink is None:
            return self.do_ask(prompt)
        if not hasattr(sink, "invoke"):
            raise ValueError("the sink must be Nothing or an object with a method OnToken(text)")
        self.do_start(prompt)
        while not self._turn.done:
            piece = self._turn.take(0.2)
            if piece and sink.invoke("OnToken", (_basic_lines(piece),), (), ())[0] is False:
                self._turn.cancel()
        self._raise_failure()
        return self.get_answer()

    def do_nexttoken(self, milliseconds=0):
        if self._turn is None:
            return ""
        text = self._turn.take(min(max(0.0, float(milliseconds or 0)), LONGEST_WAIT) / 1000.0)
        if not text and self._turn.finished:
            self._raise_failure()
        return _basic_lines(text)

    def do_cancel(self):
        if self._turn is not None:
            self._turn.cancel()
            self._turn.wait()

    def do_reset(self):
        self.do_cancel()
        self._turn = None
        if self._session is not None:
            self._session.reset()

    def do_add(self, role, text):
        self.do_cancel()
        self._open().add(_text(role), _plain_lines(_text(text)))

    def do_option(self, name, *value):
        """Option(name) reads, Option(name, value) sets."""
        if value:
            return self.do_setoption(name, value[0])
        key = _text(name)
        known = self._session is None and key in self._options
        return _basic_lines(self._options[key] if known else self._open().get(key))

    def do_setoption(self, name, value):
        key, text = _text(name), _plain_lines(_text(value))
        if self._session is not None:
            self._session.set(key, text)
        self._options[key] = text

    def do_tokens(self, text):
        self._open()
        return tuple(self._engine.model(self._path, self._model_options).tokenize(_text(text)))

    # ---- Properties

    def get_done(self):
        return self._turn is None or self._turn.done

    def get_system(self):
        return _basic_lines(self._options.get("system", self._values["system"]))

    def set_system(self, value):
        self.do_setoption("system", value)

    def get_temperature(self):
        return float(self._options.get("temperature", self._values["temperature"]))

    def set_temperature(self, value):
        self.do_setoption("temperature", float(value))

    def get_maxtokens(self):
        return int(self._options.get("max_tokens", self._values["max_tokens"]))

    def set_maxtokens(self, value):
        self.do_setoption("max_tokens", int(value))

    def get_model(self):
        return self._path or settings.find_model(self._values)

    def set_model(self, value):
        self.do_open(value)

    def get_answer(self):
        return _basic_lines("".join(self._turn.answer)) if self._turn else ""

    def get_thought(self):
        return _basic_lines("".join(self._turn.thought)) if self._turn else ""

    def get_finish(self):
        return self._session.get("finish") if self._session else "none"

    def get_usage(self):
        return json.dumps(self._session.usage()) if self._session else "{}"

    def get_history(self):
        return self._session.get("messages") if self._session else "[]"

    def get_version(self):
        return self._engine.library.version

    # ---- Inside

    def _open(self):
        if self._session is None:
            model = self._engine.model(self._path, self._model_options)
            session = model.session(engines.session_options(self._values, self._values["max_tokens"]))
            for key, value in self._options.items():
                session.set(key, value)
            self._session = session
        return self._session

    def _raise_failure(self):
        if self._turn.error is not None:
            raise self._turn.error


class ModelsObject(_Automation):
    """The models on this machine."""
    NAME, DEFAULT = "Hadal.Models", "Item"

    def __init__(self, engine):
        self._engine, self._found = engine, settings.installed_models(settings.read_settings())

    def do_item(self, index):
        """The first one is 1, as in the collections of Office."""
        if not 1 <= int(index) <= len(self._found):
            raise ValueError(f"index {int(index)}: expected 1 to {len(self._found)}")
        return self._found[int(index) - 1]

    def do_unload(self):
        self._engine.unload()

    def get_count(self):
        return len(self._found)

    def get_default(self):
        return settings.find_model(settings.read_settings())


def _without_missing(arguments):
    """Optional arguments a macro leaves out arrive as None at the end."""
    arguments = list(arguments)
    while arguments and arguments[-1] is None:
        arguments.pop()
    return arguments


def _basic_lines(text):
    return text.replace("\n", "\r\n")


def _plain_lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _text(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"expected a text, found {type(value).__name__}")


OBJECTS = {made.NAME.lower(): made for made in (SessionObject, ModelsObject)}


class ObjectFactory(unohelper.Base, XMultiServiceFactory, Service):
    IMPLEMENTATION = "org.hadal.office.ObjectFactory"
    SERVICES = ("com.sun.star.bridge.OleObjectFactory",)

    def createInstance(self, name):
        made = OBJECTS.get(name.lower())
        return made(self.engine) if made else None

    def createInstanceWithArguments(self, name, arguments):
        return self.createInstance(name)

    def getAvailableServiceNames(self):
        return tuple(made.NAME for made in OBJECTS.values())
