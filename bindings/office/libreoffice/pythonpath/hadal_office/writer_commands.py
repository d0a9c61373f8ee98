"""The commands of the Hadal menu in Writer: Ask, Rewrite, Summarise, Translate, Check contract, Stop, Settings.

The model computes on a thread of its own; what it has made is written by the office's main thread, a little at a time, so
the document stays usable. All of a command is one undo step.
"""
import threading

import unohelper
from com.sun.star.awt import XCallback
from com.sun.star.frame import FeatureStateEvent, XDispatch, XDispatchProvider
from com.sun.star.lang import XInitialization
from com.sun.star.util import XCloseListener

from . import edit_list, settings
from . import engine as engines
from .options_page import shipped_prompts
from .uno_values import property_value
from .writer_selection import Selection, insert_text
from .service import Service

PROTOCOL = "org.hadal.office:"
COMMANDS = {"ask": "Ask", "rewrite": "Rewrite", "summarise": "Summarise", "translate": "Translate",
            "check": "Check contract"}
OPTIONS_PAGE = "/org.openoffice.Office.OptionsDialog/Nodes/org.hadal.office/Leaves/org.hadal.office.page"
INFOBAR = "hadal"
INFOBAR_INFO, INFOBAR_WARNING = 0, 2


def say(controller, sentence, kind=INFOBAR_WARNING):
    """A bar above the document; it waits for nobody."""
    try:
        hush(controller)
        controller.appendInfobar(INFOBAR, "Hadal", sentence, kind, (), True)
    except Exception:   # no window, or an office without bars: there is nobody to read it
        pass


def hush(controller):
    try:
        if controller.hasInfobar(INFOBAR):
            controller.removeInfobar(INFOBAR)
    except Exception:
        pass


class Answering(unohelper.Base, XCallback, XCloseListener):
    """One command at work in one document."""
    running = {}   # document -> Answering; touched by the main thread only

    def __init__(self, context, engine, document, controller, command, prompt):
        self._engine, self._document, self._controller = engine, document, controller
        self._command, self._prompt, self._values = command, prompt, settings.read_settings()
        self._later = context.ServiceManager.createInstanceWithContext("com.sun.star.awt.AsyncCallback", context)
        self._posted, self._post_lock = False, threading.Lock()
        self._cursor = self._indicator = self._comment_at = None
        self._key, self._over = document.RuntimeUID, False

    def begin(self):
        self._selection = Selection(self._document, self._controller)
        if not self._selection.text.strip():
            say(self._controller, f"{self._command} needs a text: select one, or put the cursor into a paragraph.")
            return
        self._before = [part.getString() for part in self._selection.paragraphs]
        asked = edit_list.numbered(self._before) if self._prompt.where == "edits" and self._before else self._selection.text
        question = self._prompt.fill(asked, self._values["language"])
        options = engines.session_options(self._values, self._values["max_tokens"])
        self.running[self._key] = self
        self._document.addCloseListener(self)
        hush(self._controller)
        self._start_indicator()
        # Kept before it begins: its first word may come while this thread is still here.
        self._turn = engines.Turn(lambda: self._engine.model().session(options), question, self._post)
        self._engine.begin(self._turn)

    def stop(self):
        self._turn.cancel()

    # ---- From the turn's thread to the main thread

    def _post(self):
        with self._post_lock:
            if self._posted:
                return
            self._posted = True
        self._later.addCallback(self, None)

    def notify(self, data):
        with self._post_lock:
            self._posted = False
        if self._over:
            return
        try:
            self._advance()
        except Exception as problem:   # the document went away, or does not take text here
            self._turn.cancel()
            self._close(f"{self._command} could not write into the document: {problem}")

    def queryClosing(self, event, ownership):
        pass

    def notifyClosing(self, event):
        """The document is closed while the model writes."""
        self._over = True
        self.running.pop(self._key, None)
        self._turn.cancel()

    def disposing(self, event):
        self.notifyClosing(event)

    # ---- On the main thread

    def _advance(self):
        finished = self._turn.finished   # before taking: what comes after belongs to the next call
        if self._prompt.where == "after":
            piece = self._turn.take()
            if piece:
                self._write(piece)
        if finished:
            self._finish()

    def _write(self, piece):
        if self._cursor is None:
            self._document.getUndoManager().enterUndoContext(f"Hadal: {self._command}")
            self._cursor = self._selection.open_paragraph_after()
            self._comment_at = self._cursor.getText().createTextCursorByRange(self._cursor)
        insert_text(self._cursor, piece)

    def _finish(self):
        answer, sentence = "".join(self._turn.answer), None
        if self._turn.error is not None:
            sentence = f"{self._command}: {self._turn.error.sentence}"
        elif self._turn.cancelled:
            pass
        elif not answer.strip():
            sentence = f"{self._command}: the model gave no answer."
        elif self._prompt.where != "after":
            sentence = self._change_text(answer)
        if self._cursor is not None and self._values["thoughts"] == "comment" and self._turn.thought:
            self._add_comment("".join(self._turn.thought).strip())
        self._close(sentence)

    def _change_text(self, answer):
        """Tracked changes in the selection; where the answer fits nothing, it is written below it instead."""
        ranges = self._selection.paragraphs
        if ranges and [part.getString() for part in ranges] == self._before:
            if self._prompt.where == "edits":
                changes, missed = edit_list.locate(edit_list.parse(answer), self._before)
            else:
                lines = answer.strip("\n").split("\n")
                fits = len(lines) == len(ranges)
                changes, missed = edit_list.compare(self._before, lines) if fits else [], 0
                if fits and not changes:
                    return f"{self._command}: the model would leave the text as it is."
            if changes:
                self._document.getUndoManager().enterUndoContext(f"Hadal: {self._command}")
                try:
                    applied = edit_list.apply(self._document, ranges, changes)
                finally:
                    self._document.getUndoManager().leaveUndoContext()
                missed += len(changes) - applied
                return f"{self._command}: {missed} of the edits did not fit the text." if missed else None
        self._write(answer.strip("\n"))
        return f"{self._command}: the answer could not be laid over the selected text; it stands below it."

    def _add_comment(self, thought):
        comment = self._document.createInstance("com.sun.star.text.textfield.Annotation")
        comment.Author, comment.Content = "Hadal", thought
        self._comment_at.getText().insertTextContent(self._comment_at, comment, False)

    def _close(self, sentence):
        self._over = True
        self.running.pop(self._key, None)
        for tidy in (self._leave_undo, self._end_indicator, lambda: self._document.removeCloseListener(self)):
            try:
                tidy()
            except Exception:   # the document is gone: nothing is left to tidy
                pass
        if sentence:
            say(self._controller, sentence)

    def _leave_undo(self):
        if self._cursor is not None:
            self._document.getUndoManager().leaveUndoContext()

    def _start_indicator(self):
        self._indicator = self._controller.getFrame().createStatusIndicator()
        self._indicator.start(f"Hadal: {self._command} (Stop ends it)", 0)

    def _end_indicator(self):
        self._indicator.end()


