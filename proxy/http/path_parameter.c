#include "http/path_parameter.h"

#include "http/text.h"

enum { NAME_LEN_MAX = 128 };

/* One piece of a target: the byte before it, and all up to the next such byte. */
struct piece_of_target {
    uint8_t before; /* `/`, `;`, `?`, `&`, or 0 at the start. */
    struct span text;
};

static bool is_border(uint8_t byte, bool in_query)
{
    return in_query ? byte == '&' : byte == '/' || byte == ';' || byte == '?';
}

static bool next_piece(struct span *rest_p, bool *in_query_p,
                       struct piece_of_target *piece_out)
{
    size_t start = 0;

    if (rest_p->len == 0) {
        return false;
    }
    piece_out->before = 0;
    if (is_border(rest_p->ptr[0], *in_query_p)) {
        piece_out->before = rest_p->ptr[0];
        start = 1;
    }
    *in_query_p = *in_query_p || piece_out->before == '?';
    size_t end = start;
    while (end < rest_p->len && !is_border(rest_p->ptr[end], *in_query_p)) {
        end++;
    }
    piece_out->text = span_first(span_from(*rest_p, start), end - start);
    *rest_p = span_from(*rest_p, end);
    return true;
}

/* The decoded name of `name[=value]`; empty when it is malformed or too long. */
static struct span name_of(struct span text, uint8_t *buffer)
{
    struct span name = span_first(text, span_find(text, '='));
    size_t len = 0;

    if (name.len > NAME_LEN_MAX || !text_decode_percent(name, false, buffer, &len)) {
        return (struct span){0};
    }
    return (struct span){.ptr = buffer, .len = len};
}

unsigned path_parameter_find(struct span target, struct span name, struct span *value_out)
{
    struct piece_of_target piece;
    uint8_t buffer[NAME_LEN_MAX];
    bool in_query = false;
    unsigned count = 0;

    while (next_piece(&target, &in_query, &piece) && !in_query) {
        if (piece.before != ';' || !span_equal(name_of(piece.text, buffer), name)) {
            continue;
        }
        struct span value = span_from(piece.text, span_find(piece.text, '=') + 1);
        if (count > 0 && !span_equal(value, *value_out)) {
            return 2;
        }
        *value_out = value;
        count = 1;
    }
    return count;
}

static bool is_unwanted(const struct piece_of_target *piece,
                        const struct cookie_names *names)
{
    uint8_t buffer[NAME_LEN_MAX];
    struct span name = name_of(piece->text, buffer);

    return piece->before != '/' && piece->before != 0 && name.len > 0 &&
           cookie_names_rank(names, name) != COOKIE_NO_MATCH;
}

size_t path_parameter_remove(struct span target, const struct cookie_names *names,
                             uint8_t *buffer)
{
    struct piece_of_target piece;
    bool in_query = false;
    bool query_begun = false;
    size_t len = 0;

    while (next_piece(&target, &in_query, &piece)) {
        if (is_unwanted(&piece, names)) {
            continue;
        }
        if (in_query) {
            piece.before = query_begun ? '&' : '?';
            query_begun = true;
        }
        if (piece.before != 0) {
            buffer[len++] = piece.before;
        }
        if (piece.text.len > 0) {
            memcpy(buffer + len, piece.text.ptr, piece.text.len);
            len += piece.text.len;
        }
    }
    return len;
}
