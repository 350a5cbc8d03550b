#include "http/h2_walk.h"

#include <string.h>

enum {
    PREFACE_LEN = 24,
    FRAME_DATA = 0x0,
    FRAME_HEADERS = 0x1,
    FRAME_RST_STREAM = 0x3,
    FLAG_END_STREAM = 0x1,
};

void h2_walk_init(struct h2_walk *self)
{
    *self = (struct h2_walk){.skip = PREFACE_LEN};
}

static bool is_finished(const struct h2_walk *self, int32_t id)
{
    if (id > self->highest) {
        return false;
    }
    for (size_t i = 0; i < H2_FINISHED_KEPT; i++) {
        if (self->finished[i] == id && id != 0) {
            return true;
        }
    }
    return false;
}

static void note_finished(struct h2_walk *self, int32_t id)
{
    self->finished[self->finished_count++ % H2_FINISHED_KEPT] = id;
    self->highest = id > self->highest ? id : self->highest;
}

/* Takes a whole head. False: its frame is for a finished stream. */
static bool take_head(struct h2_walk *self, const uint8_t head[H2_FRAME_HEAD_LEN])
{
    uint8_t type = head[3];
    bool carries = type == FRAME_DATA || type == FRAME_HEADERS;
    int32_t id = (int32_t)((uint32_t)(head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 |
                           (uint32_t)head[7] << 8 | head[8]);

    self->skip = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
    if (carries && is_finished(self, id)) {
        return false;
    }
    if (type == FRAME_RST_STREAM || (carries && (head[4] & FLAG_END_STREAM) != 0)) {
        note_finished(self, id);
    }
    return true;
}

size_t h2_walk_over(struct h2_walk *self, struct span bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        size_t left = bytes.len - at;
        size_t begin = at;
        if (self->skip > 0) {
            size_t step = self->skip < left ? self->skip : left;
            self->skip -= (uint32_t)step;
            at += step;
            continue;
        }
        size_t missing = (size_t)H2_FRAME_HEAD_LEN - self->head_len;
        size_t step = missing < left ? missing : left;
        memcpy(self->head + self->head_len, bytes.ptr + at, step);
        self->head_len = (uint8_t)(self->head_len + step);
        at += step;
        if (self->head_len < H2_FRAME_HEAD_LEN) {
            break;
        }
        self->head_len = 0;
        if (!take_head(self, self->head)) {
            return begin;
        }
    }
    return at;
}
