#include "http/coding.h"

#include <stdlib.h>

#include "http/coding_step.h"

enum {
    PIECE_SIZE = CODING_PIECE_SIZE,
    STREAMS_MAX = 65536, /* Members of one body: to begin one costs, even an empty one. */
    RATIO_FREE_SIZE = 65536 /* Decoded bytes of which no ratio is asked. */
};

enum library {
    LIBRARY_NONE,
    LIBRARY_ZLIB,
    LIBRARY_BROTLI,
    LIBRARY_ZSTD,
    LIBRARY_COUNT,
};

static const struct decoder *const DECODERS[LIBRARY_COUNT] = {
    [LIBRARY_ZLIB] = &DECODER_ZLIB,
    [LIBRARY_BROTLI] = &DECODER_BROTLI,
    [LIBRARY_ZSTD] = &DECODER_ZSTD,
};

#define NAME(text)                                                                       \
    {                                                                                    \
        (const uint8_t *)(text), sizeof(text) - 1                                        \
    }

static const struct kind {
    struct span name;
    enum library library;
    enum stream_form form;
    bool joins; /* Behind the end of a stream another may follow. */
} KINDS[] = {
    {NAME("gzip"), LIBRARY_ZLIB, STREAM_GZIP, true},
    {NAME("x-gzip"), LIBRARY_ZLIB, STREAM_GZIP, true},
    {NAME("deflate"), LIBRARY_ZLIB, STREAM_ZLIB, false},
    {NAME("br"), LIBRARY_BROTLI, STREAM_BROTLI, false},
    {NAME("zstd"), LIBRARY_ZSTD, STREAM_ZSTD, true},
    {NAME("identity"), LIBRARY_NONE, STREAM_GZIP, false},
};
enum { KIND_COUNT = sizeof(KINDS) / sizeof(KINDS[0]) };

/* Takes one coding off. Several are chained: each feeds the next, the last the sink. */
struct step {
    const struct kind *kind;
    void *memory[LIBRARY_COUNT]; /* Made when first used, kept. */
    bool started;                /* Its first byte has been seen. */
    bool ended;                  /* At the end of a member or stream. */
    bool padded;                 /* Behind the end padding was seen. */
    size_t streams;              /* Begun behind the first. */
    uint64_t decoded_size;
};

struct coding {
    struct coding_limits limits;
    coding_sink *sink;
    void *context;
    enum coding_state state;
    uint64_t received_size;
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

static void drop_step(struct step *step)
{
    for (size_t i = LIBRARY_NONE + 1; i < LIBRARY_COUNT; i++) {
        if (step->memory[i] != NULL) {
            DECODERS[i]->drop(step->memory[i]);
        }
    }
}

void coding_free(struct coding **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    for (size_t i = 0; i < CODING_STEPS_MAX; i++) {
        drop_step(&(*self_p)->steps[i]);
    }
    free(*self_p);
    *self_p = NULL;
}

static const struct decoder *decoder_of(const struct step *step)
{
    return DECODERS[step->kind->library];
}

static void *memory_of(const struct step *step)
{
    return step->memory[step->kind->library];
}

void coding_rest(struct coding *self)
{
    for (size_t i = 0; i < self->step_count; i++) {
        decoder_of(&self->steps[i])->rest(memory_of(&self->steps[i]));
    }
    self->step_count = 0;
    self->state = CODING_UNKNOWN;
}

/* ---- Starting ---- */

static const struct kind *kind_of(struct span name)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (span_equal_nocase(name, KINDS[i].name)) {
            return &KINDS[i];
        }
    }
    return NULL;
}

bool coding_is_known(struct span name)
{
    return kind_of(name) != NULL;
}

static bool begin_stream(struct step *step, enum stream_form form)
{
    void **memory_p = &step->memory[step->kind->library];

    if (*memory_p == NULL) {
        *memory_p = decoder_of(step)->make();
    }
    step->ended = false;
    return *memory_p != NULL && decoder_of(step)->begin(*memory_p, form);
}

