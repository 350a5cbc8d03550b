#include "relay/client_h2.h"

#include <stdlib.h>

#include "base/check.h"
#include "relay/client_h2_state.h"

enum {
    RUNNING_FIRST = 8,   /* Streams that run before it is known how fast it takes. */
    LOOK_MS = 30000,     /* How often a slow client's progress is looked at. */
    WARNED_MS = 1000,    /* How long it may take to hear that the end comes. */
    UNREAD_MS = 200,     /* From an answer to the reset of a request not read on. */
    QUEUED_MAX = 256,    /* Frames that may wait before reading rests. */
    FRAMES_SIZE = 65536, /* Written in one go. */
};

static uint64_t now_ms(const struct client_h2 *self)
{
    return loop_now_ms(self->relay->loop);
}

static void on_task(struct loop_task *task);

static void learn_limits(struct client_h2 *self)
{
    const struct limits *limits = client_limits(self->client);

    self->limits = (struct h1_limits){.head_size_max = limits->head_size_max,
                                      .target_size_max = limits->target_size_max,
                                      .field_count_max = limits->field_count_max};
}

struct client_h2 *client_h2_new(struct client *client)
{
    struct relay *relay = client->relay;
    struct client_h2 *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    if (relay->frames == NULL) {
        relay->frames = malloc(FRAMES_SIZE);
    }
    self->client = client;
    self->relay = relay;
    list_init(&self->streams);
    self->task.run = on_task;
    self->phase = H2_PHASE_OPEN;
    self->running_most = RUNNING_FIRST;
    learn_limits(self);
    self->idle_by_ms = now_ms(self) + client_limits(client)->idle_timeout_ms;
    self->h2 = relay->frames != NULL
                   ? h2_new(&self->limits, &CLIENT_H2_EVENTS, self, now_ms(self))
                   : NULL;
    if (self->h2 == NULL) {
        free(self);
        return NULL;
    }
    meter_h2_connections(relay, 1);
    client_h2_schedule(self);
    return self;
}

/* Takes it apart; the client stays. */
static void client_h2_free(struct client_h2 **self_p)
{
    struct client_h2 *self = *self_p;

    CHECK(list_empty(&self->streams) && !self->busy);
    loop_forget(&self->task);
    admission_discharge(self->relay->shared->admission, &self->client->peer,
                        self->charged);
    h2_free(&self->h2);
    meter_h2_connections(self->relay, -1);
    free(self);
    *self_p = NULL;
}

void client_h2_schedule(struct client_h2 *self)
{
    loop_defer(self->relay->loop, &self->task);
}

/* One stream more or less: the connection is busy while it has any. */
void client_h2_note_count(struct client_h2 *self, int change)
{
    bool idle = self->stream_count == 0;

    self->stream_count = (unsigned)((int)self->stream_count + change);
    meter_h2_streams(self->relay, change);
    if (idle == (self->stream_count == 0)) {
        return;
    }
    meter_connections(self->relay, METER_CLIENT_ACTIVE, change);
    meter_connections(self->relay, METER_CLIENT_IDLE, -change);
    self->idle_by_ms =
        idle ? 0 : now_ms(self) + client_limits(self->client)->idle_timeout_ms;
}

/* ---- the end ---- */

static void break_streams(struct client_h2 *self)
{
    self->busy = true;
    for (unsigned left = self->stream_count; left > 0; left--) {
        struct list_link *link = list_first(&self->streams);
        if (link != NULL) {
            h2_caller_break(LIST_ENTRY(link, struct h2_caller, link));
        }
    }
    self->busy = false;
    CHECK(list_empty(&self->streams));
}

/* No more is read or begun; what is queued still goes out, with the reason. */
static void give_up(struct client_h2 *self)
{
    self->phase = H2_PHASE_OVER;
    if (h2_flooded(self->h2) != H2_FLOOD_NONE) {
        meter_h2_flood(self->relay, h2_flooded(self->h2));
    }
    break_streams(self);
    client_h2_schedule(self);
}

