#include "http/event_stream.h"

static const uint8_t BOM[3] = {0xEF, 0xBB, 0xBF};
static const uint8_t NAME[4] = {'d', 'a', 't', 'a'};

static bool ends_line(uint8_t byte)
{
    return byte == '\r' || byte == '\n';
}

static void take(struct span *bytes_p, size_t len)
{
    *bytes_p = span_from(*bytes_p, len);
}

/* Bytes before the next end of a line. */
static size_t run_len(struct span bytes)
{
    struct span line = span_first(bytes, span_find(bytes, '\n'));
    return span_find(line, '\r');
}

/* The line ends with `byte`. EVENT_MORE: that says nothing. */
static enum event_token end_line(struct event_stream *self, uint8_t byte)
{
    bool in_name = self->line == EVENT_STREAM_NAME;
    bool blank = in_name && self->matched == 0;
    bool data = in_name && self->begun && self->matched == sizeof(NAME);

    self->line = EVENT_STREAM_NAME;
    self->matched = 0;
    self->begun = true;
    self->cr = byte == '\r';
    self->ended = self->cr && blank;
    if (data) {
        return EVENT_LINE;
    }
    return blank ? EVENT_END : EVENT_MORE;
}

/* One byte where a BOM may stand. False: it is none of one, and was not taken. */
static bool take_mark(struct event_stream *self, uint8_t byte)
{
    if (byte == BOM[self->matched]) {
        self->matched++;
        self->begun = self->matched == sizeof(BOM);
        self->matched = self->begun ? 0 : self->matched;
        return true;
    }
    self->begun = true;
    if (self->matched > 0) {
        self->line = EVENT_STREAM_SKIP;
        self->matched = 0;
    }
    return false;
}

/* One byte of a name, or the colon behind it. True: a `data` line begins. */
static bool take_name(struct event_stream *self, uint8_t byte)
{
    if (byte == ':' && self->matched == sizeof(NAME)) {
        self->line = EVENT_STREAM_BLANK;
        return true;
    }
    if (self->matched < sizeof(NAME) && byte == NAME[self->matched]) {
        self->matched++;
    } else {
        self->line = EVENT_STREAM_SKIP;
    }
    return false;
}

/* What stands before the end of the line. EVENT_MORE: that says nothing. */
static enum event_token take_part(struct event_stream *self, struct span *bytes_p,
                                  struct span *data_out)
{
    size_t len = 1;
    enum event_token token = EVENT_MORE;

    switch (self->line) {
    case EVENT_STREAM_NAME:
        if (!self->begun) {
            len = take_mark(self, bytes_p->ptr[0]) ? 1 : 0;
        } else if (take_name(self, bytes_p->ptr[0])) {
            token = EVENT_LINE;
        }
        break;
    case EVENT_STREAM_BLANK:
        len = bytes_p->ptr[0] == ' ' ? 1 : 0;
        self->line = EVENT_STREAM_VALUE;
        break;
    case EVENT_STREAM_VALUE:
        len = run_len(*bytes_p);
        *data_out = span_first(*bytes_p, len);
        token = EVENT_DATA;
        break;
    case EVENT_STREAM_SKIP:
        len = run_len(*bytes_p);
        break;
    }
    take(bytes_p, len);
    return token;
}

enum event_token event_stream_next(struct event_stream *self, struct span *bytes_p,
                                   struct span *data_out)
{
    while (bytes_p->len > 0) {
        uint8_t byte = bytes_p->ptr[0];
        enum event_token token = EVENT_MORE;
        bool tail = self->cr && byte == '\n';
        bool ended = self->ended;

        self->cr = false;
        self->ended = false;
        if (tail) {
            take(bytes_p, 1);
            token = ended ? EVENT_TAIL : EVENT_MORE;
        } else if (ends_line(byte)) {
            take(bytes_p, 1);
            token = end_line(self, byte);
        } else {
            token = take_part(self, bytes_p, data_out);
        }
        if (token != EVENT_MORE) {
            return token;
        }
    }
    return EVENT_MORE;
}
