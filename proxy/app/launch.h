/**
 * Starts this program once more, from the path by which it was started.
 *
 * Layer: app. So a binary that was put in its place is the one that runs next.
 */
#pragma once

#include <sys/types.h>

#include "app/service.h"
#include "base/check.h"
#include "base/err.h"

enum {
    LAUNCH_FD = 3, /**< Of `fd` in the new process. */
};

/**
 * Runs argv[0] (looked for in PATH when it has no slash) with `argv`, `fd` and standard
 * input, output and error alone, in our environment with $COUNTERMARK_SUCCESSOR and what
 * the service manager gave us. ERR_SYSTEM: errno says why.
 */
MUST_USE enum err launch(char *const *argv, int fd, const struct service *service,
                         pid_t *pid_out);

/** Has it ended? `status_out`: exit code, or 128 and the signal's number. Once true its
 * number may be another process's. */
bool launch_has_ended(pid_t pid, int *status_out);

/** Ends one that has not ended, at once. */
void launch_kill(pid_t pid);
