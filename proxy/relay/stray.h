/**
 * Reads bytes that nobody asked for, to learn whose they are.
 *
 * Layer: relay. They go nowhere else: what is said here is for the record alone. Nothing
 * is held against what cannot be read, and at most STRAY_SIZE_MAX bytes are looked at.
 */
#pragma once

#include "guard/session.h"
#include "relay/journal.h"

struct relay;

enum {
    STRAY_SIZE_MAX = 65536,
};

/** What the bytes told. Zero: nothing. */
struct stray {
    unsigned status;     /**< Of the response head in them; 0: there is none. */
    bool alone;          /**< They are that one response and nothing besides. */
    struct user subject; /**< Whose marker, or else whose session, is in them. */
    char marker_class[64];
    char echoed_id[JOURNAL_ID_DIGITS + 1]; /**< The exchange that they name, or "". */
};

/** `relay->response_head` is lost. */
void stray_read(struct relay *relay, struct span bytes, struct stray *out);
