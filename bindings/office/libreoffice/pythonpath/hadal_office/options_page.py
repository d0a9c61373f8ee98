"""Tools > Options > Hadal: the settings file as a page, read and written when the dialog says so."""
import unohelper
from com.sun.star.awt import XContainerWindowEventHandler

from . import native, settings
from .service import Service

# Control of the page -> key of the settings.
CONTROLS = {"ModelField": "model", "SystemField": "system", "TemperatureField": "temperature", "LengthField": "max_tokens",
            "CellLengthField": "cell_tokens", "LanguageField": "language", "OptionsField": "options"}


class EventHandler(unohelper.Base, XContainerWindowEventHandler, Service):
    IMPLEMENTATION = "org.hadal.office.OptionsPage"
    SERVICES = ("org.hadal.office.OptionsPage",)

    def getSupportedMethodNames(self):
        return ("external_event",)

    def callHandlerMethod(self, window, event, method):
        if method != "external_event":
            return False
        if event in ("initialize", "back"):
            self.show(window)
        elif event == "ok":
            self.keep(window)
        return True

    def show(self, window):
        values = settings.read_settings()
        for control, key in CONTROLS.items():
            window.getControl(control).setText(values[key])
        window.getControl("ThoughtsBox").setState(1 if values["thoughts"] == "comment" else 0)
        found = settings.find_model(values)
        try:
            version = f"libhadal {self.engine.library.version}"
        except native.HadalError as problem:
            version = problem.sentence
        window.getControl("StateLabel").setText(f"{version}. Model in use: {found or 'none found'}")
        window.getControl("PromptsLabel").setText(
            "The commands' prompts: " + settings.own_prompts_file(shipped_prompts(self.extension_folder)))

    def keep(self, window):
        values = settings.read_settings()
        for control, key in CONTROLS.items():
            values[key] = window.getControl(control).getText()
        values["thoughts"] = "comment" if window.getControl("ThoughtsBox").getState() else "off"
        settings.write_settings(values)


def shipped_prompts(extension_folder):
    return f"{extension_folder}/prompts.txt"
