/**
 * One try to deliver one alert: a request of libcurl with all that it points to.
 *
 * Layer: notify. Made and freed by the notifier's thread. Never follows a redirect,
 * checks the receiver's certificate, ends after ten seconds; http only to a loopback
 * address. Syslog over TCP is connected by libcurl too, so that it waits for nobody.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/span.h"
#include "notify/alert.h"
#include "notify/message.h"
#include "notify/schedule.h"
#include "record/outbox.h"

enum {
    DELIVERY_TIMEOUT_MS = 10000,
};

struct delivery;

/** True for https, and for http to a loopback address. */
bool delivery_url_allowed(struct span url);

/**
 * Prepared for `item`, both copied. NULL: memory, no secret for the standard format, or a
 * body that cannot be read.
 */
struct delivery *delivery_new(const struct alert_settings *alert,
                              const struct outbox_item *item, uint64_t wall_ms);

/** A message beside the queue, whose item has id 0. Takes `message`. NULL: memory. */
struct delivery *delivery_new_beside(const struct alert_settings *alert,
                                     struct message *message_p, uint64_t wall_ms);

/** What became of it, once libcurl is done with `code`; sends what goes to syslog. */
enum schedule_outcome delivery_outcome(struct delivery *self, int code);

void delivery_free(struct delivery **self_p);

/** The request, for curl_multi: a `CURL *`. Its private pointer is `self`. */
void *delivery_handle(const struct delivery *self);

const struct outbox_item *delivery_item(const struct delivery *self);

const char *delivery_alert(const struct delivery *self);

/** What came back: status (0: none), `Retry-After`, and an error in words or "", once
 * delivery_outcome() was asked. */
unsigned delivery_status(const struct delivery *self);
uint64_t delivery_retry_after_ms(const struct delivery *self);
const char *delivery_error(const struct delivery *self);