class Handler(unohelper.Base, XDispatchProvider, XDispatch, XInitialization, Service):
    IMPLEMENTATION = "org.hadal.office.Handler"
    SERVICES = ("com.sun.star.frame.ProtocolHandler",)

    def __init__(self, context, *arguments):
        super().__init__(context)
        self._frame = None

    def initialize(self, arguments):
        self._frame = arguments[0] if arguments else None

    def queryDispatch(self, url, target, flags):
        return self if url.Protocol == PROTOCOL else None

    def queryDispatches(self, requests):
        return tuple(self.queryDispatch(each.FeatureURL, each.FrameName, each.SearchFlags) for each in requests)

    def dispatch(self, url, arguments):
        controller = self._frame.getController() if self._frame is not None else None
        if controller is None:
            return
        engines.collect()
        try:
            self._run(url.Path, controller)
        except Exception as problem:   # a command never ends the office
            say(controller, f"Hadal: {getattr(problem, 'sentence', None) or problem}")

    def _run(self, name, controller):
        document = controller.getModel()
        if name == "settings":
            self._show_settings()
            return
        at_work = Answering.running.get(getattr(document, "RuntimeUID", None))
        if name == "stop":
            if at_work:
                at_work.stop()
        elif name not in COMMANDS:
            say(controller, f"Hadal has no command named {name}.")
        elif not document.supportsService("com.sun.star.text.TextDocument"):
            say(controller, f"{COMMANDS[name]} works in text documents; in a sheet use =HADAL(...).")
        elif at_work:
            say(controller, "Hadal is still writing in this document. Stop ends it.", INFOBAR_INFO)
        else:
            prompt = settings.read_prompts(shipped_prompts(self.extension_folder))[COMMANDS[name]]
            Answering(self.context, self.engine, document, controller, COMMANDS[name], prompt).begin()

    def _show_settings(self):
        manager = self.context.ServiceManager
        configuration = manager.createInstanceWithContext("com.sun.star.configuration.ConfigurationProvider", self.context)
        page = configuration.createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationAccess", (property_value("nodepath", OPTIONS_PAGE),)).OptionsPage
        helper = manager.createInstanceWithContext("com.sun.star.frame.DispatchHelper", self.context)
        helper.executeDispatch(self._frame, ".uno:OptionsTreeDialog", "", 0, (property_value("OptionsPageURL", page),))

    def addStatusListener(self, listener, url):
        event = FeatureStateEvent()
        event.Source, event.FeatureURL, event.IsEnabled = self, url, True
        listener.statusChanged(event)

    def removeStatusListener(self, listener, url):
        pass
