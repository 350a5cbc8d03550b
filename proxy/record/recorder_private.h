/**
 * What the recorder's own files share.
 *
 * Layer: record. Only for recorder*.c.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "base/stats.h"
#include "guard/takedown.h"
#include "record/aliases.h"
#include "record/bindings.h"
#include "record/ledger.h"
#include "record/recorder_item.h"
#include "record/state_file.h"

enum {
    RECORDER_QUEUE_MAX = 65536, /**< Items that wait for the thread. */
    RECORDER_KEPT_MAX = 10000,  /**< Items kept while the ledger does not write. */
    RECORDER_BATCH_MAX = 512,   /**< Items taken at once. */
    RECORDER_RETRY_MS = 500,
    RECORDER_TICK_MS = 1000,
    RECORDER_ALERT_DATA_MAX = 16384,
    RECORDER_SUBJECTS_MAX = 64 * 1024 * 1024, /**< Bytes of entries with many subjects. */
};

struct recorder {
    struct feature_table *features;
    struct takedown *takedown; /**< Or NULL. */
    struct registry *registry;
    struct ledger *ledger;
    struct state_file *state_file;
    struct bindings *bindings;
    struct memo *alias_memo;
    struct aliases *aliases;
    struct queue *queue;
    struct stats *stats;
    struct stats_block *block;
    pthread_mutex_t hook_lock; /**< Of the next two. */
    void (*on_deliveries)(void *context);
    void *on_deliveries_context;
    pthread_t thread;
    bool started;
    _Atomic(bool) failing;
    _Atomic(bool) shared; /**< Another process writes ledger and state file too. */
    _Atomic(uint64_t) subjects_size; /**< Bytes of entries with many subjects. */
    _Atomic(uint64_t) sync_asked;
    _Atomic(uint64_t) sync_done;
    _Atomic(uint64_t) ledger_max; /**< Bytes. */
    _Atomic(uint64_t) retention_ms;

    /* Only the thread, once it runs: */
    struct state_file_image found; /**< In features.state at start; until recovered. */
    struct recorder_item *kept;    /**< Taken from the queue, not on disk. */
    size_t kept_count;
    bool away;                 /**< The house is kept by another process. */
    uint64_t stated_down_mask; /**< What features.state says. */
    uint64_t stated_trial_mask;
    uint64_t retry_at_ms; /**< While failing. */
    uint64_t look_at_ms;  /**< When to look whether the files are in place. */
    uint64_t tick_at_ms;
    uint64_t measure_at_ms; /**< When to look at the ledger's size. */
    uint64_t erased_at_ms;  /**< Last look for what is past retention; 0: look now. */
    uint64_t told_at_ms;    /**< When the size was alerted last; 0: not. */
};

/** The thread's function; also run by hand to empty the queue of one never started. */
void *recorder_run(void *context);

/**
 * Tells the ledger, and those who are alerted, what was down in features.state alone: a
 * crash came between the two. Once, as soon as it is known whom to alert.
 */
void recorder_recover(struct recorder *self);

/** Calls the hook, if there is one. */
void recorder_tell_deliveries(struct recorder *self);

/** Frees an item's body. Are an entry's displays all in the ledger already? */
void recorder_free_body(struct recorder *self, struct recorder_item *item);
bool recorder_knows(struct recorder *self, const struct journal_entry *entry);

/** Tells the metrics how many incidents are open. */
void recorder_count_open(struct recorder *self);

/** Writes one kept item, inside a transaction. */
void recorder_apply(struct recorder *self, struct recorder_item *item);

/** The feature whose incident an entry belongs to, "": none. */
const char *recorder_feature_of(const struct recorder *self,
                                const struct journal_entry *entry);

/** Commits what is kept, if it is time. */
void recorder_flush(struct recorder *self);

/** Runs `apply` as one transaction; keeps `failing` up to date. */
typedef void recorder_apply_fn(struct recorder *self, void *context);
enum err recorder_transact(struct recorder *self, bool durable, recorder_apply_fn *apply,
                           void *context);

/** Writes what is not up to features.state. `but_slot`: counts as up; or -1. */
MUST_USE enum err recorder_write_state(struct recorder *self, int but_slot);

/** Before any commit and any answer; ERR_STORAGE: features.state could not be written. */
MUST_USE enum err recorder_state_take_downs(struct recorder *self);

void recorder_count(struct recorder *self, enum stat_id family, const char *labels);

/** `cause`: as in the ledger, `finding`, `operator` or `drill`. */
void recorder_count_take_down(struct recorder *self, const char *feature,
                              const char *cause);

/** Puts an item into the queue. Takes `item->body`, also when there is no room. */
MUST_USE bool recorder_push(struct recorder *self, const struct recorder_item *item);

/** The journal's note_doubts(). */
void recorder_note_doubts(void *context, const struct journal_doubt *doubts,
                          unsigned count);

/** The journal's note_writes(). */
void recorder_note_writes(void *context, const struct journal_write *writes,
                          unsigned count);

/** Writes that a feature was closed or opened, inside a transaction. */
void recorder_apply_change(struct recorder *self, const struct recorder_closed *row);

/** Keeps the ledger within its size and its time; part of the tick. */
void recorder_trim(struct recorder *self);

/** Answers and frees. */
void recorder_mark_now(struct recorder *self, struct recorder_item *item);
void recorder_change(struct recorder *self, struct recorder_item *item);
void recorder_close(struct recorder *self, struct recorder_item *item);
void recorder_move_house(struct recorder *self, struct recorder_item *item);
