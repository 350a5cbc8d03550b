/**
 * A grant source: what the display rule of a site is asked a second time.
 *
 * Layer: sources. Made by sources.c, asked by any worker. Each has threads of its own
 * (one but for HTTP), a bounded queue for each, and the memory of its answers
 * (guard/grants.h). A question is answered by mail to the asker; one that is late when
 * its turn comes is answered unread. Files and connections are opened by the thread, at
 * the first question, so that a source that is gone hinders nothing but what needs it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "guard/grants.h"
#include "sources/question.h"

enum grant_source_kind {
    GRANT_SOURCE_NONE, /**< Zero: answers nothing. */
    GRANT_SOURCE_SQLITE,
    GRANT_SOURCE_CSV,
    GRANT_SOURCE_HTTP,
    GRANT_SOURCE_REDIS,
};

enum {
    GRANT_ERROR_SIZE = 256,
};

/** `grants:` of the configuration. Texts live as long as the snapshot. */
struct grant_settings {
    char *name;
    char *sqlite; /**< One of these four says what kind it is. */
    char *csv;
    char *http;
    char *redis;
    char *query; /**< SQLite: the one SELECT. */
    char *key;   /**< Redis: name of the set, with `{requester}`. */
    uint64_t cache_ms;
    uint64_t lag_ms;
    uint64_t deadline_ms;
    struct grant_source *source; /**< Running; NULL: none, nothing is granted. */
};

struct grant_source;

/** What kind the settings name, the first of them. */
enum grant_source_kind grant_settings_kind(const struct grant_settings *self);

enum grant_check {
    GRANT_CHECK_BAD,         /**< Can never work: `error` says why. */
    GRANT_CHECK_UNREACHABLE, /**< Cannot be told now: `error` says why. */
    GRANT_CHECK_GOOD,
};

/** Looks at a source as it would be used, without keeping anything open. */
MUST_USE enum grant_check grant_settings_check(const struct grant_settings *self,
                                               char error[GRANT_ERROR_SIZE]);

/** The caller ends it with grant_source_free(). `settings` are copied. NULL: memory. */
struct grant_source *grant_source_new(const struct grant_settings *settings);

/** No question is taken any more; all that wait are answered; its threads end. */
void grant_source_stop(struct grant_source *self);

/** Stops and frees. Sets NULL. NULL is fine. */
void grant_source_free(struct grant_source **self_p);

/**
 * Any thread. The question comes back by mail. False: it was not taken (full, or ended),
 * and is the caller's as before.
 */
MUST_USE bool grant_source_ask(struct grant_source *self,
                               struct grant_question *question);

/** What is remembered of its answers. Any thread. */
struct grants *grant_source_memory(struct grant_source *self);

/** True when it would answer as `settings` say. */
bool grant_source_fits(const struct grant_source *self,
                       const struct grant_settings *settings);

/** One more holder, one less; kept by sources.c. Any thread. */
void grant_source_hold(struct grant_source *self);
void grant_source_drop(struct grant_source *self);
bool grant_source_held(const struct grant_source *self);
