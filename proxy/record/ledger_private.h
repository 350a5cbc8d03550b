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
};

/** A file that must stay in place. */
struct ledger_file {
    char path[LEDGER_PATH_MAX];
    ino_t inode;
    dev_t device;
};

struct ledger {
    struct db *db;
    struct chain chain;
    struct chain chain_committed;
    struct secret_mac pseudonyms;
    struct ledger_file files[2]; /**< Database and write-ahead log. */
    char alerts[RECORDER_ALERTS_MAX][RECORDER_NAME_SIZE_MAX];
    unsigned alert_count;
    uint64_t added;           /**< Deliveries of the open transaction. */
    uint64_t added_committed; /**< Since ledger_take_added(). */
    struct json_write data;   /**< For an alert's data. */
    struct json_write body;   /**< For an alert's whole body. */
};

/** Tells of `incident` with `type`; `entry` may be NULL. */
void ledger_tell_incident(struct ledger *self, const char *type, uint64_t incident,
                          uint64_t at_ms);
