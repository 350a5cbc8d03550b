/**
 * How notes of the configuration begin that tell of break-glass: who breaks it writes
 * them (app/glass.c), the report reads them again (dossier_mode.c).
 *
 * Layer: record.
 */
#pragma once

/** Its seconds and the reason follow: `900 s: the rule is wrong`. */
#define MODE_NOTE_OBSERVE "mode observe for "

/** The reason of its end follows. */
#define MODE_NOTE_END "mode as configured: "

/** The reason when nobody ended it. */
#define MODE_NOTE_TIME_OVER "its time is over"
