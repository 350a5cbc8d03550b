/**
 * The thread that writes the access log, so that a slow disk never holds up an exchange.
 *
 * Layer: app. Workers hand over buffers; at most LOG_WRITER_PENDING wait, past that a
 * buffer is refused and its lines are counted as dropped by the worker.
 */
#pragma once

#include "app/config.h"
#include "relay/access_log.h"

enum {
    LOG_WRITER_PENDING = 64,
};

struct log_writer;

/** Opens the file (appending, mode 0640) and starts the thread. NULL: errno says why. */
struct log_writer *log_writer_new(const struct access_log_settings *settings);

/** Writes what waits, ends the thread. Sets NULL. NULL is fine. */
void log_writer_free(struct log_writer **self_p);

/** For access_log_new(). */
struct access_log_sink log_writer_sink(struct log_writer *self);

/** Opens the file anew, after it was renamed. Any thread. */
void log_writer_reopen(struct log_writer *self);
