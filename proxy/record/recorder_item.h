/**
 * What travels in the recorder's queue: kinds, and the body of each.
 *
 * Layer: record. Part of recorder_private.h; nobody else includes this.
 */
#pragma once

#include "record/recorder_evidence.h"

enum recorder_kind {
    RECORDER_BARRIER,
    RECORDER_ENTRY,    /**< struct journal_entry */
    RECORDER_NOTE,     /**< struct recorder_note */
    RECORDER_ALERT,    /**< struct recorder_alert */
    RECORDER_ALERTS,   /**< struct recorder_alerts */
    RECORDER_DELIVERY, /**< struct delivery_result */
    RECORDER_CHANGE,   /**< struct recorder_change */
    RECORDER_CLOSE,    /**< struct recorder_close */
    RECORDER_MARK,     /**< struct recorder_note */
    RECORDER_WRITES,   /**< struct recorder_writes */
    RECORDER_DOUBTS,   /**< struct recorder_doubts */
    RECORDER_COVERAGE, /**< struct recorder_hours */
    RECORDER_SYNC,     /**< uint64_t */
    RECORDER_RETRY,    /**< uint64_t: of a delivery */
    RECORDER_HOUSE,    /**< bool: keep it */
    RECORDER_CLOSED,   /**< struct recorder_closed */
};

/** What travels in the queue. `body` is a heap object of the item. */
struct recorder_item {
    void *body;
    struct journal_ticket *ticket;
    struct control_ticket *control;
    uint64_t incident; /**< Of an entry, once it was applied. */
    enum recorder_kind kind;
    bool stated; /**< What it took down was looked at. */
};

/** Of a configuration (`hash` set) or of an access to values. */
struct recorder_note {
    char hash[80];
    char who[RECORDER_NAME_SIZE_MAX];
    char text[RECORDER_NOTE_SIZE_MAX];
    uint64_t at_ms;
};

struct recorder_alert {
    char alert[RECORDER_NAME_SIZE_MAX]; /**< "": all. */
    char type[64];
    uint64_t at_ms;
    size_t len;
    uint8_t data[];
};

struct recorder_alerts {
    unsigned count;
    struct alert_route routes[];
};

struct recorder_change {
    struct feature_change change;
    uint64_t asked; /**< feature_table_asked() when the operator asked. */
};

/** A feature was closed: memory and features.state have it, the ledger gets it. */
struct recorder_closed {
    struct feature_change change;
    const char *cause;
    uint64_t incident;
    uint64_t at_ms;
};

struct recorder_writes {
    unsigned count;
    struct journal_write rows[];
};

struct recorder_doubts {
    unsigned count;
    struct journal_doubt rows[];
};

struct recorder_hours {
    unsigned count;
    struct recorder_hour rows[];
};

struct recorder_close {
    uint64_t incident;
    char who[RECORDER_NAME_SIZE_MAX];
    char reason[RECORDER_REASON_SIZE_MAX];
};
