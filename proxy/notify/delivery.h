/**
 * One try to deliver one alert: a request of libcurl with all that it points to.
 *
 * Layer: notify. Made and freed by the notifier's thread. Never follows a redirect,
 * checks the receiver's certificate, ends after ten seconds; http only to a loopback
 * address.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/span.h"
#include "notify/alert.h"
#include "record/outbox.h"

enum {
    DELIVERY_TIMEOUT_MS = 10000,
};

struct delivery;

/** True for https, and for http to a loopback address. */
bool delivery_url_allowed(struct span url);

/** Prepared for `item`, both copied. NULL: memory, or the alert has no secret. */
struct delivery *delivery_new(const struct alert_settings *alert,
                              const struct outbox_item *item, uint64_t wall_ms);

void delivery_free(struct delivery **self_p);

/** The request, for curl_multi: a `CURL *`. Its private pointer is `self`. */
void *delivery_handle(const struct delivery *self);

const struct outbox_item *delivery_item(const struct delivery *self);

const char *delivery_alert(const struct delivery *self);

/** What came back: status (0: none), `Retry-After`, and an error in words or "". */
unsigned delivery_status(const struct delivery *self);
uint64_t delivery_retry_after_ms(const struct delivery *self);
const char *delivery_error(const struct delivery *self);
