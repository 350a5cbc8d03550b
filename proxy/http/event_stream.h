/**
 * Where the events of a `text/event-stream` end, and what their `data` lines say.
 *
 * Layer: http. Pure. HTML standard, section 9.2.6: lines end with CR, LF or CRLF; an
 * empty line ends an event; one BOM may stand before everything; a line without a colon
 * is a field without a value; what begins with a colon is a comment. Bytes may come in
 * any split: the tokens are the same but for where spans of data are cut.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/** What was found at the front of the bytes. */
enum event_token {
    EVENT_MORE, /**< All bytes were taken and nothing is complete. */
    EVENT_LINE, /**< A `data` line begins. */
    EVENT_DATA, /**< A part of its value. */
    EVENT_END,  /**< An empty line: the event ends with the bytes taken so far. */
    EVENT_TAIL, /**< The LF of a CRLF whose CR has ended an event. */
};

enum event_stream_line {
    EVENT_STREAM_NAME,  /**< Zero: at the start of a line, or in its name. */
    EVENT_STREAM_BLANK, /**< Behind the colon of a `data` line. */
    EVENT_STREAM_VALUE,
    EVENT_STREAM_SKIP, /**< In what says nothing: other fields, comments. */
};

/** Zeroed is the start of a stream. Private. */
struct event_stream {
    enum event_stream_line line;
    uint8_t matched; /**< Bytes of `data`; before `begun`, of a BOM. */
    bool begun;      /**< Behind the place of a BOM. */
    bool cr;         /**< The byte before was a CR. */
    bool ended;      /**< It ended an event. */
};

/**
 * Takes bytes from the front of `bytes_p` up to the next token. Call again until
 * EVENT_MORE. `data_out` is set with EVENT_DATA and lies in the bytes taken.
 */
enum event_token event_stream_next(struct event_stream *self, struct span *bytes_p,
                                   struct span *data_out);
