#pragma once

enum class Scope { user, machine };

// Writes what CreateObject("Hadal.Session") and CreateObject("Hadal.Models") look up. Throws Failure(HADAL_IO).
void register_classes(Scope scope);
// The one class that HADAL.STREAM cannot do without, for the current user; nothing is written where it stands already.
void register_rtd();
// Takes it away again; what is not there is fine.
void unregister_classes(Scope scope);
