/**
 * The ledger: what is written about displays, incidents, features, alerts.
 *
 * Layer: record. Owned by the recorder's thread; SQLite in WAL mode. Everything happens
 * between ledger_begin() and ledger_commit(); errors latch, and a commit after one undoes
 * all of it. Alerts go into the same transaction as what they tell of, so none is lost
 * and none is told that did not happen (I8).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "record/fault.h"
#include "record/recorder_evidence.h"
#include "record/state_dir.h"
#include "record/state_file.h"
#include "relay/journal.h"

struct ledger;

/** Opens or makes `ledger.db`. Errors: ERR_STORAGE and a fault with what to do. */
MUST_USE enum err ledger_open(const struct state_dir *directory, struct ledger **self_out,
                              struct fault *fault_out);

void ledger_close(struct ledger **self_p);

/** True while the files at their paths are those that are open. */
bool ledger_present(const struct ledger *self);

/** `durable`: the commit waits for the disk (synchronous FULL). */
void ledger_begin(struct ledger *self, bool durable);

/** ERR_STORAGE: nothing of the transaction is there. */
MUST_USE enum err ledger_commit(struct ledger *self);

/** Writes something that means nothing, so that the commit says whether it can. */
void ledger_probe(struct ledger *self);

/** What went wrong last. Lent. */
const char *ledger_error_text(const struct ledger *self);

/** Deliveries added by commits since the last call. */
uint64_t ledger_take_added(struct ledger *self);

/** Number of open incidents, drills left out. */
uint64_t ledger_open_count(struct ledger *self);

/** True when the display is one more of a row that is there, with the same outcome: only
 * counts would change. */
bool ledger_knows(struct ledger *self, const struct journal_entry *entry,
                  const char *feature);

/** Adds a display, a row for each of its subjects, to the open incident of `feature` (""
 * if none), opened when there is none. Returns the incident's number. */
uint64_t ledger_add_display(struct ledger *self, const struct journal_entry *entry,
                            const char *feature);

/** Adds an event, unless a drill's; one of bytes that nobody asked for is alerted too. */
void ledger_add_event(struct ledger *self, const struct journal_entry *entry);

/** Is it an event of bytes that nobody asked for on an upstream connection? */
bool ledger_is_desync(const struct journal_entry *entry);

/** One change of a feature; text is borrowed. */
struct ledger_change {
    const char *name;
    enum feature_state state;
    const char *who;
    const char *reason;
    const char *cause; /**< `finding`, `operator`, `drill`, `recovered` */
    bool anyway;
    uint64_t incident; /**< 0: none. */
    uint64_t at_ms;
};

void ledger_change_feature(struct ledger *self, const struct ledger_change *change);

/** The feature's state, as committed; FEATURE_UP too where it was never changed. */
enum feature_state ledger_state_of(struct ledger *self, const char *name);

/** The open incident that holds the feature down, 0: none. */
uint64_t ledger_incident_of(struct ledger *self, const char *name);

/** Closes an open one. False: there is none with that number. */
bool ledger_close_incident(struct ledger *self, uint64_t incident, const char *who,
                           const char *reason, uint64_t at_ms);

void ledger_note_config(struct ledger *self, const char *hash, const char *who,
                        const char *summary, uint64_t at_ms);

void ledger_note_access(struct ledger *self, const char *who, const char *what,
                        uint64_t at_ms);

/** Keeps that the site has changed, as somebody says. */
void ledger_mark(struct ledger *self, const char *who, const char *text, uint64_t at_ms);

/** Adds access evidence; nothing while there is no room for it. */
void ledger_add_write(struct ledger *self, const struct journal_write *write);

/** Adds to a route's hour. */
void ledger_add_hour(struct ledger *self, const struct recorder_hour *hour);

/** Bytes in use. */
uint64_t ledger_size(struct ledger *self);

/** `false`: from now on ledger_add_write() does nothing. */
void ledger_take_evidence(struct ledger *self, bool takes);

/** Deletes some of the oldest access evidence. Returns how many rows; 0: there is none.
 */
uint64_t ledger_trim(struct ledger *self);

/** A closed incident of before `before_ms` that still has its people; 0: none. */
uint64_t ledger_find_expired(struct ledger *self, uint64_t before_ms);

/** Erases values of people: their keyed hashes stay, and the chain holds. */
void ledger_erase(struct ledger *self, uint64_t incident, uint64_t at_ms);

/** What was erased leaves the write-ahead log too, unless a reader needs it still. */
void ledger_sweep(struct ledger *self);

/** Deletes some evidence of before `before_ms` that no incident needs. True: go on. */
bool ledger_forget_evidence(struct ledger *self, uint64_t before_ms);

/** What is not up, as committed. */
void ledger_read_features(struct ledger *self, struct state_file_image *image_out);

/** Who gets deliveries from now on. */
void ledger_set_alerts(struct ledger *self, const struct alert_route *routes,
                       unsigned count);

/** One delivery for each alert, or for `only`. `data` is a JSON object. */
void ledger_add_alert(struct ledger *self, const char *only, const char *type,
                      struct span data, uint64_t at_ms);

/** True when an open incident has displays that no alert has told of for a while. */
bool ledger_updates_due(struct ledger *self, uint64_t at_ms);

/** Adds `incident.updated` for each of these. */
void ledger_add_updates(struct ledger *self, uint64_t at_ms);

/** Those that were given up or stopped wait again; `id` 0: all of them. */
void ledger_retry_deliveries(struct ledger *self, uint64_t id, uint64_t at_ms);

/** Keeps the result of one try. */
void ledger_finish_delivery(struct ledger *self, const struct delivery_result *result,
                            uint64_t at_ms);
