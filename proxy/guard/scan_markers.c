#define PCRE2_CODE_UNIT_WIDTH 8

#include "guard/scan_markers.h"

#include <stdio.h>
#include <stdlib.h>

#include <hs/hs.h>
#include <pcre2.h>

#include "base/parse.h"

enum {
    LITERALS_MAX = MARKER_SELECTORS_MAX + 1,
    PREFIX_MIN = 2,
    ESCAPED_SIZE = 4 * SELECTOR_NAME_MAX + 1,
    TRIAL_PLACES = 200,
    TRIAL_SIZE = TRIAL_PLACES + SELECTOR_NAME_MAX + 40,
};

/* Literals on their way to one database, as they are and as patterns of `\xHH` (the
 * library's own interface for literals fails on streams with more than 37 bytes). */
struct literals {
    size_t count;
    struct span texts[LITERALS_MAX];
    const char *patterns[LITERALS_MAX];
    unsigned flags[LITERALS_MAX];
    unsigned ids[LITERALS_MAX];
    char escaped[LITERALS_MAX][ESCAPED_SIZE];
};

static void literals_add(struct literals *self, struct span text, unsigned id,
                         unsigned flags)
{
    CHECK(self->count < LITERALS_MAX && text.len <= SELECTOR_NAME_MAX);
    char *pattern = self->escaped[self->count];
    for (size_t i = 0; i < text.len; i++) {
        pattern[4 * i] = '\\';
        pattern[4 * i + 1] = 'x';
        format_hex(text.ptr + i, 1, pattern + 4 * i + 2);
    }
    pattern[4 * text.len] = '\0';
    self->texts[self->count] = text;
    self->patterns[self->count] = pattern;
    self->ids[self->count] = id;
    self->flags[self->count] = flags;
    self->count++;
}

static void literals_collect(struct literals *self, const struct markers *markers,
                             enum scan_matcher matcher)
{
    bool markup =
        matcher == SCAN_MATCHER_MARKUP &&
        (markers_have(markers, SELECTOR_META) || markers_have(markers, SELECTOR_ATTR));
    if (markup) {
        /* For `attr:` too: a meta element may name the encoding. */
        literals_add(self, SPAN("<meta"), SCAN_META, HS_FLAG_CASELESS);
    }
    for (size_t i = 0; i < markers->row_count; i++) {
        const struct marker_row *row = &markers->rows[i];
        if (row->prefix_len > 0) {
            struct span prefix = {.ptr = (const uint8_t *)row->prefix,
                                  .len = row->prefix_len};
            literals_add(self, prefix, (unsigned)i, 0);
        } else if (markup && row->selector.kind == SELECTOR_ATTR) {
            literals_add(self, selector_argument(&row->selector), (unsigned)i,
                         HS_FLAG_CASELESS);
        }
    }
}

struct trial {
    unsigned id;
    unsigned long long end;
    bool seen;
};

static int on_trial(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *context)
{
    (void)from;
    (void)flags;
    struct trial *trial = context;
    trial->seen = trial->seen || (id == trial->id && to == trial->end);
    return 0;
}

/* The literal behind `before` bytes of the filler is seen. */
static bool is_seen(const hs_database_t *database, hs_scratch_t *scratch,
                    const struct literals *literals, size_t index, size_t before)
{
    char text[TRIAL_SIZE];
    struct span literal = literals->texts[index];
    struct span filler = literals->texts[(index + before) % literals->count];
    memset(text, before % 3 == 0 ? ' ' : filler.ptr[before % 2], sizeof(text));
    memcpy(text + before, literal.ptr, literal.len);
    struct trial trial = {.id = literals->ids[index], .end = before + literal.len};
    hs_stream_t *stream = NULL;
    if (hs_open_stream(database, 0, &stream) != HS_SUCCESS) {
        return false;
    }
    unsigned first = (unsigned)(before % 5 == 0 ? before + 1 : sizeof(text));
    bool good =
        hs_scan_stream(stream, text, first, 0, scratch, on_trial, &trial) == HS_SUCCESS &&
        hs_scan_stream(stream, text + first, (unsigned)sizeof(text) - first, 0, scratch,
                       on_trial, &trial) == HS_SUCCESS;
    (void)hs_close_stream(stream, NULL, NULL, NULL);
    return good && trial.seen;
}

