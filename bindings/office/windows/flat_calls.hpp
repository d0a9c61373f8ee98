#pragma once

// The table of hadalv_* sessions, for an unloading DLL whose engine has stopped.
void free_sessions() noexcept;
