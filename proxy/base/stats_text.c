#include "base/stats_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

enum {
    NUMBER_SIZE_MAX = 32,
    MICROSECONDS_PER_SECOND = 1000000,
};

static const struct stat_family FAMILIES[STAT_COUNT] = {
#define STAT(id, kind, name, labels, help) {STAT_##kind, name, labels, help},
#include "base/stats.def"
#undef STAT
};

const struct stat_family *stats_family(enum stat_id id)
{
    CHECK(id < STAT_COUNT);
    return &FAMILIES[id];
}

static void put(struct stats_text *self, const char *text)
{
    self->write(self->context, span_of(text));
}

static const char *type_of(enum stat_kind kind)
{
    switch (kind) {
    case STAT_COUNTER:
        return "counter";
    case STAT_GAUGE:
    case STAT_RATIO:
        return "gauge";
    case STAT_HISTOGRAM:
        return "histogram";
    }
    UNREACHABLE();
}

/* OpenMetrics names the family of a counter without `_total`, and its sample with it. */
static struct span family_name(const struct stats_text *self)
{
    struct span name = span_of(self->family->name);
    struct span total = SPAN("_total");

    if (self->openmetrics && self->family->kind == STAT_COUNTER &&
        span_ends(name, total)) {
        name.len -= total.len;
    }
    return name;
}

void stats_text_family(struct stats_text *self, enum stat_id id)
{
    self->family = stats_family(id);
    struct span name = family_name(self);

    put(self, "# HELP ");
    self->write(self->context, name);
    put(self, " ");
    put(self, self->family->help);
    put(self, "\n# TYPE ");
    self->write(self->context, name);
    put(self, " ");
    put(self, type_of(self->family->kind));
    put(self, "\n");
}

/* `le` may be NULL. */
static void put_labels(struct stats_text *self, const char *labels, const char *le)
{
    if (labels[0] == '\0' && le == NULL) {
        return;
    }
    put(self, "{");
    put(self, labels);
    if (le != NULL) {
        put(self, labels[0] != '\0' ? ",le=\"" : "le=\"");
        put(self, le);
        put(self, "\"");
    }
    put(self, "}");
}

static void put_line(struct stats_text *self, const char *suffix, const char *labels,
                     const char *le, const char *number)
{
    put(self, self->family->name);
    put(self, suffix);
    put_labels(self, labels, le);
    put(self, " ");
    put(self, number);
    put(self, "\n");
}

static void format_count(uint64_t value, char *number_out)
{
    number_out[format_u64(value, number_out)] = '\0';
}

/* Millionths as a decimal number without needless zeros, but with one digit: `0.5`. */
static void format_millionths(uint64_t value, char *number_out)
{
    int len = snprintf(number_out, NUMBER_SIZE_MAX, "%" PRIu64 ".%06u",
                       value / MICROSECONDS_PER_SECOND,
                       (unsigned)(value % MICROSECONDS_PER_SECOND));
    CHECK(len > 0 && len < NUMBER_SIZE_MAX);
    while (number_out[len - 1] == '0' && number_out[len - 2] != '.') {
        number_out[--len] = '\0';
    }
}

void stats_text_sample(struct stats_text *self, const char *labels, uint64_t value)
{
    char number[NUMBER_SIZE_MAX];

    if (self->family->kind == STAT_RATIO) {
        format_millionths(value, number);
    } else if (self->family->kind == STAT_GAUGE && value > INT64_MAX) {
        /* One block gave back what another, read a moment earlier, had not yet taken. */
        format_count(0, number);
    } else {
        format_count(value, number);
    }
    put_line(self, "", labels, NULL, number);
}

void stats_text_bucket(struct stats_text *self, const char *labels, uint64_t bound_us,
                       uint64_t count)
{
    char bound[NUMBER_SIZE_MAX];
    char number[NUMBER_SIZE_MAX];

    format_millionths(bound_us, bound);
    format_count(count, number);
    put_line(self, "_bucket", labels, bound, number);
}

void stats_text_total(struct stats_text *self, const char *labels, uint64_t count,
                      uint64_t sum_us)
{
    char number[NUMBER_SIZE_MAX];

    format_count(count, number);
    put_line(self, "_bucket", labels, "+Inf", number);
    put_line(self, "_count", labels, NULL, number);
    format_millionths(sum_us, number);
    put_line(self, "_sum", labels, NULL, number);
}

void stats_text_end(struct stats_text *self)
{
    if (self->openmetrics) {
        put(self, "# EOF\n");
    }
}

/* The bytes of `byte` inside a quoted label value; `escaped` has room for two. */
static struct span escape(uint8_t byte, uint8_t *escaped)
{
    escaped[0] = '\\';
    escaped[1] = byte == '\n' ? 'n' : byte;
    bool plain = byte != '\n' && byte != '\\' && byte != '"';
    return plain ? (struct span){.ptr = escaped + 1, .len = 1}
                 : (struct span){.ptr = escaped, .len = 2};
}

struct label_text {
    char *buffer;
    size_t capacity;
    size_t written;
    size_t needed;
};

static void add_text(struct label_text *self, struct span text)
{
    bool fits = self->written == self->needed && text.len > 0 &&
                self->written + text.len < self->capacity;

    self->needed += text.len;
    if (fits) {
        memcpy(self->buffer + self->written, text.ptr, text.len);
        self->written += text.len;
    }
}

size_t stats_label(char *buffer, size_t capacity, const char *name, struct span value)
{
    struct label_text text = {.buffer = buffer, .capacity = capacity};
    uint8_t escaped[2];

    add_text(&text, span_of(name));
    add_text(&text, SPAN("=\""));
    for (size_t i = 0; i < value.len; i++) {
        add_text(&text, escape(value.ptr[i], escaped));
    }
    add_text(&text, SPAN("\""));
    if (capacity > 0) {
        buffer[text.written] = '\0';
    }
    return text.needed;
}
