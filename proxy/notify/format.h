/**
 * The forms in which an alert is sent.
 *
 * Layer: notify. Pure but for memory. `standard` is the stored body as it is; the others
 * are made from what it tells (told.h), one function each in format_*.c. Nothing here
 * names a person: the body has pseudonyms alone.
 */
#pragma once

#include "base/json_write.h"
#include "base/writer.h"
#include "notify/alert.h"
#include "notify/told.h"

enum {
    FORMAT_SIZE_MAX = 131072, /**< Bytes of a message in any form. */
    FORMAT_SENTENCE_MAX = 4096,
};

/** When, Unix milliseconds. */
struct format_times {
    uint64_t now_ms;
    uint64_t created_at_ms; /**< Of the alert. */
};

/**
 * Writes the body of a request. ALERT_STANDARD has none of its own: the stored body goes.
 * `out` latches when memory or its bound ends.
 */
void format_slack(const struct told *told, struct json_write *out);
void format_ocsf(const struct told *told, const struct format_times *times,
                 struct json_write *out);

/** One alert of the v2 API, an element of the array that is posted. */
void format_alertmanager(const struct told *told, const struct format_times *times,
                         struct json_write *out);

/**
 * One syslog message of RFC 5424, without framing. `cef`: the text is in ArcSight's
 * Common Event Format. `host`: of this machine.
 */
void format_syslog(const struct told *told, const struct format_times *times, bool cef,
                   const char *host, struct writer *out);

/** What has happened, in one line for people, without line breaks: the feature and its
 * state, how many pages left the proxy or were withheld, the screen and what it shows. */
void format_headline(const struct told *told, struct writer *out);

/** What else is known of an incident; nothing of what is none. */
void format_details(const struct told *told, struct writer *out);

/** Both in one line. */
void format_sentence(const struct told *told, struct writer *out);

/** Does an alert of `type` end what one of another type began? */
bool format_ends(struct span type);

/** Unix milliseconds as `2026-01-31T23:59:59.999Z`. */
void format_time(uint64_t at_ms, struct writer *out);
