/**
 * The inside of an exchange, shared by the rooms exchange_*.c and nobody else.
 *
 * Layer: relay. Facts are set by events and read by the states; `state` moves only in
 * exchange.c. Rooms: exchange.c the machine, _ask.c from the head to the upstream,
 * _body.c what comes after it, _answer.c the response until it is complete, _hold.c its
 * memory, _judge.c the verdict, _reply.c what goes to the client, _stream.c and _events.c
 * what leaves before that, _socket*.c a WebSocket, _message.c, _pin.c what closes it.
 */
#pragma once

#include "guard/judge.h"
#include "http/coding.h"
#include "http/media.h"
#include "relay/caller.h"
#include "relay/client.h"
#include "relay/exchange.h"
#include "relay/exchange_parts.h"
#include "relay/hold.h"
#include "relay/pool.h"
#include "relay/reply.h"
#include "relay/route.h"

struct exchange {
    struct list_link link;        /* The relay's spare list. */
    struct list_link hold_link;   /* The relay's list of holding exchanges. */
    struct list_link settle_link; /* The relay's list of settling exchanges. */
    struct list_link open_link;   /* The relay's list of open answers. */
    struct relay *relay;
    struct plan *plan;
    struct caller *caller;
    struct client *client; /* The caller's connection. */
    struct pool *pool;
    struct upstream *upstream;
    struct pool_request request;
    struct deadline deadline;
    struct exchange_ticket *ticket;
    struct scan *scan;
    struct exchange_decoder *decoder;
    struct exchange_socket *socket;   /* Asked for, or open. */
    struct exchange_grants *grants;   /* NULL: nobody was asked. */
    struct exchange_plain plain;      /* What may have to be redacted. */
    struct journal_subject *subjects; /* Of the entry that is posted; malloced. */
    uint8_t *request_text; /* The outgoing head: `request_inline` or malloced. */
    uint8_t *reply_text;   /* The answer's head or our page: as above. */
    uint8_t *login_body;
    size_t request_text_len;
    size_t request_text_capacity;
    size_t reply_text_len;
    size_t reply_text_capacity;
    size_t login_body_len;
    enum exchange_state state;
    enum ending ending;
    enum disposition disposition;
    enum answer_part answer_part;
    enum delivery delivery;
    struct exchange_messages messages;
    enum uninspected uninspected; /* With `inspected` false. */
    struct routed routed;
    struct fingerprint fresh_key; /* Of the entry made for issued tokens. */
    struct reply_taste taste;
    struct address client_address; /* Behind trusted proxies. */
    uint64_t gate_mask;            /* Features whose going down stops this response. */
    uint64_t trial_pass;           /* Of these, while on trial, not for this client. */
    uint64_t began_us;
    uint64_t hold_began_us;
    uint64_t released_us;
    uint64_t body_received; /* Of the answer, without framing. */
    uint64_t body_sent;     /* What waits to be taken is in it. */
    uint64_t decoded_len;
    struct coded_mark coded_mark;
    struct exchange_upload upload;
    uint64_t upstream_number;
    uint64_t asked_turn; /* Of the loop, in which the request was written. */
    uint64_t entry_ids[ASKER_TOKENS_MAX]; /* Entries of the tokens when forwarded. */
    uint32_t generations[ASKER_TOKENS_MAX];
    unsigned forward_changed; /* Bit per token whose entry judge_forward() changed. */
    size_t head_start;        /* Of the answer's head in the hold's first block. */
    size_t head_checked;      /* Bytes of it that h1_find_head() has seen. */
    size_t segments_sent;
    size_t removed_names_len;
    size_t slow_unwritten; /* What the client had left at the last look. */
    uint64_t charged;      /* Bytes counted against the client's address. */
    unsigned status;       /* That the client gets. */
    unsigned upstream_status;
    uint64_t incident;
    enum access_log_coverage coverage;
    enum method method;
    enum framing answer_framing;
    uint64_t answer_length;
    const char *detector;   /* Of the first finding, or "". */
    const char *would_have; /* Where nothing is enforced: what was not done, or "". */

    /* Facts: set by events, never cleared within one attempt. */
    bool keep_alive;   /* The client's connection may go on. */
    bool request_body; /* The request has one. */
    bool request_read; /* The client's body was read whole. */
    bool early;        /* The answer began before all of the request was sent. */
    bool request_sent; /* All of it was taken by the upstream's socket. */
    bool head_sent;    /* The request head was written. */
    bool body_started; /* Body bytes were consumed: no retry. */
    bool retried;
    bool upstream_failed;
    bool upstream_clean; /* May carry another request. */
    bool client_gone;
    bool client_ended; /* It sent FIN after its request. */
    bool client_full;  /* Its address has more untaken bytes than it may. */
    bool timed_out;
    bool drained;   /* The client's stream took the last write. */
    bool committed; /* The ticket came back. */
    bool commit_failed;
    bool took_down; /* Its own finding took a feature down. */
    bool expects_continue;
    bool continue_sent;
    bool identity_removed; /* login is down: asked as anonymous. */
    bool bad_tail;         /* Bytes came after the end of the answer. */
    bool no_room;          /* No memory to hold more; waits. */
    bool inspected;
    bool undecodable;
    bool overflow;  /* More than hold_max. */
    bool streaming; /* Bytes of the answer have left. */
    bool advancing;
    bool judged;
    bool forwarded;    /* judge_forward() was told. */
    bool nothing_sent; /* The first write failed whole. */
    bool kept_connection;
    bool body_chunked; /* As the request head announced. */
    bool body_asked;
    bool key_private; /* request.key is one of exchange_make_private(). */
    bool query_names; /* The query gives the login's name too, or cannot be read. */
    bool had_token;   /* A token was taken away while login is down. */
    bool has_fresh_key;
    bool logout_while_down;

    /* Raw memory, not cleared between exchanges. */
    struct asker asker;
    struct answer answer;
    struct spelling spelling; /* Of the request's tokens. */
    struct exchange_pin pin;
    struct hold hold;
    char id[JOURNAL_ID_DIGITS + 1];
    char path[EXCHANGE_PATH_MAX];
    char method_text[16];
    char echoed_id[JOURNAL_ID_DIGITS + 1];
    char removed_names[512]; /* Cookies that were taken away, each with a NUL. */
    char login_type[128];    /* Content-Type of a login's body. */
    size_t login_type_len;
    uint8_t request_inline[EXCHANGE_TEXT_SIZE];
    uint8_t reply_inline[EXCHANGE_TEXT_SIZE];
};
