/**
 * How many client connections there are, in all and per address.
 *
 * Layer: relay. Shared by all workers behind one lock that is taken when a connection is
 * accepted and when it closes. Peers without an address, on Unix sockets, are counted
 * together and have no limit for one address: who they are is a matter of the file.
 */
#pragma once

#include <stdint.h>

#include "net/address.h"

struct admission;

enum admitted {
    ADMITTED_NOT_TOTAL,   /**< connections_max is reached. */
    ADMITTED_NOT_ADDRESS, /**< connections_per_address_max is reached. */
    ADMITTED,
};

/** `count_max`: the most connections that can ever be; memory is bounded by it. */
struct admission *admission_new(uint64_t count_max);
void admission_free(struct admission **self_p);

/** Counts one more connection from `address` (IPv6: its /64) unless a limit is reached.
 */
enum admitted admission_enter(struct admission *self, const struct address *address,
                              uint64_t total_max, uint64_t address_max);

/** One that had entered is gone. */
void admission_leave(struct admission *self, const struct address *address);

uint64_t admission_count(struct admission *self);

/**
 * Counts bytes that clients of `address` have been sent and not taken. False: they would
 * be more than `bytes_max` for that address; they are counted all the same, until
 * admission_discharge().
 */
bool admission_charge(struct admission *self, const struct address *address,
                      uint64_t bytes, uint64_t bytes_max);
void admission_discharge(struct admission *self, const struct address *address,
                         uint64_t bytes);
