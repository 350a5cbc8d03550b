#include "relay/rewrite_private.h"

#include <string.h>

#include "http/cache.h"

/* The line at the beginning of `text`, with its end. */
static struct span first_line(struct span text)
{
    size_t len = span_find(text, '\n');

    return span_first(text, len < text.len ? len + 1 : text.len);
}

void rewrite_private(struct writer *out)
{
    struct span rest = writer_span(out);
    size_t kept = 0;

    while (rest.len > 0) {
        struct span line = first_line(rest);
        rest = span_from(rest, line.len);
        if (!cache_is_directive(span_first(line, span_find(line, ':')))) {
            if (line.ptr != out->ptr + kept) { /* One was left out before. */
                memmove(out->ptr + kept, line.ptr, line.len);
            }
            kept += line.len;
        }
    }
    out->len = kept;
    writer_put(out, SPAN("Cache-Control: private, no-store\r\n"));
}