/* The library is tried before it is trusted: Vectorscan 5.4.9 misses literals. */
static bool try_matcher(const hs_database_t *database, const struct literals *literals)
{
    hs_scratch_t *scratch = NULL;
    bool good = hs_alloc_scratch(database, &scratch) == HS_SUCCESS;
    for (size_t i = 0; i < literals->count; i++) {
        for (size_t before = 0; good && before < TRIAL_PLACES; before++) {
            good = is_seen(database, scratch, literals, i, before);
        }
    }
    (void)hs_free_scratch(scratch);
    return good;
}

/* NULL, or what is wrong; `*database_out` may be made all the same. */
static const char *compile_literals(const struct literals *literals,
                                    hs_database_t **database_out)
{
    hs_compile_error_t *problem = NULL;
    hs_error_t status = hs_compile_multi(literals->patterns, literals->flags,
                                         literals->ids, (unsigned)literals->count,
                                         HS_MODE_STREAM, NULL, database_out, &problem);
    if (status != HS_SUCCESS) {
        (void)hs_free_compile_error(problem);
        return "does not take literals";
    }
    return try_matcher(*database_out, literals) ? NULL : "misses what it is asked for";
}

static bool compile_matcher(struct markers *self, enum scan_matcher matcher, char *error,
                            size_t error_size)
{
    struct literals *literals = calloc(1, sizeof(*literals));
    if (literals == NULL) {
        (void)snprintf(error, error_size, "out of memory");
        return false;
    }
    literals_collect(literals, self, matcher);
    const char *problem =
        literals->count > 0 ? compile_literals(literals, &self->matchers[matcher]) : NULL;
    if (problem != NULL) {
        (void)snprintf(error, error_size, "the matcher library (libhs %s) %s",
                       hs_version(), problem);
    }
    free(literals);
    return problem == NULL;
}

static bool is_alnum(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9');
}

static bool is_meta_byte(uint8_t byte)
{
    return span_find(SPAN("\\^$.[|()?*+{"), byte) < 12;
}

/* The pattern may have `|` outside of any group. Where parentheses might not be what they
 * seem (classes, quoting, options, comments) any `|` counts. */
static bool has_alternatives(struct span pattern)
{
    bool doubtful = false;
    bool any = false;
    bool outside = false;
    size_t depth = 0;
    for (size_t i = 0; i < pattern.len; i++) {
        struct span rest = span_from(pattern, i);
        uint8_t byte = rest.ptr[0];
        doubtful = doubtful || byte == '[' || span_starts(rest, SPAN("\\Q")) ||
                   (span_starts(rest, SPAN("(?")) && !span_starts(rest, SPAN("(?:")));
        any = any || byte == '|';
        outside = outside || (byte == '|' && depth == 0);
        depth += byte == '(' ? 1 : 0;
        depth -= byte == ')' && depth > 0 ? 1 : 0;
        i += byte == '\\' ? 1 : 0;
    }
    return outside || (any && doubtful);
}

/* Literal text that every match begins with, as far as it is easily seen. */
static void find_prefix(struct marker_row *row)
{
    struct span pattern = selector_argument(&row->selector);
    size_t len = 0;
    size_t i = 0;
    while (i < pattern.len && len < SCAN_PREFIX_MAX) {
        uint8_t byte = pattern.ptr[i];
        bool escaped = byte == '\\' && i + 1 < pattern.len && pattern.ptr[i + 1] < 0x80 &&
                       !is_alnum(pattern.ptr[i + 1]);
        if (escaped) {
            i++;
            byte = pattern.ptr[i];
        } else if (is_meta_byte(byte)) {
            break;
        }
        row->prefix[len++] = (char)byte;
        i++;
    }
    /* A quantifier, or what may be one, belongs to the byte before it. */
    if (len > 0 && i < pattern.len && span_find(SPAN("?*+{"), pattern.ptr[i]) < 4) {
        len--;
    }
    bool usable = len >= PREFIX_MIN && !has_alternatives(pattern);
    row->prefix_len = usable ? (uint8_t)len : 0;
}

