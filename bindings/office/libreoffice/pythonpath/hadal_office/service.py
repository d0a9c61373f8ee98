"""What all services of the extension share: their name cards, the engine, and the end of the office."""
import unohelper
from com.sun.star.frame import XTerminateListener
from com.sun.star.lang import XServiceInfo


class Service(XServiceInfo):
    IMPLEMENTATION, SERVICES = "", ()
    engine = extension_folder = None   # set by the component

    def __init__(self, context, *arguments):
        self.context = context
        if not self.engine.watched:
            self.engine.watched = True
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            desktop.addTerminateListener(_AtEnd(self.engine))

    def getImplementationName(self):
        return self.IMPLEMENTATION

    def supportsService(self, name):
        return name in self.SERVICES

    def getSupportedServiceNames(self):
        return self.SERVICES


class _AtEnd(unohelper.Base, XTerminateListener):
    def __init__(self, engine):
        self._engine = engine

    def queryTermination(self, event):
        pass

    def notifyTermination(self, event):
        self._engine.close()

    def disposing(self, event):
        pass
