"""What LibreOffice loads: the extension's services, with one engine behind them all.

Imported in unopkg's process too, where there is no office: nothing may be created here.
"""
import os

import uno
import unohelper

from hadal_office import calc_functions, engine, options_page, session_object, writer_commands

_here = os.path.dirname(__file__)
if _here.startswith("file:"):
    _here = uno.fileUrlToSystemPath(_here)

_engine = engine.Engine(os.path.join(_here, "lib", "libhadal.so"))
g_ImplementationHelper = unohelper.ImplementationHelper()
for _service in (session_object.ObjectFactory, calc_functions.Functions, writer_commands.Handler, options_page.EventHandler):
    _service.engine, _service.extension_folder = _engine, _here
    g_ImplementationHelper.addImplementation(_service, _service.IMPLEMENTATION, _service.SERVICES)
