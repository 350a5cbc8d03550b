#include "http/coding.h"

#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST /* Its input is only read. */
#include <zlib.h>

enum {
    PIECE_SIZE = 16384,     /* Decoded bytes handed on at once. */
    RATIO_FREE_SIZE = 65536 /* Decoded bytes of which no ratio is asked. */
};

enum kind {
    KIND_NONE,
    KIND_GZIP,
    KIND_DEFLATE,
};

/* One row per coding; more will follow. */
static const struct {
    struct span name;
    enum kind kind;
} KINDS[] = {
    {{(const uint8_t *)"gzip", 4}, KIND_GZIP},
    {{(const uint8_t *)"x-gzip", 6}, KIND_GZIP},
    {{(const uint8_t *)"deflate", 7}, KIND_DEFLATE},
    {{(const uint8_t *)"identity", 8}, KIND_NONE},
};
enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]) };

/* Takes one coding off. Several are chained: each feeds the next, the last the sink. */
struct step {
    enum kind kind;
    z_stream stream;
    bool made;    /* `stream` has memory. */
    bool started; /* Its first byte has been seen. */
    bool ended;   /* At the end of a member or stream. */
};

struct coding {
    struct coding_limits limits;
    coding_sink *sink;
    void *context;
    enum coding_state state;
    uint64_t received_size;
    uint64_t decoded_size;
    size_t step_count;
    struct step steps[CODING_STEPS_MAX];
    uint8_t pieces[CODING_STEPS_MAX][PIECE_SIZE];
};

struct coding *coding_new(const struct coding_limits *limits, coding_sink *sink)
{
    CHECK(limits->decoded_size_max > 0 && limits->ratio_max > 0);

    struct coding *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->limits = *limits;
    self->sink = sink;
    return self;
}

void coding_free(struct coding **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    for (size_t i = 0; i < CODING_STEPS_MAX; i++) {
        if ((*self_p)->steps[i].made) {
            inflateEnd(&(*self_p)->steps[i].stream);
        }
    }
    free(*self_p);
    *self_p = NULL;
}

/* ---- Starting ---- */

static bool kind_of(struct span name, enum kind *kind_out)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (span_equal_nocase(name, KINDS[i].name)) {
            *kind_out = KINDS[i].kind;
            return true;
        }
    }
    return false;
}

bool coding_is_known(struct span name)
{
    enum kind kind = KIND_NONE;

    return kind_of(name, &kind);
}

/* zlib's windowBits: 15, +16 for gzip; negative for deflate without its envelope. */
static bool ready_stream(struct step *step, int window_bits)
{
    if (step->made) {
        return inflateReset2(&step->stream, window_bits) == Z_OK;
    }
    step->stream = (z_stream){0};
    step->made = inflateInit2(&step->stream, window_bits) == Z_OK;
    return step->made;
}

static bool add_coding(struct coding *self, struct span name)
{
    enum kind kind = KIND_NONE;

    if (!kind_of(name, &kind)) {
        return false;
    }
    if (kind == KIND_NONE) {
        return true;
    }
    if (self->step_count == CODING_STEPS_MAX) {
        return false;
    }
    struct step *step = &self->steps[self->step_count];
    step->kind = kind;
    step->started = false;
    step->ended = false;
    if (!ready_stream(step, kind == KIND_GZIP ? 15 + 16 : 15)) {
        return false;
    }
    self->step_count++;
    return true;
}

static bool add_codings(struct coding *self, struct span list)
{
    struct span item;

    while (span_next(&list, ',', &item)) {
        item = span_trim(item);
        if (item.len > 0 && !add_coding(self, item)) {
            return false;
        }
    }
    return true;
}

enum coding_state coding_start(struct coding *self, const struct head *head,
                               void *context)
{
    self->context = context;
    self->state = CODING_MORE;
    self->step_count = 0;
    self->received_size = 0;
    self->decoded_size = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        if (head->fields[i].id == FIELD_CONTENT_ENCODING &&
            !add_codings(self, head->fields[i].value)) {
            self->state = CODING_UNKNOWN;
        }
    }
    return self->state;
}

bool coding_is_identity(const struct coding *self)
{
    return self->state >= CODING_MORE && self->step_count == 0;
}

/* ---- Decoding ---- */

static void hand_on(struct coding *self, struct span decoded)
{
    self->decoded_size += decoded.len;
    if (self->decoded_size > self->limits.decoded_size_max ||
        (self->step_count > 0 && self->decoded_size > RATIO_FREE_SIZE &&
         self->decoded_size / self->limits.ratio_max > self->received_size)) {
        self->state = CODING_LIMIT;
        return;
    }
    if (decoded.len > 0) {
        self->sink(self->context, decoded);
    }
}

