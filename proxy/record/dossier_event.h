/**
 * What stands on the time line of a report.
 *
 * Layer: record. Plain values; texts belong to the dossier.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum dossier_kind {
    DOSSIER_CONFIGURATION,
    DOSSIER_MARK,
    DOSSIER_OBSERVE, /**< Break-glass begins ... */
    DOSSIER_ENFORCE, /**< ... and ends. */
    DOSSIER_FIRST_DISPLAY,
    DOSSIER_FIRST_LEFT, /**< When the first display was withheld. */
    DOSSIER_DETECTION,
    DOSSIER_TAKE_DOWN,
    DOSSIER_TRIAL,
    DOSSIER_REOPENING,
    DOSSIER_CLOSING,
    DOSSIER_KIND_COUNT,
};

struct dossier_event {
    uint64_t at_ms;
    enum dossier_kind kind;
    bool withheld;      /**< Of a display: no byte left. */
    const char *about;  /**< What was changed; as the next two "" or NULL for nothing. */
    const char *detail; /**< How, or why. */
    const char *who;
};

/** A time in which break-glass was in force: nothing was withheld. */
struct dossier_glass {
    uint64_t from_ms;
    uint64_t to_ms;
    uint64_t seconds; /**< As ordered. */
    const char *who;
    const char *reason;
    bool replaced;          /**< By the next one, which was ordered meanwhile. */
    const char *end_who;    /**< Who ended it; NULL: its time. */
    const char *end_reason; /**< With `end_who`. */
    bool delivered;         /**< Data of other people was delivered in it. */
};
