/**
 * The encoding of a body: what the scanner can read as it is and what it must turn first.
 *
 * Layer: guard. Pure.
 * All encodings in which the bytes of ASCII mean ASCII are read as they are: in UTF-8,
 * EUC, Latin-1, Shift_JIS, GBK and Big5 no byte of a longer character is one that markup
 * is made of. Not so in ISO-2022-JP, whose two-byte characters are made of ASCII bytes
 * between escape sequences: its bytes get their high bit set, which keeps every position.
 * That is for finding where a value stands; the value itself is what was sent, escape
 * sequences and all (scan_unescape_turned()), as a form of the same site sends it. It is
 * known by its escape sequences where nothing is declared; to `regex:` in markup and
 * plain text by Content-Type alone. UTF-16 becomes UTF-8. A byte order mark wins over the
 * declaration (Encoding standard).
 * In JSON and scripts a backslash means something: there the second bytes of Shift_JIS,
 * GBK and Big5 that look like one are doubled, which escapes them.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum charset {
    CHARSET_UNSUPPORTED = 0, /**< UTF-32, UTF-7, EBCDIC, HZ, ISO-2022 but JP. */
    CHARSET_ASCII,           /**< Any encoding that is read as it is. */
    CHARSET_UTF16LE,
    CHARSET_UTF16BE,
    CHARSET_ISO2022JP,
    CHARSET_SHIFT_JIS, /**< A second byte may be a backslash. */
    CHARSET_GBK,       /**< The same of GBK, GB 18030 and Big5. */
};

/** From the name as declared, without case. Unknown and empty: CHARSET_ASCII. */
enum charset charset_named(struct span name);

enum {
    CHARSET_OUT_MAX = 3,   /**< Bytes of UTF-8 for each unit of UTF-16, at most. */
    CHARSET_START = 4,     /**< Bytes that charset_of_start() looks at. */
    CHARSET_ESC = 0x1B,    /**< What every escape sequence of ISO-2022-JP begins with. */
    CHARSET_ESCAPE = 0x9B, /**< What stands for its bytes in a text without them. */
};

/** A UTF-16 or ISO-2022-JP text on its way. Zeroed: at the start. */
struct charset_state {
    uint8_t odd; /**< The first byte of a unit, when `has_odd`. */
    bool has_odd;
    uint16_t high;      /**< A high surrogate that waits for its low one, or 0. */
    uint8_t escape[2];  /**< Bytes after ESC. */
    uint8_t escape_len; /**< 0 outside of an escape sequence, else bytes with ESC. */
    bool two_byte;      /**< Within JIS X 0208 or kana. */
    bool lead;          /**< The first byte of a character of two came. */
};

/** UTF-16 without mark or declaration, by how markup and JSON begin; else CHARSET_ASCII.
 */
enum charset charset_of_start(const uint8_t *bytes);

/**
 * UTF-16 to UTF-8. Takes as much of `in_p` as surely fits into `out` and returns the
 * bytes written. Lone surrogates become U+FFFD.
 *
 * `capacity`: > 16.
 */
size_t charset_utf16(struct charset_state *self, enum charset from, struct span *in_p,
                     uint8_t *out, size_t capacity);

/** ISO-2022-JP with the high bit set where bytes are not ASCII. Same length. */
void charset_iso2022jp(struct charset_state *self, struct span in, uint8_t *out);

/** The bytes of `in` up to the end of the first escape sequence that begins characters of
 * two bytes (`two_byte` is set then), else all. Fast where there are none. */
size_t charset_seek_iso2022jp(struct charset_state *self, struct span in);

/** The bytes of `in`, read from `state` on, up to one that stands among two-byte
 * characters and is part of none: with it the text was never ISO-2022-JP. */
size_t charset_fits_iso2022jp(struct charset_state state, struct span in);

/** The same with CHARSET_ESCAPE for each byte of an escape sequence, where a text may
 * have no control characters. Same length. */
void charset_iso2022jp_text(struct charset_state *self, struct span in, uint8_t *out);

/**
 * Shift_JIS, GBK or Big5 with second bytes doubled that are backslashes. Takes as much of
 * `in_p` as surely fits and returns the bytes written.
 *
 * `capacity`: > 1.
 */
size_t charset_double(struct charset_state *self, enum charset from, struct span *in_p,
                      uint8_t *out, size_t capacity);
