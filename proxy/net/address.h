/**
 * Network addresses as values: for limits, logs, trusted proxies and cases.
 *
 * Layer: net. Pure. IPv4 is kept v4-mapped, so that one form serves both.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum {
    ADDRESS_TEXT_MAX = 64, /**< `[v6]:port` with NUL. */
};

struct address {
    uint8_t bytes[16]; /**< ::ffff:a.b.c.d for IPv4. */
    uint16_t port;
};

/** From a struct sockaddr_in or _in6. All zero, no address, for other families. */
struct address address_of(const void *sockaddr);

/** Writes a struct sockaddr_storage; returns the length of the used part. */
size_t address_sockaddr(const struct address *self, void *storage_out);

/** An address without port: `192.0.2.1`, `2001:db8::1`, also in brackets. */
MUST_USE enum err address_parse(struct span text, struct address *address_out);

bool address_is_v4(const struct address *self);

/** True for a peer without an address, as on a Unix socket. */
bool address_is_none(const struct address *self);

/** `192.0.2.1` or `2001:db8::1` with NUL; returns the length. */
size_t address_format(const struct address *self, char *text_out);

/** As address_format() of a peer: `unix:` when it has no address. */
size_t address_format_peer(const struct address *self, char *text_out);

/** As address_format() with `:port`, IPv6 in brackets. */
size_t address_format_port(const struct address *self, char *text_out);

/** True when the first `prefix_len` of 128 bits agree. */
bool address_in(const struct address *self, const uint8_t *network, unsigned prefix_len);
