/**
 * The form of one kind of grant source: one row in source.c and one file each.
 *
 * Layer: sources. Only for source.c and the kinds. All but `check` run on the one thread
 * that made the object; `alive` may be asked inside of a long step.
 */
#pragma once

#include "sources/source.h"

/** What a kind is made of; the texts live as long as the object. */
struct grant_backend_settings {
    const struct grant_settings *settings;
    const _Atomic(bool) *stopping; /**< True: give up what takes long. */
};

struct grant_backend {
    enum grant_source_kind kind;
    unsigned thread_count;
    /** NULL: memory. Opens nothing yet. */
    void *(*make)(const struct grant_backend_settings *settings);
    /** Marks what is granted. False: could not; `error` says why, in one line. */
    bool (*answer)(void *self, struct grant_question *question, char *error);
    void (*end)(void *self);
    enum grant_check (*check)(const struct grant_settings *settings, char *error);
};

extern const struct grant_backend GRANT_BACKEND_SQLITE;
extern const struct grant_backend GRANT_BACKEND_CSV;
extern const struct grant_backend GRANT_BACKEND_HTTP;
extern const struct grant_backend GRANT_BACKEND_REDIS;
