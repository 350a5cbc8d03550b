/**
 * What the ledger's own files share.
 *
 * Layer: record. Only for ledger*.c.
 */
#pragma once

#include <sys/types.h>

#include "base/json_write.h"
#include "base/secret.h"
#include "record/chain.h"
#include "record/db.h"
#include "record/ledger.h"
#include "record/pseudonym.h"

enum {
    LEDGER_PATH_MAX = STATE_DIR_PATH_MAX + 80,
    LEDGER_BODY_MAX = 65536, /**< Bytes of an alert's body. */
    LEDGER_UPDATE_INTERVAL_MS = 10000,
    LEDGER_TOLD_MAX = 16,
    LEDGER_TOLD_NAME_SIZE = 128, /**< As `upstream` of a journal's entry. */
};

/** When an alert told of an upstream last. */
struct ledger_told {
    char upstream[LEDGER_TOLD_NAME_SIZE];
    uint64_t at_ms; /**< 0: never. */
};

/** A file that must stay in place. */
struct ledger_file {
    char path[LEDGER_PATH_MAX];
    ino_t inode;
    dev_t device;
};

struct ledger {
    struct db *db;
    struct chain chain; /**< As the open transaction has left it. */
    struct secret_mac pseudonyms;
    struct ledger_file files[2]; /**< Database and write-ahead log. */
    struct alert_route alerts[RECORDER_ALERTS_MAX];
    unsigned alert_count;
    uint64_t added;           /**< Deliveries of the open transaction. */
    uint64_t added_committed; /**< Since ledger_take_added(). */
    struct ledger_told told[LEDGER_TOLD_MAX];
    struct ledger_told told_committed[LEDGER_TOLD_MAX];
    bool declines_evidence; /**< There is no room for it. */
    struct json_write data; /**< For an alert's data. */
    struct json_write body; /**< For an alert's whole body. */
};

/** Tells of `incident` with `type`. `goes_down`: what is told of takes its feature down.
 */
void ledger_tell_incident(struct ledger *self, const char *type, uint64_t incident,
                          bool goes_down, uint64_t at_ms);

/** Alerts of bytes that nobody asked for, at most once a minute for each upstream. */
void ledger_tell_desync(struct ledger *self, const struct journal_entry *entry);
