/**
 * Messages for the operator: one line each on standard error.
 *
 * Layer: base. Any thread; a line is written in one call, so lines never mix, and is cut
 * at LOG_LINE_MAX bytes. Control bytes become `?`. Under systemd (JOURNAL_STREAM) a line
 * begins with the level as the journal reads it, else with its name. What cannot be
 * written is lost: logging never blocks the program's purpose. No tokens, no markers.
 */
#pragma once

enum {
    LOG_LINE_MAX = 1024,
};

enum log_level {
    LOG_LEVEL_ERROR, /**< Something does not work. */
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE, /**< Rare and worth knowing: started, reloaded, taken down. */
    LOG_LEVEL_INFO,
};

/** Chooses the prefix from the environment. Once, before any other thread. */
void log_init(void);

/** Writes one line. */
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
