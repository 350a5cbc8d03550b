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
    DOSSIER_FIRST_DISPLAY,
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
