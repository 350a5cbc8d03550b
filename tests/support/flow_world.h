/**
 * The real relay in one process: a loop, everything that workers share, a site made in C,
 * a journal whose disk the test plays, clients and an upstream that the test scripts.
 *
 * All sockets are real TCP on loopback; nothing runs but what the test turns. A test
 * reads as a conversation: the client says, the upstream hears, the upstream says, the
 * client hears. flow_close() checks that every byte of memory and every connection came
 * back.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/markers.h"
#include "http/path_pattern.h"
#include "relay/relay.h"
#include "sources/sources.h"

enum {
    FLOW_ENTRIES_MAX = 512,
    FLOW_TICKETS_MAX = 512,
    FLOW_PATTERNS_MAX = 24,
    FLOW_LOG_MAX = 4194304,
    FLOW_HOLD_MAX = 65536, /**< hold_max of the site. */
};

/** When the disk of the journal answers. */
enum flow_disk {
    FLOW_DISK_AT_ONCE,
    FLOW_DISK_LATE, /**< At flow_commit(). */
    FLOW_DISK_FAILS,
    FLOW_DISK_FULL, /**< Takes no entry at all. */
};

struct flow_journal {
    enum flow_disk disk;
    bool failing; /**< What the relay is told about the ledger. */
    uint64_t incidents;
    unsigned count; /**< Entries without barriers; the last ones are kept. */
    unsigned displays;
    struct journal_entry entries[FLOW_ENTRIES_MAX];
    struct journal_entry *last; /**< A whole copy, with all subjects. */
    unsigned waiting_count;
    struct journal_ticket *waiting[FLOW_TICKETS_MAX];
};

/** Routes of the site, in order; the last one is the implied one. */
enum flow_route {
    FLOW_STRICT,  /**< /mypage/strict: requires the owner marker, else refuses. */
    FLOW_MYPAGE,  /**< /mypage/ **: requires nothing. */
    FLOW_STREAM,  /**< /stream/ **: streams past hold_max. */
    FLOW_OBSERVE, /**< /observe/ **: records, delivers. */
    FLOW_REST,
    FLOW_ROUTE_COUNT
};

struct flow_world {
    struct loop *loop;
    struct relay_shared shared;
    struct health_roll *servers;
    struct relay *relay;
    struct access_log *access_log;
    struct feature_table features;
    struct journal journal_page; /**< What the relay sees of `journal`. */
    struct flow_journal journal;
    struct listen_settings listen;
    struct network trusted;
    struct tls_context *tls; /**< What clients begin with; NULL: no TLS. Not owned. */
    int client_fd;           /**< Where clients connect. */
    int server_fd;           /**< Where the upstream listens. */
    uint64_t ticked_ms;
    bool ticks_by_hand; /* The test calls relay_tick(), not the clock. */
    char *log;
    size_t log_len;

    /* The site: change what a test needs before flow_start(). */
    struct site *site;
    struct route routes[FLOW_ROUTE_COUNT];
    struct upstream_settings upstream;
    struct server server;
    struct feature_settings feature[2]; /**< login: /login, /mypage; reports: /reports. */
    struct path_pattern *login_paths[2];
    struct path_pattern *report_paths[1];
    struct request_pattern login_request;
    struct request_pattern logout;
    struct span cookie_names[1];
    struct span remember_names[1];
    struct cookie_names cookies;
    struct cookie_names remember;
    struct selector selectors[3];
    struct marker_class class;
    const char *regex; /**< A third selector; NULL: none. */
    const struct secret_mac
        *mac; /**< Class `owner` is signed, and bound; NULL: it is not. */
    struct sources *sources;
    struct grant_settings grant;    /**< With a name: class `member` is granted by it. */
    struct selector member[4];      /**< attr:data-member-id, json:/members/ * /id,
                                       header:x-member, cookie:member */
    struct marker_class classes[2]; /**< `class` and `member`, where there are grants. */
    bool redact;
    struct path_pattern patterns[FLOW_PATTERNS_MAX];
    size_t pattern_count;
};

/** One end of a connection that the test plays: a client or the upstream. */
struct flow_peer {
    int fd;
    bool ended;  /**< FIN was read. */
    bool broken; /**< RST was read. */
    bool deaf;   /**< Does not read. */
    size_t len;
    size_t capacity;
    char *text; /**< What was heard and not forgotten; ends with a NUL. */
};

