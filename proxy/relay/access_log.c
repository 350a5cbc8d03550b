#include "relay/access_log.h"

#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "base/writer.h"

enum {
    LINE_MAX_SIZE = 4096,
    PATH_LOGGED_MAX = 512,
    TIME_DIGITS = 19, /* 2024-03-25T13:52:00 */
};

struct access_log {
    struct access_log_sink sink;
    struct stats *stats;
    struct stats_block *block;
    unsigned dropped;
    uint64_t second; /* The one that `time` shows. */
    char time[32];
    size_t len;
    uint8_t buffer[ACCESS_LOG_BUFFER];
};

struct access_log *access_log_new(const struct access_log_sink *sink, struct stats *stats)
{
    struct access_log *self = malloc(sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->sink = *sink;
    self->stats = stats;
    self->block = stats_block_new(stats);
    self->dropped = stats_series(stats, STAT_LOG_DROPPED, "");
    self->second = 0;
    self->len = 0;
    if (self->block == NULL) {
        free(self);
        return NULL;
    }
    return self;
}

void access_log_free(struct access_log **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    access_log_flush(*self_p);
    free(*self_p);
    *self_p = NULL;
}

void access_log_flush(struct access_log *self)
{
    if (self->len == 0) {
        return;
    }
    struct span text = {.ptr = self->buffer, .len = self->len};
    if (!self->sink.take(self->sink.self, text)) {
        uint64_t lines = 0;
        for (size_t i = 0; i < self->len; i++) {
            lines += self->buffer[i] == '\n';
        }
        stats_add(self->block, self->dropped, lines);
    }
    self->len = 0;
}

/* What stands before a member's value; its length is known when this is compiled. */
#define TEXT_NAME(name)   SPAN(",\"" name "\":\"")
#define NUMBER_NAME(name) SPAN(",\"" name "\":")

/* A JSON string; bytes that JSON or a terminal would trip over become `?`. */
static void put_string(struct writer *out, struct span name, struct span value)
{
    writer_put(out, name);
    size_t plain = 0;
    for (size_t i = 0; i <= value.len; i++) {
        bool end = i == value.len;
        if (!end && value.ptr[i] >= 0x20 && value.ptr[i] < 0x7f && value.ptr[i] != '"' &&
            value.ptr[i] != '\\') {
            continue;
        }
        writer_put(out, span_from(span_first(value, i), plain));
        if (!end) {
            writer_byte(out, '?');
        }
        plain = i + 1;
    }
    writer_put(out, SPAN("\""));
}

/* The same for text of our own, which holds nothing to escape. */
static void put_plain(struct writer *out, struct span name, struct span value)
{
    writer_put(out, name);
    writer_put(out, value);
    writer_put(out, SPAN("\""));
}

/* Paths are UTF-8 as often as not: escaped bytes are shown as %XX. */
static void put_path(struct writer *out, struct span path)
{
    static const char DIGITS[] = "0123456789ABCDEF";

    writer_put(out, TEXT_NAME("path"));
    path = span_first(path, PATH_LOGGED_MAX);
    size_t plain = 0;
    for (size_t i = 0; i < path.len; i++) {
        uint8_t byte = path.ptr[i];
        if (byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '%') {
            continue;
        }
        char escaped[3] = {'%', DIGITS[byte >> 4], DIGITS[byte & 15]};
        writer_put(out, span_from(span_first(path, i), plain));
        writer_put(out, (struct span){.ptr = (const uint8_t *)escaped, .len = 3});
        plain = i + 1;
    }
    writer_put(out, span_from(path, plain));
    writer_put(out, SPAN("\""));
}

static void put_number(struct writer *out, struct span name, uint64_t value)
{
    writer_put(out, name);
    writer_u64(out, value);
}

static void put_time(struct access_log *self, struct writer *out, uint64_t unix_ms)
{
    uint64_t second = unix_ms / 1000;
    char digits[] = ".000Z\"";

    if (second != self->second) {
        time_t when = (time_t)second;
        struct tm parts;
        (void)gmtime_r(&when, &parts);
        CHECK(strftime(self->time, sizeof(self->time), "%Y-%m-%dT%H:%M:%S", &parts) ==
              TIME_DIGITS);
        self->second = second;
    }
    unsigned ms = (unsigned)(unix_ms % 1000);
    digits[1] = (char)('0' + ms / 100);
    digits[2] = (char)('0' + ms / 10 % 10);
    digits[3] = (char)('0' + ms % 10);
    writer_put(out, SPAN("{\"time\":\""));
    writer_put(out,
               (struct span){.ptr = (const uint8_t *)self->time, .len = TIME_DIGITS});
    writer_put(out,
               (struct span){.ptr = (const uint8_t *)digits, .len = sizeof(digits) - 1});
}

void access_log_write(struct access_log *self, const struct access_log_line *line)
{
    char address[ADDRESS_TEXT_MAX];

    if (ACCESS_LOG_BUFFER - self->len < LINE_MAX_SIZE) {
        access_log_flush(self);
    }
    struct writer out = writer_of(self->buffer + self->len, LINE_MAX_SIZE);
    put_time(self, &out, line->unix_ms);
    put_plain(&out, TEXT_NAME("request"),
              (struct span){.ptr = (const uint8_t *)line->id, .len = JOURNAL_ID_DIGITS});
    size_t address_len = address_format_peer(line->client, address);
    put_plain(&out, TEXT_NAME("client"),
              (struct span){.ptr = (const uint8_t *)address, .len = address_len});
    put_string(&out, TEXT_NAME("method"), span_first(line->method, 16));
    put_path(&out, line->path);
    put_string(&out, TEXT_NAME("route"), span_first(line->route, PATH_LOGGED_MAX));
    put_number(&out, NUMBER_NAME("status"), line->status);
    put_number(&out, NUMBER_NAME("bytes"), line->bytes);
    put_number(&out, NUMBER_NAME("duration_us"), line->duration_us);
    put_plain(&out, TEXT_NAME("ending"), span_of(ending_word(line->ending)));
    if (line->session[0] != '\0') {
        put_plain(&out, TEXT_NAME("session"), span_of(line->session));
    }
    if (line->upstream[0] != '\0') {
        put_string(&out, TEXT_NAME("upstream"), span_of(line->upstream));
        put_number(&out, NUMBER_NAME("connection"), line->upstream_connection);
    }
    if (line->detector[0] != '\0') {
        put_plain(&out, TEXT_NAME("detector"), span_of(line->detector));
    }
    if (line->incident > 0) {
        put_number(&out, NUMBER_NAME("incident"), line->incident);
    }
    if (line->drill) {
        writer_put(&out, SPAN(",\"drill\":true"));
    }
    if (line->would_have != NULL && line->would_have[0] != '\0') {
        put_plain(&out, TEXT_NAME("would_have"), span_of(line->would_have));
    }
    if (line->coverage != ACCESS_LOG_NOT_ASKED) {
        writer_put(&out, line->coverage == ACCESS_LOG_MARKED ? SPAN(",\"marked\":true")
                                                             : SPAN(",\"marked\":false"));
    }
    writer_text(&out, "}\n");
    CHECK(!out.full);
    self->len += out.len;
}
