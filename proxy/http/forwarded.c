#include "http/forwarded.h"

/* Where the last of the items that `separator` parts begins; commas and the like in
 * quotes part nothing. */
static size_t last_item(struct span text, uint8_t separator)
{
    bool quoted = false;
    size_t at = text.len;

    while (at > 0 && (quoted || text.ptr[at - 1] != separator)) {
        quoted = quoted != (text.ptr[at - 1] == '"');
        at--;
    }
    return at;
}

static struct span take_last(struct span *rest_p, uint8_t separator)
{
    size_t at = last_item(*rest_p, separator);
    struct span item = span_trim(span_from(*rest_p, at));

    *rest_p = span_first(*rest_p, at > 0 ? at - 1 : 0);
    return item;
}

/* `192.0.2.1`, `192.0.2.1:80`, `"[2001:db8::1]:80"` to the address alone. */
static struct span address_of(struct span node)
{
    if (node.len >= 2 && node.ptr[0] == '"' && node.ptr[node.len - 1] == '"') {
        node = span_first(span_from(node, 1), node.len - 2);
    }
    if (span_starts(node, SPAN("["))) {
        size_t end = span_find(node, ']');
        return end < node.len ? span_first(span_from(node, 1), end - 1)
                              : (struct span){0};
    }
    return span_first(node, span_find(node, ':'));
}

bool forwarded_last(struct span *hops_p, struct span *hop_out)
{
    const struct span name = SPAN("for=");

    *hop_out = (struct span){0};
    if (hops_p->len == 0) {
        return false;
    }
    if (span_find(*hops_p, '\\') < hops_p->len) {
        *hops_p = (struct span){0}; /* Quotes within quotes: no proxy of ours does so. */
        return true;
    }
    struct span element = take_last(hops_p, ',');
    while (element.len > 0) {
        struct span pair = take_last(&element, ';');
        if (span_equal_nocase(span_first(pair, name.len), name)) {
            *hop_out = address_of(span_from(pair, name.len));
        }
    }
    return true;
}

bool forwarded_last_plain(struct span *hops_p, struct span *hop_out)
{
    *hop_out = (struct span){0};
    if (hops_p->len == 0) {
        return false;
    }
    *hop_out = take_last(hops_p, ',');
    return true;
}
