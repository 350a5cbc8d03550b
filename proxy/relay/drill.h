/**
 * A synthetic mix-up that goes the whole way of a real one: routing, identity, holding,
 * scanning, judging, recording, refusing.
 *
 * Layer: relay. Owned by its relay, one at a time, on the relay's thread. A drill plays
 * both ends: a client whose session is confirmed as one made-up user, and a site that
 * answers with the page of another. Both are socket pairs inside the process, so that
 * nothing is asked of the site and no other client can come into it: the session's token
 * is random and known to nobody, and the connection to its site is in no pool. What the
 * exchange of a drill does is done as for everybody, but that it takes nothing down, logs
 * nobody out, and is in no figure.
 */
#pragma once

#include "net/mailbox.h"
#include "relay/drill_aim.h"
#include "relay/ending.h"
#include "relay/journal.h"

struct drill;
struct exchange;
struct relay;

/** What became of it. Times are microseconds since it was asked; 0: it did not happen. */
struct drill_result {
    const char *error; /**< Why it could not be run; NULL: it was. */
    char exchange_id[JOURNAL_ID_DIGITS + 1];
    unsigned status; /**< That its client got; 0: nothing. */
    enum ending ending;
    uint64_t incident;
    uint64_t began_ms;    /**< Unix time. */
    uint64_t refused_us;  /**< The verdict. */
    uint64_t recorded_us; /**< It was on disk. */
    uint64_t answered_us; /**< Its client had all of the answer. */
    bool leaked;          /**< Something of the page was in the answer. */
};

/** One drill to be made. The asker's; after `on_done` it is the asker's again. */
struct drill_order {
    struct mail mail;
    struct mailbox *reply_to;
    void (*on_done)(struct mail *mail); /**< By mail, on the thread of `reply_to`. */
    struct relay *relay;                /**< Set by who brings it to its thread. */
    struct drill_aim aim;
    uint64_t patience_ms;
    struct drill_result result;
};

/** Makes a drill; the answer comes in any case. On the relay's thread. */
void drill_start(struct relay *relay, struct drill_order *order);

/** Breaks off the relay's drill, if there is one, without an answer. */
void drill_stop(struct relay *relay);

/** True for an exchange that a drill has asked for. */
bool drill_is(const struct exchange *exchange);

/* What its exchange tells it; nothing happens for any other. */
void drill_note_refused(const struct exchange *exchange);
void drill_note_recorded(const struct exchange *exchange);
void drill_note_end(const struct exchange *exchange);

/** The feature that it is about, as a mask. */
uint64_t drill_feature(const struct exchange *exchange);

/** The site's end for an exchange to connect to, once; -1: it is taken. */
int drill_take_site(const struct exchange *exchange);
