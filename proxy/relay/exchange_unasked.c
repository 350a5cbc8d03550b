/* What comes on the exchange's connection and is not its answer. */
#include "relay/desync.h"
#include "relay/exchange_rooms.h"

/* The kernel told of the bytes in the same breath as of what made us ask: they were there
 * before the request was, and are nobody's answer. */
static bool came_before_the_request(const struct exchange *self)
{
    return self->answer_part == ANSWER_NONE && self->kept_connection &&
           self->upstream->idle_turn != self->asked_turn &&
           loop_in_turn(self->relay->loop, self->asked_turn);
}

/* True: they were taken; the last line may have freed `self`. */
bool exchange_take_unasked(struct exchange *self, struct span bytes)
{
    if (!came_before_the_request(self)) {
        return false;
    }
    desync_note_idle(self->relay, self->upstream, bytes);
    exchange_fail_upstream(self, ENDING_UPSTREAM_CLOSED);
    exchange_advance(self);
    return true;
}

/* Where an answer should begin there is something else: what is left of the one before on
 * this connection, or a body where an interim head may have none. */
void exchange_note_no_head(struct exchange *self, struct span bytes)
{
    struct span start = SPAN("HTTP/");
    size_t len = bytes.len < start.len ? bytes.len : start.len;

    if ((self->kept_connection || self->head_start > 0) &&
        !span_equal(span_first(bytes, len), span_first(start, len))) {
        desync_note_excess(self->relay, self->upstream, bytes);
    }
}
