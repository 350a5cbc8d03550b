/**
 * What sessions were shown before, and may be shown to no other: values of `must_be: own`
 * classes, and each session's value of a further `must_be: requester` class.
 *
 * Layer: guard. Asks and fills a memo that all workers share; else pure. A value belongs
 * to the family of sessions in which it was first released: a login or logout that makes
 * a new session keeps the family, because many sites keep their form tokens over it.
 * A value that the request itself brings says nothing.
 */
#pragma once

#include "guard/evidence.h"
#include "guard/memo.h"

/** Bit of a family that began with a token that no entry had: it may be a part of another
 * one, so nothing that is found by it counts. */
#define RECALL_UNCERTAIN (UINT64_C(1) << 63)

struct recall {
    struct memo *memo;
    const struct fingerprinter *hasher;
    struct span request; /**< The request's head as it went out. */
    uint64_t now_ms;
};

/** The family of an entry, or of a token without one; 0: none. */
uint64_t recall_family(const struct session *session, const struct fingerprint *token);

static inline bool recall_same_family(uint64_t a, uint64_t b)
{
    return (a | RECALL_UNCERTAIN) == (b | RECALL_UNCERTAIN);
}

/** What one request may be shown: the families of all its tokens. */
struct recall_families {
    unsigned count;
    uint64_t items[ASKER_TOKENS_MAX];
};

/** The one family of all tokens; 0: they are of several, or there are none. */
uint64_t recall_common_family(const struct recall_families *families);

/**
 * Looks up what the answer shows. `found_out`: RECALLED_MAX of them; returns how many,
 * one more than that when there were more. `family_out`: of the first that belongs to
 * somebody else.
 */
size_t recall_read(const struct recall *self, const struct evidence *evidence,
                   const struct recall_families *families, struct recalled *found_out,
                   uint64_t *family_out);

/**
 * The answer is to be released to `family` (0: to nobody's session): what is new belongs
 * to it from now on. False: another worker was faster, look again.
 */
bool recall_note(const struct recall *self, const struct evidence *evidence,
                 uint64_t family, const struct recalled *found, size_t count);
