// Ctrl-C: the first one asks for a stop, which loops look at; a second one before that was heard leaves at once.
#pragma once

namespace interrupt {

void install();
bool asked();    // Ctrl-C came since the last clear()
void clear();

}  // namespace interrupt
