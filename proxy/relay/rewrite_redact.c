#include "relay/rewrite_redact.h"

#include <string.h>

/* The coding is undone; names, digests and signatures were those of other bytes. */
static bool describes_body(struct span name)
{
    static const char *const NAMES[] = {
        "content-encoding", "etag",        "last-modified",   "content-md5",
        "digest",           "repr-digest", "content-digest",  "accept-ranges",
        "content-range",    "signature",   "signature-input", "x-checksum",
        "trailer",          NULL,
    };

    for (size_t i = 0; NAMES[i] != NULL; i++) {
        if (span_equal_nocase(name, span_of(NAMES[i]))) {
            return true;
        }
    }
    return false;
}

void rewrite_redact(struct writer *out)
{
    struct span rest = writer_span(out);
    size_t kept = 0;

    while (rest.len > 0) {
        size_t len = span_find(rest, '\n');
        struct span line = span_first(rest, len + 1);
        rest = span_from(rest, line.len);
        if (!describes_body(span_first(line, span_find(line, ':')))) {
            memmove(out->ptr + kept, line.ptr, line.len);
            kept += line.len;
        }
    }
    out->len = kept;
}
