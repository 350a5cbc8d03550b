/**
 * What all connections of one worker share, and what all workers share.
 *
 * Layer: relay. A relay belongs to one worker thread and is made by app/worker.c; its
 * members are read by the modules of this layer only. Everything in `shared` is safe for
 * all threads.
 */
#pragma once

#include <stdatomic.h>

#include "base/stats.h"
#include "guard/feature.h"
#include "guard/memo.h"
#include "guard/registry.h"
#include "guard/scan.h"
#include "guard/spelling.h"
#include "guard/takedown.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "relay/access_log.h"
#include "relay/admission.h"
#include "relay/affinity.h"
#include "relay/block.h"
#include "relay/evidence_log.h"
#include "relay/health.h"
#include "relay/journal.h"
#include "relay/meter.h"
#include "relay/site.h"

/** Made once by the graph; outlives all workers. */
struct relay_shared {
    struct registry *registry;
    struct feature_table *features;
    struct takedown *takedown;
    struct spelling_memory spelling; /**< How the site spells its tokens. */
    struct memo *shown;              /**< For recall.h; NULL: nothing is kept. */
    struct memo *aliases;            /**< Of login names; NULL: none is kept. */
    struct takedown *rehearsal;      /**< The same count where nothing is enforced. */
    struct journal *journal;
    struct stats *stats;
    struct admission *admission;
    struct health *health;     /**< Of the upstreams' servers. */
    struct affinity *affinity; /**< Which of them has which session. */
    struct block_budget budget;
    _Atomic(uint64_t) connection_number; /**< Of upstream connections, unique in a run. */
    unsigned worker_count;
    uint8_t fingerprint_key[FINGERPRINT_KEY_SIZE];
};

/**
 * One configuration as one worker uses it. Exchanges that began under it keep it; the
 * last one to go frees it. Counted without atomics: one thread.
 */
struct plan {
    struct list_link link;
    unsigned references;
    struct site *site;
    struct scanner *scanner;
    struct meter *meter;
    struct pool **pools;   /**< One per upstream of the site. */
    uint32_t granted_mask; /**< Classes `must_be: granted`. */
    bool redacts;          /**< One of them says `action: redact`. */
    struct take_down_policy policies[FEATURE_COUNT_MAX]; /**< By slot. */
};

struct relay {
    struct relay_shared *shared;
    struct loop *loop;
    struct mailbox *mailbox;
    struct plan *plan; /**< In force for new exchanges. */
    struct fingerprinter *fingerprinter;
    struct stats_block *stats;
    struct block_store *blocks;
    struct access_log *access_log; /**< NULL: off. */
    struct evidence_log *evidence_log;
    struct list clients;
    struct list spare_exchanges;
    struct list spare_decoders;
    unsigned spare_decoder_count;
    struct list holding;  /**< Exchanges that hold a response, oldest first. */
    struct list settling; /**< Exchanges that wait until a feature's state is on disk. */
    struct list open;     /**< Exchanges whose answer leaves before it is complete. */
    struct list uploads;  /**< Exchanges whose body is under way, oldest first. */
    unsigned watched;     /**< Rounds of exchange_watch(). */
    bool settle_posted;
    unsigned lost_count;       /**< Take-downs that the record did not take, */
    struct journal_entry lost; /**< and what to post until it does. */
    struct list plans;         /**< In force, and those that exchanges still keep. */
    unsigned client_count;
    uint8_t *frames;     /**< Scratch for frames of HTTP/2; NULL until the first. */
    unsigned held;       /**< Slot of the gauge of held bytes. */
    struct drill *drill; /**< Under way; NULL: none. */
    uint64_t logged_ms;
    uint64_t noted_second; /**< In which `noted` findings were only recorded. */
    unsigned noted;
    bool draining;
    uint64_t
        drain_idle_ms; /**< While draining: how long a kept connection may be idle. */
    struct head request_head;  /**< Scratch of the request being read. */
    struct head response_head; /**< Scratch of the response being read. */
    uint8_t random[4096];      /**< Unused random bytes at the end. */
    size_t random_used;
};

/** Everything of one worker; the site is referenced. NULL: memory. */
struct relay *relay_new(struct relay_shared *shared, struct loop *loop, struct site *site,
                        struct access_log *access_log);

/** After all clients are gone. Sets NULL. NULL is fine. */
void relay_free(struct relay **self_p);

/** Takes the site for new exchanges; old ones end under theirs. False: memory. */
MUST_USE bool relay_use(struct relay *self, struct site *site);

/** Closes the route until login is up, in the sites of old exchanges and of new ones. */
void relay_close_route(struct relay *self, const struct route *route);

/**
 * Lets every client finish; its answer says that the connection closes. A kept one that
 * is idle may send one more request within `idle_ms`, so that none is lost that is just
 * on its way; 0: it is closed at once. Again, with less, is fine.
 */
void relay_drain(struct relay *self, uint64_t idle_ms);

/** Breaks off every connection that is left. */
void relay_abort(struct relay *self);

/** True when no client is connected. */
bool relay_is_empty(const struct relay *self);

/** True while an operator has switched everything to observing. */
bool relay_breaks_glass(const struct relay *self);

/** Every 64 ms or so: idle upstream connections, open answers, gauges, the access log. */
void relay_tick(struct relay *self);

/** `count` random bytes from a buffer that is refilled now and then; at most 4096. */
const uint8_t *relay_random(struct relay *self, size_t count);

/** Posts a barrier so that exchanges in `settling` look again once it is on disk. */
void relay_settle(struct relay *self);

/** Is this the address of a proxy whose forwarding fields count? */
bool address_trusted(const struct address *address, const struct listen_settings *listen);

struct plan *plan_ref(struct plan *self);
void plan_unref(struct plan **self_p);
