/**
 * What the rooms of an exchange do about its upstream connection: whose it is, what comes
 * on it unasked, and where there is room for the rest.
 *
 * Layer: relay. Part of exchange_rooms.h; nobody else includes this.
 */
#pragma once

#include "guard/fingerprint.h"
#include "http/head.h"
#include "net/stream.h"

struct exchange;

/* exchange_ask.c: whom it waits for */
bool exchange_awaits_answer(const struct exchange *self);

/* exchange_hold.c: memory for what comes */
bool exchange_is_oldest(const struct exchange *self);
uint64_t exchange_hold_beyond(const struct exchange *self);
struct stream_space exchange_hold_space(struct exchange *self);

/* exchange_unasked.c: bytes that are not the answer */
bool exchange_take_unasked(struct exchange *self, struct span bytes);
void exchange_note_no_head(struct exchange *self, struct span bytes);

/* exchange_private.c: connections that a server binds to one user */
void exchange_note_request_bound(struct exchange *self, const struct head *head);
/* Whoever proved himself on the client's connection is known to the site without a
 * cookie. */
void exchange_note_proof(struct exchange *self);
void exchange_note_answer_bound(struct exchange *self, const struct head *head);
bool exchange_make_private(const struct exchange *self, struct fingerprint *key);
struct fingerprint exchange_private_key(struct exchange *self, struct fingerprint key);
bool exchange_shares_client(const struct exchange *self);
