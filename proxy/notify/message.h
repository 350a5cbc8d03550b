/**
 * One alert in the form its receiver wants: the bytes that are sent.
 *
 * Layer: notify. Owned by a delivery.
 */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "notify/alert.h"
#include "record/outbox.h"

struct message {
    char *bytes; /**< Heap; freed by message_clear(). */
    size_t len;
};

/**
 * Makes it from the stored body of `item`.
 *
 * Errors: ERR_SYNTAX: the stored body cannot be read; ERR_MEMORY.
 */
MUST_USE enum err message_make(const struct alert_settings *alert,
                               const struct outbox_item *item, uint64_t now_ms,
                               struct message *message_out);

/**
 * All that is open as Alertmanager wants it again and again. `len` 0: nothing is open.
 * Errors: ERR_MEMORY.
 */
MUST_USE enum err message_make_open(const struct alert_settings *alert,
                                    struct outbox *outbox, uint64_t now_ms,
                                    struct message *message_out);

void message_clear(struct message *self);