/*
 * `deflate` comes with the envelope of zlib or without: its first byte says method 8 and
 * a window of at most 32 KiB, which no sensible raw stream starts with.
 */
static bool start_step(struct step *step, uint8_t first)
{
    step->started = true;
    if (step->kind != KIND_DEFLATE || ((first & 0x0f) == 8 && (first >> 4) <= 7)) {
        return true;
    }
    return ready_stream(step, -15);
}

/* Behind the end of a gzip member another may follow; behind anything else nothing. */
static bool restart_step(struct step *step)
{
    step->ended = false;
    return step->kind == KIND_GZIP && inflateReset(&step->stream) == Z_OK;
}

static bool ready_for_input(struct step *step, uint8_t first)
{
    if (!step->started) {
        return start_step(step, first);
    }
    return !step->ended || restart_step(step);
}

/* One call of zlib: at most one piece of output. False when the stream is damaged. */
static bool inflate_once(struct step *step, uint8_t *piece, size_t *len_out)
{
    step->stream.next_out = piece;
    step->stream.avail_out = PIECE_SIZE;
    int result = inflate(&step->stream, Z_NO_FLUSH);
    *len_out = PIECE_SIZE - step->stream.avail_out;
    step->ended = result == Z_STREAM_END;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static void run_step(struct coding *self, size_t index, struct span bytes);

// NOLINTNEXTLINE(misc-no-recursion)
static void pass_on(struct coding *self, size_t index, struct span decoded)
{
    if (index == 0) {
        hand_on(self, decoded);
    } else if (decoded.len > 0) {
        run_step(self, index - 1, decoded);
    }
}

/* Takes bytes from the front, gives at most one piece; false when damaged. */
static bool step_once(struct step *step, struct span *bytes_p, uint8_t *piece,
                      size_t *len_out)
{
    size_t given = bytes_p->len < UINT_MAX ? bytes_p->len : UINT_MAX;

    step->stream.next_in = bytes_p->ptr;
    step->stream.avail_in = (unsigned)given;
    if (!inflate_once(step, piece, len_out)) {
        return false;
    }
    size_t taken = given - step->stream.avail_in;
    *bytes_p = span_from(*bytes_p, taken);
    return taken > 0 || *len_out > 0 || given == 0;
}

/* Feeds a step all of `bytes`, not empty. Calls nest at most CODING_STEPS_MAX deep. */
// NOLINTNEXTLINE(misc-no-recursion)
static void run_step(struct coding *self, size_t index, struct span bytes)
{
    struct step *step = &self->steps[index];
    size_t len = 0;

    do {
        if (bytes.len > 0 && !ready_for_input(step, bytes.ptr[0])) {
            self->state = CODING_DAMAGED;
            return;
        }
        if (!step_once(step, &bytes, self->pieces[index], &len)) {
            self->state = CODING_DAMAGED;
            return;
        }
        pass_on(self, index, (struct span){.ptr = self->pieces[index], .len = len});
    } while (self->state == CODING_MORE &&
             (bytes.len > 0 || (len == PIECE_SIZE && !step->ended)));
}

/* The last piece was fed: every step must stand at the end of its stream, if any began.
 */
static void finish(struct coding *self)
{
    for (size_t i = 0; self->received_size > 0 && i < self->step_count; i++) {
        if (!self->steps[i].ended) {
            self->state = CODING_DAMAGED;
            return;
        }
    }
    self->state = CODING_DONE;
}

enum coding_state coding_feed(struct coding *self, struct span bytes, enum piece piece)
{
    if (self->state != CODING_MORE) {
        if (self->state == CODING_DONE && bytes.len > 0) {
            self->state = CODING_DAMAGED;
        }
        return self->state;
    }
    if (piece == PIECE_BROKEN) {
        self->state = CODING_DAMAGED;
        return self->state;
    }
    self->received_size += bytes.len;
    if (bytes.len > 0 && self->step_count == 0) {
        hand_on(self, bytes);
    } else if (bytes.len > 0) {
        run_step(self, self->step_count - 1, bytes);
    }
    if (piece == PIECE_LAST && self->state == CODING_MORE) {
        finish(self);
    }
    return self->state;
}

const char *coding_state_name(enum coding_state state)
{
    static const char *const names[] = {
        [CODING_UNKNOWN] = "unknown-coding",
        [CODING_DAMAGED] = "damaged",
        [CODING_LIMIT] = "over-limit",
        [CODING_MORE] = "more",
        [CODING_DONE] = "done",
    };
    CHECK((size_t)state < sizeof(names) / sizeof(names[0]));

    return names[state];
}
