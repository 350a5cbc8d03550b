/**
 * What the admin interface is told, and tells, in plain values.
 *
 * Layer: admin. Part of control.h. Texts are lent, as each struct says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "guard/feature.h"

/** Whether a balancer should send clients here. */
enum control_ready {
    CONTROL_STARTING, /**< Zero: not ready. */
    CONTROL_READY,
    CONTROL_DRAINING,
    CONTROL_NO_LEDGER,   /**< No route can be served: each needs the ledger. */
    CONTROL_NO_UPSTREAM, /**< No route can be served: no server of any answers. */
    CONTROL_NO_ROUTE,    /**< No route can be served, for one or the other reason. */
};

/** Facts for `/api/v1/status`. Texts are lent until the next call. */
struct control_status {
    const char *version;
    const char *mode;            /**< `enforce` or `observe`, as it is now. */
    uint64_t glass_until_ms;     /**< Unix time; 0: nobody broke the glass. */
    const char *glass_who;       /**< With glass_until_ms. */
    const char *glass_reason;    /**< With glass_until_ms. */
    uint64_t would_have_refused; /**< Where nothing is enforced. */
    uint64_t would_have_taken_down;
    enum control_ready ready;
    const char *config_hash;
    uint64_t config_loaded_at_ms; /**< Unix time. */
    unsigned workers;
    uint64_t incidents_open;
    bool ledger_ok;
    uint64_t sessions;
    uint64_t alerts_queued;
};

/** One feature. Texts are lent until the next call; NULL or 0 becomes null. */
struct control_feature {
    const char *name;
    enum feature_state state; /**< As the workers see it. */
    uint64_t since_ms;        /**< Unix time of the last change. */
    const char *who;          /**< Of the last change. */
    const char *reason;       /**< Of the last change. */
    uint64_t incident;        /**< The open one. */
    uint64_t up_at_ms;        /**< When it is to come up by itself; 0: never. */
    bool has_trial;           /**< Networks are named that get through a trial. */
};

/** Break-glass, or its end. Texts are borrowed. */
struct mode_change {
    bool observe;
    uint64_t for_ms; /**< With `observe`, at most CONTROL_GLASS_MS_MAX. */
    const char *who;
    const char *reason; /**< "": none was given, which only the end needs not. */
};

/** A drill that an operator wants. */
struct control_drill {
    const char *feature;
    const char *path;     /**< "": one that fits. */
    uint64_t take_down_s; /**< Seconds; 0: it stays up. */
    const char *who;
    const char *reason; /**< "": none was given. */
};