/* The connection is of no use: the client goes with it. */
static void finish_broken(struct client_h2 *self)
{
    struct client *client = self->client;

    self->phase = H2_PHASE_OVER;
    break_streams(self);
    client_h2_free(&client->h2);
    client_free(client);
}

/* All is said: what the client still sends is dropped until it hears of the end. */
static void finish_whole(struct client_h2 *self)
{
    struct client *client = self->client;

    self->phase = H2_PHASE_OVER;
    break_streams(self);
    client_h2_free(&client->h2);
    client_linger(client);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Sets the one deadline to what comes first. */
static void arm(struct client_h2 *self)
{
    uint64_t by_ms = sooner(sooner(self->idle_by_ms, self->head_by_ms),
                            sooner(self->look_by_ms, self->warn_by_ms));
    by_ms = sooner(by_ms, sooner(self->unread_by_ms, self->full_by_ms));
    uint64_t now = now_ms(self);

    if (by_ms == 0) {
        deadline_clear(&self->client->deadline);
        return;
    }
    client_set_deadline(self->client, by_ms > now ? by_ms - now : 0);
}

/* What follows from what has happened. The last line may free `self` and its client. */
static void settle(struct client_h2 *self)
{
    struct stream *stream = self->client->stream;

    if (self->broken) {
        finish_broken(self);
        return;
    }
    if (self->phase == H2_PHASE_WARNED && h2_was_warned(self->h2)) {
        self->phase = H2_PHASE_ENDING;
        self->warn_by_ms = 0;
        h2_end(self->h2);
        client_h2_schedule(self);
    }
    if (!stream_writing(stream) && !list_linked(&self->task.link) &&
        h2_is_over(self->h2)) {
        finish_whole(self);
        return;
    }
    if (self->unread_by_ms == 0 && h2_has_unread(self->h2)) {
        self->unread_by_ms = now_ms(self) + UNREAD_MS;
    }
    if (stream_writing(stream) && h2_queued(self->h2) > QUEUED_MAX) {
        stream_pause(stream, PAUSE_SINK_FULL);
    } else {
        stream_resume(stream, PAUSE_SINK_FULL);
    }
    arm(self);
}

/* ---- frames out ---- */

/* The socket is full: what it left counts, and must get less. */
static void note_full(struct client_h2 *self)
{
    struct relay_shared *shared = self->relay->shared;
    const struct address *peer = &self->client->peer;
    size_t left = stream_unwritten(self->client->stream);

    self->charged += left;
    self->broken = !admission_charge(shared->admission, peer, left,
                                     shared->budget.total_max / CLIENT_H2_SHARE);
    if (self->look_by_ms == 0) {
        self->look_by_ms = now_ms(self) + LOOK_MS;
        self->look_sent = self->sent;
    }
}

static void write_frames(struct client_h2 *self)
{
    struct stream *stream = self->client->stream;

    while (!self->broken && !stream_writing(stream)) {
        struct span frames = {.ptr = self->relay->frames};
        frames.len = h2_produce(self->h2, self->relay->frames, FRAMES_SIZE);
        if (frames.len == 0) {
            return;
        }
        self->sent += frames.len;
        switch (stream_write(stream, &frames, 1, false)) {
        case WRITTEN_FAILED:
            self->broken = true;
            return;
        case WRITTEN_ALL:
            break;
        case WRITTEN_PART:
            note_full(self);
            return;
        }
    }
}

/* Tells the exchanges whose parts went out. True: some did. */
static bool tell_taken(struct client_h2 *self)
{
    bool told = false;

    for (struct h2_stream *stream = h2_next_taken(self->h2); stream != NULL;
         stream = h2_next_taken(self->h2)) {
        struct h2_caller *caller = LIST_ENTRY(stream, struct h2_caller, stream);
        h2_caller_lend(caller, 0);
        told = true;
        exchange_on_client_drain(caller->caller.exchange, ERR_NONE);
    }
    return told;
}

/* Those that still have something to send were kept from it by the client. */
static void tell_busy(struct client_h2 *self)
{
    struct list_link *link = list_first(&self->streams);

    while (link != NULL && link != &self->streams.head) {
        struct h2_caller *caller = LIST_ENTRY(link, struct h2_caller, link);
        link = link->next;
        if (caller->stream.left > 0 && caller->caller.exchange != NULL) {
            exchange_on_client_busy(caller->caller.exchange);
        }
    }
}

static void on_task(struct loop_task *task)
{
    struct client_h2 *self = LIST_ENTRY(task, struct client_h2, task);

    self->busy = true;
    if (self->phase != H2_PHASE_OVER) {
        h2_caller_begin_waiting(self);
    }
    do {
        write_frames(self);
    } while (!self->broken && tell_taken(self));
    tell_busy(self);
    h2_caller_note_full(self);
    self->busy = false;
    settle(self);
}

/* ---- events ---- */

void client_h2_on_read(struct client_h2 *self, struct span bytes)
{
    const struct limits *limits = client_limits(self->client);

    if (self->phase == H2_PHASE_OVER) {
        return;
    }
    learn_limits(self);
    self->busy = true;
    bool open = h2_receive(self->h2, bytes, now_ms(self));
    self->busy = false;
    if (!open) {
        give_up(self);
    }
    if (!h2_in_head(self->h2)) {
        self->head_by_ms = 0;
    } else if (self->head_by_ms == 0) {
        self->head_by_ms = now_ms(self) + limits->header_timeout_ms;
    }
    client_h2_schedule(self);
}

/* A client of HTTP/2 that closes its side does not wait for anything. */
void client_h2_on_end(struct client_h2 *self)
{
    self->broken = true;
    client_h2_schedule(self);
}

void client_h2_on_drain(struct client_h2 *self, enum err err)
{
    admission_discharge(self->relay->shared->admission, &self->client->peer,
                        self->charged);
    self->charged = 0;
    self->look_by_ms = 0;
    self->broken = self->broken || err != ERR_NONE;
    client_h2_schedule(self);
}

static bool is_due(uint64_t by_ms, uint64_t now)
{
    return by_ms != 0 && by_ms <= now;
}

/* The socket has taken too little since the last look. */
static bool is_too_slow(struct client_h2 *self)
{
    uint64_t least = client_limits(self->client)->send_rate_min * (LOOK_MS / 1000);
    uint64_t gone = self->sent - stream_unwritten(self->client->stream);
    uint64_t taken = gone > self->look_sent ? gone - self->look_sent : 0;

    self->look_sent = gone;
    self->look_by_ms = now_ms(self) + LOOK_MS;
    return taken < least;
}

void client_h2_on_due(struct client_h2 *self)
{
    uint64_t now = now_ms(self);

    if (is_due(self->unread_by_ms, now)) {
        self->unread_by_ms = 0;
        h2_reset_unread(self->h2);
    }
    if (is_due(self->full_by_ms, now)) {
        self->busy = true;
        h2_caller_cut_youngest(self);
        self->busy = false;
    }
    if (is_due(self->head_by_ms, now)) {
        meter_rejected(self->relay, ENDING_HEADER_TIMEOUT);
        self->broken = true;
    } else if (is_due(self->look_by_ms, now) && is_too_slow(self)) {
        self->broken = true;
    } else if (is_due(self->idle_by_ms, now) || is_due(self->warn_by_ms, now)) {
        self->idle_by_ms = 0;
        self->warn_by_ms = 0;
        self->phase = H2_PHASE_ENDING;
        h2_end(self->h2);
    }
    client_h2_schedule(self);
}

void client_h2_drain(struct client_h2 *self)
{
    if (self->phase == H2_PHASE_OPEN) {
        self->phase = H2_PHASE_WARNED;
        self->warn_by_ms = now_ms(self) + WARNED_MS;
        h2_warn(self->h2);
        client_h2_schedule(self);
    }
}

void client_h2_abort(struct client_h2 *self)
{
    finish_broken(self);
}
