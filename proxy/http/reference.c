#include "http/reference.h"

#include "http/host.h"

/* Up to the query or the fragment. */
static struct span path_of(struct span text)
{
    text = span_first(text, span_find(text, '#'));
    return span_first(text, span_find(text, '?'));
}

/* What stands before a `:` that comes before any other mark is a scheme. */
static bool has_scheme(struct span text)
{
    return span_find(text, ':') < span_find(path_of(text), '/');
}

/* What follows `http:` or `https:`; empty when it is another one's. */
static struct span without_scheme(struct span text)
{
    size_t colon = span_find(text, ':');
    struct span scheme = span_first(text, colon);
    bool ours = span_equal_nocase(scheme, SPAN("http")) ||
                span_equal_nocase(scheme, SPAN("https"));
    struct span rest = span_from(text, colon + 1);

    return ours && span_starts(rest, SPAN("//")) ? rest : (struct span){0};
}

static enum reference_kind compare_hosts(struct span authority, struct span asked)
{
    struct host there;
    struct host here;

    return host_parse(authority, &there) && host_parse(asked, &here) &&
                   span_equal_nocase(there.name, here.name)
               ? REFERENCE_OWN
               : REFERENCE_OTHER;
}

/* The bytes up to the last `/`, that included. */
static struct span folder_of(struct span path)
{
    size_t len = path.len;

    while (len > 0 && path.ptr[len - 1] != '/') {
        len--;
    }
    return span_first(path, len);
}

/* RFC 3986 section 5.2.4, in place: written bytes never pass read ones. */
static size_t remove_dots(uint8_t *bytes, size_t size)
{
    struct span rest = {.ptr = bytes, .len = size};
    size_t len = 0;

    while (rest.len > 0) {
        struct span segment = span_first(rest, 1 + span_find(span_from(rest, 1), '/'));
        bool up = span_equal(segment, SPAN("/.."));
        rest = span_from(rest, segment.len);
        if (!up && !span_equal(segment, SPAN("/."))) {
            memmove(bytes + len, segment.ptr, segment.len);
            len += segment.len;
            continue;
        }
        bool cut = !up || len == 0;
        while (!cut) {
            cut = bytes[--len] == '/';
        }
        if (rest.len == 0) {
            bytes[len++] = '/';
        }
    }
    return len;
}

/* `folder` and `path` as one path. False: too long. */
static bool join(struct span folder, struct span path, uint8_t *buffer,
                 struct span *path_out)
{
    if (folder.len > REFERENCE_PATH_MAX || path.len > REFERENCE_PATH_MAX - folder.len) {
        return false;
    }
    if (folder.len > 0) {
        memcpy(buffer, folder.ptr, folder.len);
    }
    if (path.len > 0) {
        memcpy(buffer + folder.len, path.ptr, path.len);
    }
    *path_out =
        (struct span){.ptr = buffer, .len = remove_dots(buffer, folder.len + path.len)};
    return true;
}

enum reference_kind reference_resolve(struct span text, const struct reference_base *base,
                                      uint8_t *buffer, struct span *path_out)
{
    enum reference_kind kind = REFERENCE_OWN;
    struct span folder = {0};
    struct span path;

    *path_out = (struct span){0};
    text = has_scheme(text) ? without_scheme(text) : text;
    if (text.len == 0) {
        return REFERENCE_UNREADABLE;
    }
    if (span_starts(text, SPAN("//"))) {
        text = span_from(text, 2);
        size_t slash = span_find(path_of(text), '/');
        kind = compare_hosts(span_first(text, slash), base->host);
        path = path_of(span_from(text, slash));
    } else {
        path = path_of(text);
        struct span asked = path_of(base->target);
        if (path.len == 0) {
            path = asked;
        } else if (path.ptr[0] != '/') {
            folder = folder_of(asked);
        }
    }
    if (folder.len == 0 && (path.len == 0 || path.ptr[0] != '/')) {
        folder = SPAN("/");
    }
    return join(folder, path, buffer, path_out) ? kind : REFERENCE_UNREADABLE;
}