/** A whole response as a client reads it. Spans point into the peer's text. */
struct flow_answer {
    unsigned status;
    bool whole; /**< Ended as its framing says. */
    struct span head;
    struct span body; /**< Without chunk framing: decoded in place. */
    size_t wire_len;  /**< Bytes of all of it. */
};

/** The site with defaults; nothing runs. */
void flow_init(struct flow_world *self);

/** Opens the sockets and starts the relay. */
void flow_start(struct flow_world *self);

/** Everything down again; nothing may be left. */
void flow_close(struct flow_world *self);

/** One round of the loop, without waiting. */
void flow_turn(struct flow_world *self);

/** Rounds until nothing moves any more, about 10 ms. */
void flow_settle(struct flow_world *self);

/** Rounds for `time_ms`. */
void flow_wait(struct flow_world *self, uint64_t time_ms);

/** Lets the disk answer everything that waits. */
void flow_commit(struct flow_world *self, bool committed);

/** Connects from 127.0.0.1, or from 127.0.0.`host`. */
void flow_client(struct flow_world *self, struct flow_peer *client);
void flow_client_from(struct flow_world *self, struct flow_peer *client, unsigned host);

/** As flow_client() with small socket buffers on the way to the client. */
void flow_slow_client(struct flow_world *self, struct flow_peer *client);

/** Waits for the relay's next connection to the upstream. */
void flow_accept(struct flow_world *self, struct flow_peer *upstream);

/** True when the relay has opened a connection that nobody accepted yet. */
bool flow_knocks(struct flow_world *self);

/** Writes all of it. */
void flow_say(struct flow_world *self, struct flow_peer *peer, const char *text);
/** Writes it and leaves the loop where it is. */
void flow_say_unturned(struct flow_peer *peer, const char *text);
void flow_say_bytes(struct flow_world *self, struct flow_peer *peer, struct span bytes);

/** Waits until `text` was heard. False: it did not come within 5 s, or cannot. */
bool flow_hear(struct flow_world *self, struct flow_peer *peer, const char *text);

/** Waits until at least `len` bytes were heard. */
bool flow_hear_bytes(struct flow_world *self, struct flow_peer *peer, size_t len);

/** Waits until the other side ended or broke the connection. */
bool flow_hear_end(struct flow_world *self, struct flow_peer *peer);

/** Reads what is there. */
void flow_listen(struct flow_peer *peer);

bool flow_has(const struct flow_peer *peer, const char *text);
void flow_forget(struct flow_peer *peer);

/** Waits for a whole response to a request with or without a body in its answer. */
bool flow_hear_answer(struct flow_world *self, struct flow_peer *client, bool head_only,
                      struct flow_answer *answer_out);

/** Parses what was heard so far. */
void flow_parse_answer(struct flow_peer *client, bool head_only,
                       struct flow_answer *answer_out);

/** FIN, close, RST. */
void flow_finish(struct flow_peer *peer);
void flow_hang_up(struct flow_peer *peer);
void flow_break(struct flow_peer *peer);

/** `GET path` with cookie `sid` (NULL: none). */
void flow_get(struct flow_world *self, struct flow_peer *client, const char *path,
              const char *sid);

/** Waits for a request's head at the upstream. */
void flow_hear_request(struct flow_world *self, struct flow_peer *upstream);

/** A whole 200 page of `owner` (NULL: unmarked) with Content-Length. */
void flow_page(struct flow_world *self, struct flow_peer *upstream, const char *owner,
               const char *body);

/**
 * A session that is bound to `name` and confirmed, over `client` and a connection to the
 * upstream that is left open and idle in `upstream`.
 */
void flow_bind(struct flow_world *self, struct flow_peer *client,
               struct flow_peer *upstream, const char *sid, const char *name);

/** How many exchanges ended with the word. */
unsigned flow_ended(struct flow_world *self, const char *word);

/** Turns until a ticket waits for the disk. */
void flow_await_ticket(struct flow_world *self);

/** The last entry of the journal. */
const struct journal_entry *flow_last_entry(const struct flow_world *self);

/** True while login is down. */
bool flow_login_down(const struct flow_world *self);

/* What the files flow_*.c do for each other. */
uint64_t flow_now_ms(void);
void flow_compile_markers(struct flow_world *self);
struct sockaddr_in flow_loopback(unsigned host, uint16_t port);
uint16_t flow_port_of(int fd);
void flow_make_nonblocking(int fd);