/* NULL, or why a pattern that PCRE2 takes cannot be used. */
static const char *pattern_problem(const struct marker_row *row)
{
    uint32_t groups = 0;
    uint32_t empty = 0;
    uint32_t behind = 0;
    (void)pcre2_pattern_info(row->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    (void)pcre2_pattern_info(row->code, PCRE2_INFO_MATCHEMPTY, &empty);
    (void)pcre2_pattern_info(row->code, PCRE2_INFO_MAXLOOKBEHIND, &behind);
    if (groups == 0) {
        return "has no group";
    }
    if (empty != 0) {
        return "matches where nothing is";
    }
    return behind > 1 ? "looks behind by more than one byte" : NULL;
}

static bool compile_regex(struct marker_row *row, char *error, size_t error_size)
{
    int problem = 0;
    PCRE2_SIZE offset = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context != NULL) {
        (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        row->code = pcre2_compile((PCRE2_SPTR)row->selector.argument, row->selector.len,
                                  0, &problem, &offset, context);
        pcre2_compile_context_free(context);
    }
    if (row->code == NULL) {
        char text[120] = "out of memory";
        (void)pcre2_get_error_message(problem, (PCRE2_UCHAR *)text, sizeof(text));
        (void)snprintf(error, error_size, "pattern \"%.60s\": %s at byte %zu",
                       row->selector.argument, text, (size_t)offset);
        return false;
    }
    const char *unusable = pattern_problem(row);
    if (unusable != NULL) {
        (void)snprintf(error, error_size, "pattern \"%.60s\" %s", row->selector.argument,
                       unusable);
        return false;
    }
    find_prefix(row);
    (void)pcre2_jit_compile(row->code, PCRE2_JIT_COMPLETE | PCRE2_JIT_PARTIAL_HARD);
    return true;
}

static bool add_row(struct markers *self, const struct marker_class *from,
                    uint8_t class_index, uint8_t selector_index)
{
    const struct selector *selector = &from->selectors[selector_index];
    self->rows[self->row_count] = (struct marker_row){
        .selector = *selector,
        .class_index = class_index,
        .selector_index = selector_index,
        .trusted = marker_is_trusted(from),
        .signature = from->signature,
    };
    self->kinds_seen[selector->kind] |= UINT32_C(1) << class_index;
    self->row_count++;
    return selector->kind != SELECTOR_NONE;
}

/* NULL, or what is wrong with the class. */
static const char *add_class(struct markers *self, const struct marker_class *from,
                             uint8_t class_index)
{
    if (from->selector_count == 0) {
        return "has no selector";
    }
    if (from->selector_count > MARKER_SELECTORS_MAX - self->row_count) {
        return "makes more selectors than 64 in all";
    }
    for (size_t i = 0; i < from->selector_count; i++) {
        if (!add_row(self, from, class_index, (uint8_t)i)) {
            return "has an empty selector";
        }
    }
    return NULL;
}

static bool collect_rows(struct markers *self, const struct marker_class *classes,
                         size_t count, char *error, size_t error_size)
{
    for (size_t i = 0; i < count; i++) {
        const char *problem = add_class(self, &classes[i], (uint8_t)i);
        if (problem != NULL) {
            (void)snprintf(error, error_size, "marker class \"%.*s\" %s",
                           SPAN_ARGS(classes[i].name), problem);
            return false;
        }
    }
    return true;
}

static bool compile_all(struct markers *self, char *error, size_t error_size)
{
    for (size_t i = 0; i < self->row_count; i++) {
        if (self->rows[i].selector.kind == SELECTOR_REGEX &&
            !compile_regex(&self->rows[i], error, error_size)) {
            return false;
        }
    }
    return compile_matcher(self, SCAN_MATCHER_MARKUP, error, error_size) &&
           compile_matcher(self, SCAN_MATCHER_TEXT, error, error_size);
}

struct markers *markers_new(const struct marker_class *classes, size_t count,
                            size_t value_max, char *error, size_t error_size)
{
    CHECK(error_size > 0);

    error[0] = '\0';
    if (count > MARKER_CLASSES_MAX) {
        (void)snprintf(error, error_size, "more than %d marker classes",
                       MARKER_CLASSES_MAX);
        return NULL;
    }
    if (value_max == 0 || value_max > SCAN_VALUE_SIZE_MAX) {
        (void)snprintf(error, error_size, "marker_max must be 1 to %d bytes",
                       SCAN_VALUE_SIZE_MAX);
        return NULL;
    }
    struct markers *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        (void)snprintf(error, error_size, "out of memory");
        return NULL;
    }
    self->value_max = value_max;
    if (!collect_rows(self, classes, count, error, error_size) ||
        !compile_all(self, error, error_size)) {
        markers_free(&self);
    }
    return self;
}

void markers_free(struct markers **self_p)
{
    struct markers *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->row_count; i++) {
        pcre2_code_free(self->rows[i].code);
    }
    for (size_t i = 0; i < SCAN_MATCHER_COUNT; i++) {
        (void)hs_free_database(self->matchers[i]);
    }
    free(self);
}
