/**
 * What one scan is made of.
 *
 * Layer: guard, for guard/scan*.c only. The matcher's types are named but not included.
 */
#pragma once

#include "base/list.h"
#include "guard/scan_html.h"
#include "guard/scan_json.h"
#include "guard/scan_regex.h"

struct hs_stream;
struct hs_scratch;

enum {
    SCAN_KEPT_MAX = 64,      /**< Kept pieces that the tokenizer has not read. */
    SCAN_IDLE_MAX = 1024,    /**< Scans that wait for their next response. */
    SCAN_TURNED_SIZE = 4096, /**< UTF-8 made from UTF-16 at a time. */
};

struct scanner {
    const struct markers *markers;
    struct hs_scratch *scratch;
    struct regex_tools *tools;
    struct scan *idle;
    size_t idle_count;
};

/** A piece the caller keeps for us, from where the tokenizer stands. */
struct scan_kept {
    struct span bytes;
};

struct scan {
    struct scanner *scanner;
    struct scan *next_idle;
    enum scan_kind kind; /**< Resolved: UNKNOWN only before the first byte. */
    enum charset charset;
    bool charset_declared;
    bool matching; /**< `streams[matcher]` has been begun. */
    enum scan_matcher matcher;
    uint8_t mark[CHARSET_START]; /**< Bytes that may tell the encoding. */
    uint8_t mark_len;
    bool mark_done;
    uint64_t blanks;    /**< Bytes before the first that is none. */
    bool looked;        /**< The first byte that is no blank was seen, */
    bool walks_as_well; /**< and the body, HTML or a script, begins like JSON. */
    bool finished;
    uint64_t offset;      /**< Bytes fed. */
    uint64_t piece_start; /**< Where `piece`, the one being matched, begins. */
    struct span piece;
    struct charset_state turning; /**< See scan_turns(). */
    struct hs_stream *streams[SCAN_MATCHER_COUNT];
    struct values values;
    size_t kept_count;
    struct scan_kept kept[SCAN_KEPT_MAX];
    struct json_scan json;
    struct html html;
    struct regex regex;
};

/** There is something the tokenizer could find. */
bool scan_tokenizes(const struct scan *self);

/** The encoding is UTF-16. */
bool scan_is_utf16(const struct scan *self);

/** The bytes are turned into another encoding before they are read. */
bool scan_turns(const struct scan *self);

/** There is something the JSON walker could find. */
bool scan_walks(const struct scan *self);

/** There are patterns to search for. */
bool scan_searches(const struct scan *self);

/** The kind of the body is known: the rooms that read it are made ready. */
void scan_body_begin(struct scan *self, enum scan_kind kind);

/** No more bytes of a byte order mark come: it is dropped, or they were text. */
void scan_body_mark_end(struct scan *self);
