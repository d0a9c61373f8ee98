"""Hadal inside LibreOffice: the library in-process, and the commands, functions and objects made of it."""
