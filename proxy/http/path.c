#include "http/path.h"

#include "http/host.h"
#include "http/text.h"

enum {
    ROUNDS_MAX = 4, /* Decodings until nothing is encoded; more is an attack. */
};

static bool is_separator(uint8_t byte)
{
    return byte == '/' || byte == '\\';
}

static bool is_forbidden(uint8_t byte)
{
    return byte < ' ' || byte == 0x7f;
}

static bool has_escape(struct span text)
{
    for (size_t i = span_find(text, '%'); i < text.len; i++) {
        if (text_escaped_byte(span_from(text, i)) >= 0) {
            return true;
        }
    }
    return false;
}

/* ---- Decoding ---- */

/* The received bytes: escapes well formed, nothing forbidden, plain or encoded once. */
static enum path_error check_received(struct span path)
{
    for (size_t i = 0; i < path.len; i++) {
        int byte = path.ptr[i];
        if (byte == '\\' || byte == '#') {
            return PATH_ERROR_BYTE;
        }
        if (byte == '%') {
            byte = text_escaped_byte(span_from(path, i));
            i += 2;
        }
        if (byte < 0) {
            return PATH_ERROR_ESCAPE;
        }
        if (is_forbidden((uint8_t)byte)) {
            return PATH_ERROR_BYTE;
        }
    }
    return PATH_ERROR_NONE;
}

/*
 * Decodes `text` once and returns the bytes written to `out`, which may be `text` itself.
 * Encoded separators stay as they are when `keep_separators`.
 */
static size_t decode(struct span text, bool keep_separators, uint8_t *out)
{
    size_t len = 0;
    size_t i = 0;

    while (i < text.len) {
        int byte = text_escaped_byte(span_from(text, i));
        if (byte < 0) {
            out[len++] = text.ptr[i++];
        } else if (keep_separators && is_separator((uint8_t)byte)) {
            memmove(out + len, text.ptr + i, 3);
            len += 3;
            i += 3;
        } else {
            out[len++] = (uint8_t)byte;
            i += 3;
        }
    }
    return len;
}

static bool has_forbidden(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_forbidden(text.ptr[i])) {
            return true;
        }
    }
    return false;
}

/* ---- Segments ---- */

/*
 * Cleans a decoded path in place: what stands behind `;` is dropped from every segment,
 * empty segments leave no trace, dots are refused. Written bytes never pass read ones.
 */
static enum path_error clean(uint8_t *bytes, size_t *len_p)
{
    struct span rest = {.ptr = bytes, .len = *len_p};
    size_t len = 0;

    while (rest.len > 0) {
        rest = span_from(rest, 1); /* The separator. */
        size_t end = 0;
        while (end < rest.len && !is_separator(rest.ptr[end])) {
            end++;
        }
        struct span segment = span_first(rest, end);
        segment = span_first(segment, span_find(segment, ';'));
        if (span_equal(segment, SPAN(".")) || span_equal(segment, SPAN(".."))) {
            return PATH_ERROR_DOTS;
        }
        if (segment.len > 0) {
            bytes[len++] = '/';
            memmove(bytes + len, segment.ptr, segment.len);
            len += segment.len;
        }
        rest = span_from(rest, end);
    }
    if (len == 0) {
        bytes[len++] = '/';
    }
    *len_p = len;
    return PATH_ERROR_NONE;
}

/* The reading of a server behind another one: decoded until nothing is encoded. */
static enum path_error read_full(struct span decoded, uint8_t *buffer,
                                 struct span *full_out)
{
    size_t len = decode(decoded, false, buffer);

    for (int round = 0; has_escape((struct span){.ptr = buffer, .len = len}); round++) {
        if (round == ROUNDS_MAX) {
            return PATH_ERROR_ENCODED;
        }
        len = decode((struct span){.ptr = buffer, .len = len}, false, buffer);
    }
    *full_out = (struct span){.ptr = buffer, .len = len};
    if (has_forbidden(*full_out)) {
        return PATH_ERROR_BYTE;
    }
    enum path_error error = clean(buffer, &len);
    full_out->len = len;
    return error;
}

/* ---- The whole target ---- */

/* Splits off the query and the authority. An absolute form may lack its path. */
static enum path_error split_target(struct span target, struct span *path_out,
                                    struct span *query_out)
{
    struct span authority = host_of_target(target);
    size_t before = span_starts(target, SPAN("/"))
                        ? 0
                        : (size_t)(authority.ptr - target.ptr) + authority.len;

    if (span_equal(target, SPAN("*"))) {
        target = SPAN("/");
        before = 0;
    } else if (!span_starts(target, SPAN("/")) && authority.len == 0) {
        return PATH_ERROR_FORM;
    }
    struct span rest = span_from(target, before);
    size_t question = span_find(rest, '?');
    *path_out = span_first(rest, question);
    *query_out = span_from(rest, question + 1);
    if (path_out->len == 0) {
        *path_out = SPAN("/");
    }
    return path_out->ptr[0] == '/' ? PATH_ERROR_NONE : PATH_ERROR_BYTE;
}

/* Nothing to decode, drop or refuse: most paths, which are then not even copied. */
static bool is_plain(struct span path)
{
    uint8_t last = 0;

    for (size_t i = 0; i < path.len; i++) {
        uint8_t byte = path.ptr[i];
        if (byte == '%' || byte == ';' || byte == '\\' || byte == '#' ||
            is_forbidden(byte) || (last == '/' && (byte == '/' || byte == '.'))) {
            return false;
        }
        last = byte;
    }
    return path.len == 1 || last != '/';
}

enum path_error path_normalize(struct span target, uint8_t *buffer, struct path *path_out)
{
    struct span path;

    *path_out = (struct path){0};
    enum path_error error = split_target(target, &path, &path_out->query);
    if (error != PATH_ERROR_NONE) {
        return error;
    }
    if (is_plain(path)) {
        path_out->once = path;
        path_out->full = path;
        return PATH_ERROR_NONE;
    }
    error = check_received(path);
    if (error != PATH_ERROR_NONE) {
        return error;
    }
    size_t len = decode(path, true, buffer);
    path_out->encoded = has_escape((struct span){.ptr = buffer, .len = len});
    if (path_out->encoded) {
        error = read_full((struct span){.ptr = buffer, .len = len}, buffer + len + 1,
                          &path_out->full);
    }
    if (error == PATH_ERROR_NONE) {
        error = clean(buffer, &len);
    }
    path_out->once = (struct span){.ptr = buffer, .len = len};
    if (!path_out->encoded) {
        path_out->full = path_out->once;
    }
    if (error != PATH_ERROR_NONE) {
        *path_out = (struct path){0};
    }
    return error;
}

const char *path_error_name(enum path_error error)
{
    static const char *const names[] = {
        [PATH_ERROR_NONE] = "none",
        [PATH_ERROR_FORM] = "target-form",
        [PATH_ERROR_DOTS] = "dot-segment",
        [PATH_ERROR_BYTE] = "forbidden-byte",
        [PATH_ERROR_ESCAPE] = "malformed-escape",
        [PATH_ERROR_ENCODED] = "encoded-too-often",
    };
    CHECK((size_t)error < sizeof(names) / sizeof(names[0]));

    return names[error];
}
