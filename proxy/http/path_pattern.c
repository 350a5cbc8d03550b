#include "http/path_pattern.h"

#include "base/parse.h"
#include "base/writer.h"

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

/* The one that is not a `*`; of two names the one whose case counts. */
static struct span narrower(const struct path_pattern *self, struct span own,
                            struct span others)
{
    bool wide = span_equal(own, SPAN("*"));

    return wide || (self->ignore_case && !span_equal(others, SPAN("*"))) ? others : own;
}

/* What one segment of both can be; false: nothing. */
static bool share_segment(const struct path_pattern *self,
                          const struct path_pattern *other, struct span own,
                          struct span others, struct writer *out)
{
    bool ignore_case = self->ignore_case || other->ignore_case;

    if (!segment_covers(own, others, ignore_case) && !span_equal(others, SPAN("*"))) {
        return false;
    }
    writer_text(out, "/");
    writer_put(out, narrower(self, own, others));
    return true;
}

/* The rest of the longer one, below the shorter one. */
static bool share_rest(const struct path_pattern *shorter, struct span rest,
                       struct writer *out)
{
    writer_put(out, rest);
    return rest.len == 0 || shorter->below;
}

bool path_pattern_shared(const struct path_pattern *self,
                         const struct path_pattern *other, char *text_out,
                         struct path_pattern *pattern_out)
{
    struct writer out = writer_of(text_out, PATH_PATTERN_SHARED_MAX);
    struct span own_rest = self->text;
    struct span others_rest = other->text;
    struct span own;
    struct span others;

    while (own_rest.len > 1 && others_rest.len > 1) {
        (void)next_segment(&own_rest, &own);
        (void)next_segment(&others_rest, &others);
        if (!share_segment(self, other, own, others, &out)) {
            return false;
        }
    }
    if (!share_rest(self, others_rest, &out) || !share_rest(other, own_rest, &out)) {
        return false;
    }
    CHECK(!out.full);
    *pattern_out = (struct path_pattern){
        .text = writer_span(&out),
        .below = self->below && other->below,
        .wild = self->wild || other->wild,
        .ignore_case = self->ignore_case || other->ignore_case,
    };
    return true;
}
