/**
 * One request to the admin socket of a running proxy, and its answer.
 *
 * Layer: app. Blocking, for commands; every wait has a deadline and the answer a limit.
 */
#pragma once

#include "app/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum {
    CLIENT_ANSWER_SIZE_MAX = 16 * 1024 * 1024,
    CLIENT_TIMEOUT_MS = 15000, /**< Without a byte from the proxy. */
};

struct client_request {
    const char *socket;
    const char *method;
    const char *target;
    struct span body; /**< JSON; empty: none. */
    int timeout_ms;   /**< Without a byte from the proxy; 0: CLIENT_TIMEOUT_MS. */
};

struct client_answer {
    unsigned status;
    struct span body; /**< In the arena. */
};

/**
 * Sends and waits for the whole answer.
 *
 * Errors: ERR_ADDRESS: the path is too long; ERR_REFUSED: nobody listens; ERR_TIMEOUT;
 *         ERR_CLOSED: cut short; ERR_SYNTAX: not an answer; ERR_LIMIT; ERR_MEMORY;
 *         ERR_SYSTEM.
 */
MUST_USE enum err client_exchange(const struct client_request *request,
                                  struct arena *arena, struct client_answer *answer_out);
