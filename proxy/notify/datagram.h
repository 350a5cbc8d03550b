/**
 * Sends one syslog message as a datagram, without ever waiting.
 *
 * Layer: notify. `udp://ADDRESS:PORT` with a literal address (a name would have to be
 * asked for, and that can take long), or `unix:///dev/log`. Nobody confirms a datagram:
 * it counts as delivered when the system has taken it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

/** True for `udp://...` and `unix://...`. */
bool datagram_is(const char *url);

/** True when datagram_send() can read the URL. */
bool datagram_url_valid(struct span url);

/** Errors: ERR_SYNTAX: the URL; ERR_SYSTEM: not taken; `error_out` says why. */
MUST_USE enum err datagram_send(const char *url, struct span message, char *error_out,
                                size_t error_size);
