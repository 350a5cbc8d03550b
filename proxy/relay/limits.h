/**
 * What a client may ask of us, and how much is held for it.
 *
 * Layer: relay. Plain values; part of the configuration snapshot (site.h).
 */
#pragma once

#include <stdint.h>

/** `limits:` */
struct limits {
    uint64_t head_size_max;
    uint64_t target_size_max;
    uint64_t field_count_max;
    uint64_t body_size_max;
    uint64_t header_timeout_ms; /**< A whole request head. */
    uint64_t body_timeout_ms;   /**< Between two pieces of a request body. */
    uint64_t idle_timeout_ms;   /**< A client connection between requests. */
    uint64_t connections_max;   /**< Client connections in all. */
    uint64_t connections_per_address_max;
    uint64_t hold_max;
    uint64_t hold_total_max;
    uint64_t hold_wait_ms;
    uint64_t send_rate_min; /**< Bytes per second, over 30 s. */
    uint64_t decoded_size_max;
    uint64_t decoded_ratio_max;
    uint64_t login_body_max; /**< Bytes of a login body kept to find the name. */
};
