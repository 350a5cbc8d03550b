/**
 * What a process that holds tokens and keys must not do: leave its memory to others, and
 * be root for longer than it has to.
 *
 * Layer: app. Once, at the start of `serve`, before keys are read or threads run (I7).
 */
#pragma once

#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"

/**
 * No core files, memory closed to other processes of the same user, no new privileges.
 *
 * ERR_SYSTEM: errno says why; then nothing that must stay secret may be read.
 */
MUST_USE enum err process_protect(void);

/**
 * Becomes `user`, with the groups it has, and keeps nothing of root but the right to bind
 * ports below 1024. Before any thread runs.
 *
 * Errors: ERR_SYNTAX: there is no such user; ERR_SYSTEM: errno says why.
 */
MUST_USE enum err process_become(const char *user);

/** Gives up what process_become() kept. ERR_SYSTEM: errno says why. */
MUST_USE enum err process_drop_rights(void);

/**
 * Makes the last part of `path` a directory of `user` with `mode`, when it is not
 * there. For root, before process_become(). ERR_SYNTAX: no such user; ERR_SYSTEM.
 */
MUST_USE enum err process_make_directory(const char *path, const char *user, mode_t mode);
