/**
 * What the rooms of an exchange do for each other once an answer leaves before it is
 * complete: as a stream, event by event, or as a WebSocket.
 *
 * Layer: relay. Part of exchange_rooms.h; nobody else includes this.
 */
#pragma once

#include "http/websocket.h"
#include "http/websocket_open.h"
#include "relay/exchange_state.h"

/* A WebSocket; from its request on. */
struct exchange_socket {
    struct websocket server;       /* What the upstream sends, */
    struct websocket client;       /* and the client. */
    struct span rest;              /* Read from the upstream, not looked at yet. */
    enum websocket_opcode message; /* That the upstream is sending. */
    bool passes;                   /* It is not read: it leaves as it comes. */
    bool begun;                    /* Some of it has. */
    bool ended;                    /* All of it has. */
    bool client_bad;               /* The client broke the protocol. */
    bool client_heard;             /* What it sent early was taken. */
    bool protocol_offered;
    size_t header_len; /* > 0: leaves before what is ready. */
    size_t control_len;
    uint8_t header[WEBSOCKET_HEADER_MAX];
    uint8_t control[2 + WEBSOCKET_CONTROL_MAX];
    char accept[WEBSOCKET_ACCEPT_SIZE]; /* What the upstream's answer has to say. */
};

/* exchange_stream.c: what leaves before it is complete */
enum step exchange_start_stream(struct exchange *self);
enum step exchange_send_segments(struct exchange *self, size_t count);
enum step exchange_end_stream(struct exchange *self);
void exchange_wait_for_client(struct exchange *self);
enum step exchange_cut(struct exchange *self, enum ending ending);

/* exchange_message.c: one message of an answer that goes on */
bool exchange_scan_event(struct exchange *self, size_t from, size_t to);
bool exchange_message_is_plain(const struct exchange *self);
bool exchange_message_waits(const struct exchange *self);
void exchange_scan_text(struct exchange *self);
void exchange_end_message(struct exchange *self);
void exchange_forget_messages(struct exchange *self);
bool exchange_is_recoded(const struct exchange *self);
void exchange_keep_decoded(struct exchange *self, struct span bytes);

/* exchange_socket.c, exchange_socket_ask.c: a WebSocket */
enum step exchange_close_socket(struct exchange *self, enum ending ending);
bool exchange_ask_socket(struct exchange *self, const struct head *head);
bool exchange_is_upgrade(const struct exchange *self, const struct head *head);
bool exchange_take_upgrade(struct exchange *self, const struct head *head);
bool exchange_takes_frames(const struct exchange *self);

/* exchange_judge.c, exchange_observe.c: what left before it was judged */
void exchange_judge_late(struct exchange *self);
void exchange_judge_left(struct exchange *self);

/* exchange_pin.c: what closes an answer that stays open */
void exchange_pin(struct exchange *self);
bool exchange_is_closed(struct exchange *self, enum step *step_out);