static bool add_coding(struct coding *self, struct span name)
{
    const struct kind *kind = kind_of(name);

    if (kind == NULL) {
        return false;
    }
    if (kind->library == LIBRARY_NONE) {
        return true;
    }
    if (self->step_count == CODING_STEPS_MAX) {
        return false;
    }
    struct step *step = &self->steps[self->step_count];
    step->kind = kind;
    step->started = false;
    step->padded = false;
    step->streams = 0;
    step->decoded_size = 0;
    if (!begin_stream(step, kind->form)) {
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
    for (size_t i = 0; i < head->field_count; i++) {
        if (head->fields[i].id == FIELD_CONTENT_ENCODING &&
            !add_codings(self, head->fields[i].value)) {
            self->state = CODING_UNKNOWN;
        }
    }
    return self->state;
}

void coding_limit(struct coding *self, const struct coding_limits *limits)
{
    self->limits = *limits;
}

size_t coding_memory(const struct coding *self)
{
    size_t size = sizeof(*self);

    for (size_t i = 0; i < self->step_count; i++) {
        size += decoder_of(&self->steps[i])->size(memory_of(&self->steps[i]));
    }
    return size;
}

size_t coding_step_count(const struct coding *self)
{
    return self->state >= CODING_MORE ? self->step_count : 0;
}

/* ---- Decoding ---- */

/* What any step gives is limited, not only what comes out at the end: bytes in between
 * may decode to nothing and cost all the same. */
static bool within_limits(struct coding *self, uint64_t decoded_size)
{
    bool dense = decoded_size > RATIO_FREE_SIZE &&
                 decoded_size / self->limits.ratio_max > self->received_size;

    if (dense || decoded_size > self->limits.decoded_size_max) {
        self->state = CODING_LIMIT;
        return false;
    }
    return true;
}

/*
 * `deflate` comes with the envelope of zlib or without: its first byte says method 8 and
 * a window of at most 32 KiB, which no sensible raw stream starts with.
 */
static bool start_step(struct step *step, uint8_t first)
{
    step->started = true;
    if (step->kind->form != STREAM_ZLIB || ((first & 0x0f) == 8 && (first >> 4) <= 7)) {
        return true;
    }
    return begin_stream(step, STREAM_RAW);
}

/* Some sites end a coded body with blanks or zeros; browsers do not mind, and they say
 * nothing of anybody. */
static bool is_padding(uint8_t byte)
{
    return byte == 0 || byte == ' ' || byte == '\r' || byte == '\n' || byte == '\t';
}

/* Takes the padding behind the end off; then nothing else may follow. */
static bool take_padding(struct step *step, struct span *bytes_p)
{
    size_t len = 0;

    while (len < bytes_p->len && is_padding(bytes_p->ptr[len])) {
        len++;
    }
    step->padded = step->padded || len > 0;
    *bytes_p = span_from(*bytes_p, len);
    return len > 0;
}

static bool ready_for_input(struct step *step, uint8_t first)
{
    if (!step->started) {
        return start_step(step, first);
    }
    if (!step->ended) {
        return true;
    }
    return step->kind->joins && !step->padded && ++step->streams < STREAMS_MAX &&
           begin_stream(step, step->kind->form);
}

static void run_step(struct coding *self, size_t index, struct span bytes);

// NOLINTNEXTLINE(misc-no-recursion)
static void pass_on(struct coding *self, size_t index, size_t len)
{
    struct step *step = &self->steps[index];
    struct span decoded = {.ptr = self->pieces[index], .len = len};

    step->decoded_size += len;
    if (len == 0 || !within_limits(self, step->decoded_size)) {
        return;
    }
    if (index == 0) {
        self->sink(self->context, decoded);
    } else {
        run_step(self, index - 1, decoded);
    }
}

/* Takes bytes from the front, gives at most one piece. */
static enum coding_state step_once(struct step *step, struct span *bytes_p,
                                   uint8_t *piece, size_t *len_out)
{
    size_t before = bytes_p->len;
    *len_out = 0;
    enum decoded decoded =
        decoder_of(step)->once(memory_of(step), bytes_p, piece, len_out);

    step->ended = decoded == DECODED_END;
    if (decoded == DECODED_LIMIT) {
        return CODING_LIMIT;
    }
    bool moved = bytes_p->len < before || *len_out > 0 || before == 0;
    return decoded == DECODED_DAMAGED || !moved ? CODING_DAMAGED : CODING_MORE;
}

/* Feeds a step all of `bytes`, not empty. Calls nest at most CODING_STEPS_MAX deep. */
// NOLINTNEXTLINE(misc-no-recursion)
static void run_step(struct coding *self, size_t index, struct span bytes)
{
    struct step *step = &self->steps[index];
    size_t len = 0;

    do {
        if (step->ended && take_padding(step, &bytes) && bytes.len == 0) {
            return;
        }
        if (bytes.len > 0 && !ready_for_input(step, bytes.ptr[0])) {
            self->state = CODING_DAMAGED;
            return;
        }
        self->state = step_once(step, &bytes, self->pieces[index], &len);
        if (self->state == CODING_MORE) {
            pass_on(self, index, len);
        }
    } while (self->state == CODING_MORE &&
             (bytes.len > 0 || (len == PIECE_SIZE && !step->ended)));
}

/* Bytes that pass as they are. */
static void pass_plain(struct coding *self, struct span bytes)
{
    if (self->received_size > self->limits.decoded_size_max) {
        self->state = CODING_LIMIT;
    } else {
        self->sink(self->context, bytes);
    }
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
        pass_plain(self, bytes);
    } else if (bytes.len > 0) {
        run_step(self, self->step_count - 1, bytes);
    }
    if (piece == PIECE_LAST && self->state == CODING_MORE) {
        finish(self);
    }
    return self->state;
}
