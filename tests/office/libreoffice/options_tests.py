"""Tools > Options > Hadal."""
import os

import shared_office
from shared_office import OfficeTest


class OptionsPage(OfficeTest):
    def page(self):
        office = shared_office.OFFICE
        import office_host
        leaf = "/org.openoffice.Office.OptionsDialog/Nodes/org.hadal.office/Leaves/org.hadal.office.page"
        node = office.create("com.sun.star.configuration.ConfigurationProvider").createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationAccess", (office_host.property_value("nodepath", leaf),))
        parent = self.text_document().getCurrentController().getFrame().getContainerWindow()
        window = office.create("com.sun.star.awt.ContainerWindowProvider").createContainerWindow(
            node.OptionsPage, "", parent, None)
        return window, office.create(node.EventHandlerService)

    def test_shows_the_settings_and_keeps_what_was_changed(self):
        window, handler = self.page()
        self.assertTrue(handler.callHandlerMethod(window, "initialize", "external_event"))
        self.assertEqual(window.getControl("ModelField").getText(), shared_office.OFFICE.path("model.gguf"))
        self.assertIn("libhadal", window.getControl("StateLabel").getText())
        window.getControl("SystemField").setText('Say "no" \\ yes;\nbriefly')
        window.getControl("LanguageField").setText("\u4e2d\u6587")
        window.getControl("ThoughtsBox").setState(1)
        handler.callHandlerMethod(window, "ok", "external_event")
        os.remove(os.path.join(shared_office.OFFICE.home, ".config", "hadal", "prompts.txt"))
        again, handler = self.page()
        handler.callHandlerMethod(again, "initialize", "external_event")
        os.remove(os.path.join(shared_office.OFFICE.home, ".config", "hadal", "prompts.txt"))
        self.assertEqual(again.getControl("SystemField").getText(), 'Say "no" \\ yes;\nbriefly')
        self.assertEqual((again.getControl("LanguageField").getText(), again.getControl("ThoughtsBox").getState()), ("\u4e2d\u6587", 1))
