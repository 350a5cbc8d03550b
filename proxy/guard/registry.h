/**
 * The sessions that we know: token fingerprint to entry, shared by all workers.
 *
 * Layer: guard. Bounded; sharded locks behind this header; no I/O, no clock. It stores
 * values and decides nothing: judge.c computes what a session becomes, registry_commit()
 * puts that in place if nobody was faster. An entry holds its last 8 tokens; all of them
 * lead to it. At the bound expired entries go first, then those without a requester, idle
 * longest first (to the second); evicting a bound one is counted apart. Idle entries
 * expire. Rooms: registry_index (token to entry), registry_shard (entries and their
 * order), registry_entry (what one holds).
 */
#pragma once

#include "base/check.h"
#include "base/heap.h"
#include "guard/session.h"

enum {
    REGISTRY_TOKENS_MAX = 8, /**< Tokens of an entry that are valid at once. */
};

struct registry;

struct registry_limits {
    struct heap *heap;        /**< Where all of it lies; NULL: of this process alone. */
    uint64_t entry_count_max; /**< > 0 */
    uint64_t idle_ms;
};

struct registry_counts {
    uint64_t entries;
    uint64_t bound;
    uint64_t evicted_unbound;
    uint64_t evicted_bound;
    uint64_t expired;
};

enum registry_outcome {
    REGISTRY_CHANGED, /**< Another update came first, or a token belongs to another entry
                           now: find again, judge again. */
    REGISTRY_STORED,
    REGISTRY_FULL, /**< No entry could be made; nothing was stored. */
};

/** What two programs must agree in to share one registry; mixed into `layout`. */
uint64_t registry_layout(uint64_t layout);

/**
 * The caller frees it with registry_free() after all threads. NULL: memory.
 * Fingerprints are keyed hashes already, so their bytes choose the bucket: clients cannot
 * aim at one.
 */
struct registry *registry_new(const struct registry_limits *limits);

void registry_free(struct registry **self_p);

/**
 * The session that `token` belongs to; `session_out->id` is 0 when there is none.
 * Counts as use of the entry when `touch`. Any thread.
 */
void registry_find(struct registry *self, const struct fingerprint *token,
                   uint64_t now_ms, bool touch, struct session *session_out);

/** The session with `id`, or id 0 when it is gone; does not count as use. Any thread. */
void registry_get(struct registry *self, uint64_t id, uint64_t now_ms,
                  struct session *session_out);

/** True while entry `id` still has `version`: a view of it is current. Any thread. */
bool registry_is_current(struct registry *self, uint64_t id, uint32_t version);

/**
 * Puts `session` in place as one step and joins `tokens` to its entry, all or none.
 *
 * `session_p->id` 0 makes an entry named after tokens[0] (`first` is set, `token_count` >
 * 0), or nearly so where another entry keeps that name, else the entry must still have
 * `session_p->version`. At most REGISTRY_TOKENS_MAX tokens, the last one the newest;
 * those that the entry has already become its newest. On REGISTRY_STORED `id`, `version`
 * and `first` of `*session_p` are those now in force. Counts as use. Any thread.
 */
MUST_USE enum registry_outcome registry_commit(struct registry *self,
                                               struct session *session_p,
                                               const struct fingerprint *tokens,
                                               size_t token_count, uint64_t now_ms);

/**
 * Marks entry `id`: its user has to log in again. True: it was there and not yet marked.
 * Any thread.
 */
bool registry_quarantine(struct registry *self, uint64_t id);

/**
 * The same for every session that belongs to `user`; returns how many. Looks at all
 * entries, so it is for what is rare. Any thread.
 */
size_t registry_quarantine_user(struct registry *self, const struct user *user);

/**
 * A session of `family` (session.h) that belongs to somebody. Looks at all entries, so it
 * is for what is rare. False: there is none. Any thread.
 */
bool registry_find_family(struct registry *self, uint64_t family,
                          struct session *session_out);

/** Removes entry `id` with all its tokens, if it is there. Any thread. */
void registry_remove(struct registry *self, uint64_t id);

/** Lets idle entries go, at most `count_max`; call now and then. Any thread. */
void registry_expire(struct registry *self, uint64_t now_ms, size_t count_max);

struct registry_counts registry_counts(struct registry *self);

/**
 * One stored entry as it goes to disk and back: tokens newest first.
 * Times are ages, so that a monotonic clock need not survive.
 */
struct registry_record {
    struct session session;
    uint64_t idle_for_ms;
    unsigned token_count;
    struct fingerprint tokens[REGISTRY_TOKENS_MAX];
    bool removed; /**< The entry is gone: delete its row (by `session.first`). */
};

typedef void registry_record_fn(void *context, const struct registry_record *record);

/**
 * Hands out every entry that changed since it was last handed out, at most `count_max`,
 * and those in use now and then so that `idle_for_ms` stays near the truth. What was
 * handed out is not handed out again: the caller keeps it until it is on disk. Removals
 * of one name come before what was made of it later. Returns how many; `on_record` runs
 * without a lock. One thread at a time.
 */
size_t registry_drain_changes(struct registry *self, uint64_t now_ms, size_t count_max,
                              registry_record_fn *on_record, void *context);

/**
 * Puts a stored entry back, at start; longest idle first, so that the order of eviction
 * is kept. `bound_at_ms` becomes 0: everything that starts now comes after it. False: the
 * bound is reached, it is idle too long, or a token is taken; nothing was changed and its
 * row may be deleted.
 */
bool registry_restore(struct registry *self, const struct registry_record *record,
                      uint64_t now_ms);

/**
 * The entry that `token` belongs to, as a record; does not count as use. False: there is
 * none. Any thread.
 */
bool registry_describe(struct registry *self, const struct fingerprint *token,
                       uint64_t now_ms, struct registry_record *record_out);
