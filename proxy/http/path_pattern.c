#include "http/path_pattern.h"

#include "base/parse.h"

/* ---- Compiling ---- */

static const char *check_segment(struct span segment)
{
    if (segment.len == 0) {
        return "has an empty segment; // counts as /";
    }
    if (span_equal(segment, SPAN(".")) || span_equal(segment, SPAN(".."))) {
        return "has a dot segment, which no request may have";
    }
    if (span_find(segment, '*') < segment.len && segment.len > 1) {
        return "has * inside a segment; * stands for a whole one, ** only at the end";
    }
    return NULL;
}

static const char *check_byte(struct span text, size_t i)
{
    uint8_t byte = text.ptr[i];

    if (byte < ' ' || byte == 0x7f || byte == '\\') {
        return "has a control byte or a backslash, which no request may have";
    }
    if (byte == '?' || byte == '#' || byte == ';') {
        return "has one of ? # ; and paths are matched without what follows them";
    }
    if (byte == '%' && i + 2 < text.len && parse_hex_digit(text.ptr[i + 1]) >= 0 &&
        parse_hex_digit(text.ptr[i + 2]) >= 0) {
        return "has a percent escape; write the character itself";
    }
    return NULL;
}

static const char *check_text(struct span text)
{
    const char *problem = NULL;

    for (size_t i = 0; i < text.len && problem == NULL; i++) {
        problem = check_byte(text, i);
    }
    return problem;
}

const char *path_pattern_parse(struct span text, bool ignore_case,
                               struct path_pattern *pattern_out)
{
    *pattern_out = (struct path_pattern){.ignore_case = ignore_case};
    if (!span_starts(text, SPAN("/"))) {
        return "must start with /";
    }
    const char *problem = check_text(text);
    if (span_ends(text, SPAN("/**"))) {
        pattern_out->below = true;
        text = span_first(text, text.len - 3);
    } else if (span_ends(text, SPAN("/"))) {
        text = span_first(text, text.len - 1);
    }
    struct span rest = span_from(text, 1);
    struct span segment;
    while (problem == NULL && span_next(&rest, '/', &segment)) {
        problem = check_segment(segment);
        pattern_out->wild = pattern_out->wild || span_equal(segment, SPAN("*"));
    }
    if (problem == NULL && text.len > 0 && span_ends(text, SPAN("/"))) {
        problem = check_segment((struct span){0});
    }
    pattern_out->text = text;
    return problem;
}

/* ---- Matching ---- */

static bool bytes_equal(struct span a, struct span b, bool ignore_case)
{
    return ignore_case ? span_equal_nocase(a, b) : span_equal(a, b);
}

/* The next segment of a path without its slash; false at the end. */
static bool next_segment(struct span *path_p, struct span *segment_out)
{
    if (path_p->len <= 1) {
        return false; /* At the end, or the root. */
    }
    *path_p = span_from(*path_p, 1);
    size_t end = span_find(*path_p, '/');
    *segment_out = span_first(*path_p, end);
    *path_p = span_from(*path_p, end);
    return true;
}

static bool match_segments(const struct path_pattern *self, struct span path)
{
    struct span pattern = self->text;
    struct span wanted;
    struct span segment;

    while (next_segment(&pattern, &wanted)) {
        if (!next_segment(&path, &segment) ||
            (!span_equal(wanted, SPAN("*")) &&
             !bytes_equal(wanted, segment, self->ignore_case))) {
            return false;
        }
    }
    return self->below || path.len == 0;
}

bool path_pattern_matches(const struct path_pattern *self, struct span path)
{
    if (self->wild) {
        return match_segments(self, path);
    }
    if (path.len == 1) {
        return self->text.len == 0; /* The root, whose text is its slash. */
    }
    struct span rest = span_from(path, self->text.len);
    return bytes_equal(span_first(path, self->text.len), self->text, self->ignore_case) &&
           (rest.len == 0 || (self->below && rest.ptr[0] == '/'));
}

/* ---- Comparing ---- */

static bool segment_covers(struct span own, struct span others, bool ignore_case)
{
    return span_equal(own, SPAN("*")) || bytes_equal(own, others, ignore_case);
}

bool path_pattern_covers(const struct path_pattern *self,
                         const struct path_pattern *other)
{
    struct span pattern = self->text;
    struct span others = other->text;
    struct span wanted;
    struct span segment;

    if (other->ignore_case && !self->ignore_case && self->text.len > 0) {
        return false;
    }
    while (next_segment(&pattern, &wanted)) {
        if (!next_segment(&others, &segment) ||
            !segment_covers(wanted, segment, self->ignore_case)) {
            return false;
        }
    }
    return self->below || (others.len == 0 && !other->below);
}
