/**
 * The thread that owns the ledger: takes what the relay and operators tell, commits it in
 * batches, and answers when it is on disk.
 *
 * Layer: record. Made before the workers and freed after them. Everything that changes
 * the ledger goes through its one queue, in order. What takes a feature down is written
 * to features.state before the commit, so that it is not lost even when the commit fails;
 * entries whose commit failed are kept and tried again (I2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "guard/feature.h"
#include "guard/memo.h"
#include "guard/registry.h"
#include "net/mailbox.h"
#include "record/alert_route.h"
#include "record/fault.h"
#include "record/state_dir.h"
#include "relay/journal.h"

enum {
    RECORDER_NAME_SIZE_MAX = 64, /**< Of an alert's name and of `who`, with the NUL. */
    RECORDER_REASON_SIZE_MAX = 512,
    RECORDER_NOTE_SIZE_MAX = 2048,
    RECORDER_ALERTS_MAX = 16,
};

struct recorder;
struct stats;

struct recorder_settings {
    const struct state_dir *directory;
    struct feature_table *features; /**< Gets what is down, in recorder_new(). */
    struct registry *registry;      /**< Its bindings are kept; NULL: none. */
    struct memo *aliases;           /**< Kept too; NULL: none. */
    struct takedown *takedown; /**< Forgets the cases of what comes up; NULL: none. */
    struct stats *stats;       /**< NULL: not counted. */
    bool joins;                /**< As recorder_house.h says. */
};

/**
 * Opens the files, sets what is down in `features`, reads stored bindings.
 *
 * Errors: ERR_STORAGE with what to do: damaged, of a newer version, or missing while
 *         features.state is there. Nothing is ever started over.
 */
MUST_USE enum err recorder_new(const struct recorder_settings *settings,
                               struct recorder **self_out, struct fault *fault_out);

/** Starts the thread. */
MUST_USE enum err recorder_start(struct recorder *self);

/** Commits what is queued, ends the thread, closes the ledger. */
void recorder_free(struct recorder **self_p);

/** The journal for the relay; valid until recorder_free(). */
struct journal recorder_journal(struct recorder *self);

/** True while the ledger does not write. Any thread. */
bool recorder_failing(const struct recorder *self);

/** Called on the recorder's thread after a commit with new deliveries. Set before start.
 */
void recorder_on_deliveries(struct recorder *self, void (*on_deliveries)(void *context),
                            void *context);

/** Who gets deliveries from now on, and of what; also after a reload. */
MUST_USE bool recorder_set_alerts(struct recorder *self, const struct alert_route *routes,
                                  unsigned count);

enum control_result {
    CONTROL_FAILED, /**< Not on disk. What opens has changed nothing; what closes has
                         closed, and is recorded once the ledger writes again. */
    CONTROL_DONE,
    CONTROL_UNCHANGED,     /**< It was so already, also in the ledger. */
    CONTROL_UNKNOWN,       /**< No such feature, incident or open incident. */
    CONTROL_INCIDENT_OPEN, /**< `up` needs the incident closed, or `anyway`. */
    CONTROL_FINDING,       /**< A finding wants it down since it was to open: it stays. */
};

/** An operator's question; as struct journal_ticket. */
struct control_ticket {
    struct mail mail;
    struct mailbox *reply_to;
    enum control_result result;
    uint64_t incident; /**< The open one, or the one closed. */
};

struct feature_change {
    char name[FEATURE_NAME_SIZE_MAX];
    enum feature_state state;
    bool anyway; /**< Up although the incident is open. */
    bool drill;  /**< Cause `drill` instead of `operator`. */
    char who[RECORDER_NAME_SIZE_MAX];
    char reason[RECORDER_REASON_SIZE_MAX];
};

/** False: the queue is full. `ticket` may be NULL. Sets the feature table when done; a
 * finding that comes between this call and then keeps the feature down. */
MUST_USE bool recorder_change_feature(struct recorder *self,
                                      const struct feature_change *change,
                                      struct control_ticket *ticket);

MUST_USE bool recorder_close_incident(struct recorder *self, uint64_t incident,
                                      const char *who, const char *reason,
                                      struct control_ticket *ticket);

/** Keeps that a configuration came into force; `summary` is one line. */
MUST_USE bool recorder_note_config(struct recorder *self, const char *hash,
                                   const char *who, const char *summary);

/** Keeps that `who` asked for values instead of pseudonyms, and the like. */
MUST_USE bool recorder_note_access(struct recorder *self, const char *who,
                                   const char *what);

/**
 * Queues one alert `type` with `data` (a JSON object). `alert` NULL: to all; else to this
 * one alone (alert-test sends `ping`). False: full, too long, or no such alert.
 */
MUST_USE bool recorder_alert(struct recorder *self, const char *alert, const char *type,
                             struct span data);

/** Undelivered alerts are tried once more, `id` 0: all of them. False: full. */
MUST_USE bool recorder_retry_deliveries(struct recorder *self, uint64_t id);

enum delivery_state {
    DELIVERY_WAITING,
    DELIVERY_DONE,
    DELIVERY_STOPPED,  /**< The receiver wants no more of it. */
    DELIVERY_GIVEN_UP, /**< Not delivered for three days; stays visible. */
};

/** What came of one try to deliver. */
struct delivery_result {
    uint64_t id;
    enum delivery_state state;
    uint64_t next_at_ms; /**< For DELIVERY_WAITING. */
    unsigned status;     /**< 0: no answer. */
    char error[128];
};

/** For the notifier. False: the queue is full, try again. */
MUST_USE bool recorder_finish_delivery(struct recorder *self,
                                       const struct delivery_result *result);
