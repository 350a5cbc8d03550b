/**
 * Both ends of the configuration: addresses that are listened on, upstreams behind.
 *
 * Layer: relay. Parts of the snapshot (relay/site.h), immutable but where it says so.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "relay/http2_mode.h"

struct tls_context; /* net/tls_context.h */

enum connections_mode {
    CONNECTIONS_SESSION, /**< Zero: one session per connection. */
    CONNECTIONS_NONE,    /**< Never reused. */
    CONNECTIONS_SHARED,
};

/** One server of an upstream. */
struct server {
    char *host; /**< Name or address, without brackets. */
    uint16_t port;
    char *path;                    /**< Of a Unix socket; NULL: host and port. */
    bool secure;                   /**< With TLS. */
    char *text;                    /**< `10.0.0.11:8080`, for the ledger and logs. */
    _Atomic(unsigned) connections; /**< Open now, of all workers; mutable. */
    _Atomic(unsigned) wanted;      /**< By workers that found no room; mutable. */
};

/** `upstreams[].tls:` The spans hold contents of files, while it is read. */
struct upstream_tls {
    struct span ca;
    struct span certificate;
    struct span key;
    bool unverified;
    char *name; /**< In the servers' certificates; NULL: as in their URLs. */
};

enum {
    UPSTREAM_SERVERS_MAX = 256,
};

/** `upstreams[].health:` */
struct health_settings {
    char *path; /**< Of the active checks; NULL: none are made. */
    char *host; /**< For their Host; NULL: as in the server's URL. */
    uint64_t interval_ms;
    uint64_t timeout_ms;
    uint64_t eject_ms;
    uint64_t slow_start_ms;
};

/** What becomes of a server whose response was refused because of a finding. */
enum on_finding {
    ON_FINDING_KEEP,
    ON_FINDING_DRAIN,
};

/** `upstreams:` */
struct upstream_settings {
    char *name;
    struct server *servers;
    size_t server_count;
    struct upstream_tls tls_settings;
    struct tls_context *tls; /**< NULL: no server has TLS. */
    struct health_settings health;
    enum on_finding on_finding;
    uint64_t drain_ms;
    enum connections_mode connections;
    unsigned connections_max; /**< Per server, all workers together. */
    uint64_t connect_timeout_ms;
    uint64_t response_timeout_ms; /**< To the first byte of an answer; between two. */
    uint64_t idle_timeout_ms;
    uint64_t stream_timeout_ms; /**< Between two pieces of an event stream. */
    uint64_t queue_timeout_ms;
    uint64_t resolve_interval_ms;
};

/** `trusted_proxies:` and the like: an address prefix. */
struct network {
    uint8_t address[16]; /**< IPv4 as v4-mapped. */
    unsigned prefix_len; /**< Of 128. */
};

/** Whether clients of an address have to show a certificate. */
enum client_certificates {
    CLIENT_CERTIFICATES_REQUIRED, /**< Zero: the safe one. */
    CLIENT_CERTIFICATES_OPTIONAL,
    CLIENT_CERTIFICATES_NONE,
};

struct listen_settings {
    char *host;           /**< Address without brackets; of a Unix socket `unix:/path`. */
    uint16_t port;        /**< 0: a Unix socket. */
    char *path;           /**< Of its file; NULL: host and port. */
    unsigned socket_mode; /**< Of its file: permission bits. */
    bool forwarded;       /**< They write `Forwarded`, not `X-Forwarded-For`. */
    bool proxy_protocol;  /**< Its proxies say first whose connection it is. */
    uint16_t redirect_port;               /**< To which port of https: 0: nowhere. */
    struct tls_context *tls;              /**< NULL: without TLS. */
    struct tls_certificate *certificates; /**< While it is read (app/snapshot.h). */
    size_t certificate_count;
    enum client_certificates client_certificates;
    struct network *trusted_proxies;
    size_t trusted_proxy_count;
    enum http2_mode http2;
    bool drill; /**< Nobody listens: of the clients of drills (relay/drill.h). */
};
