/**
 * What a process that holds tokens and keys must not do: leave its memory to others.
 *
 * Layer: app. Once, at the start of `serve`, before keys are read or threads run (I7).
 */
#pragma once

#include "base/check.h"
#include "base/err.h"

/**
 * No core files, memory closed to other processes of the same user, no new privileges.
 *
 * ERR_SYSTEM: errno says why; then nothing that must stay secret may be read.
 */
MUST_USE enum err process_protect(void);
