/**
 * What the recorder keeps besides findings: marks, coverage by the hour, access evidence,
 * and within which bounds.
 *
 * Layer: record. Part of recorder.h: the same queue, the same thread.
 */
#pragma once

#include "record/recorder.h"

/** Keeps that the site has changed, as somebody says: a deployment. */
MUST_USE bool recorder_mark(struct recorder *self, const char *who, const char *text,
                            struct control_ticket *ticket);

/** What was counted on one route since it was counted last. */
struct recorder_hour {
    uint64_t at_ms; /**< Any time of the hour. */
    bool required;  /**< The route requires a marker. */
    uint64_t marked;
    uint64_t unmarked;
    uint64_t uninspected;
    char route[JOURNAL_TEXT_MAX];
};

/** Adds to what is kept by the hour. */
MUST_USE bool recorder_note_coverage(struct recorder *self,
                                     const struct recorder_hour *rows, unsigned count);

/**
 * How large the ledger may become, and how long closed incidents keep their people.
 * Past `ledger_max` access evidence goes first and is alerted; refusals are always kept.
 */
void recorder_set_limits(struct recorder *self, uint64_t ledger_max_bytes,
                         uint64_t retention_ms);

/** Counts the take-downs of each feature that there is from 0 on: none begins with its
 * first. At the start, and when a reload may have brought new ones. Any thread. */
void recorder_show_take_downs(struct recorder *self);

/** Everything that was queued before the returned number is handled once
 * recorder_synced() is true for it. 0: the queue is full. */
uint64_t recorder_sync(struct recorder *self);
bool recorder_synced(const struct recorder *self, uint64_t number);
