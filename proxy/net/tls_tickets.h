/**
 * Keys of session tickets, shared by all workers and all certificates of the process.
 *
 * Layer: net. Owned by the graph; safe for all threads. A ticket is good for the life of
 * three keys at most, so that a stolen key opens the past hours and no more. Clients that
 * take no tickets (TLS 1.2) are remembered by their context.
 */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "base/heap.h"

enum {
    TLS_TICKET_KEY_MS = 3600000, /**< A key makes tickets for so long. */
    TLS_TICKET_KEYS = 3,         /**< It, and the ones before it. */
    TLS_SESSION_S = 7200,        /**< A session can be resumed for so long. */
};

struct tls_tickets;

/** `heap`: where they lie; NULL: of this process alone. NULL: memory, or no randomness.
 */
struct tls_tickets *tls_tickets_new(struct heap *heap, uint64_t now_ms);

/** What two programs must agree in to share them; mixed into `layout`. */
uint64_t tls_tickets_layout(uint64_t layout);

/** Wipes the keys, sets NULL. NULL is fine. No context may use it any more. */
void tls_tickets_free(struct tls_tickets **self_p);

/** Makes a new key when it is time; called now and then. */
void tls_tickets_turn(struct tls_tickets *self, uint64_t now_ms);
