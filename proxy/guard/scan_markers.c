#define PCRE2_CODE_UNIT_WIDTH 8

#include "guard/scan_markers.h"

#include <stdio.h>
#include <stdlib.h>

#include <hs/hs.h>
#include <pcre2.h>

#include "base/parse.h"

enum {
    PATTERN_SIZE = 2 * 8 + 4 * SELECTOR_NAME_MAX + 64,
    PATTERNS_MAX = MARKER_SELECTORS_MAX + 1,
};

/* Patterns on their way to one database. */
struct patterns {
    size_t count;
    const char *texts[PATTERNS_MAX];
    unsigned flags[PATTERNS_MAX];
    unsigned ids[PATTERNS_MAX];
    char made[PATTERNS_MAX][PATTERN_SIZE];
};

static void patterns_add(struct patterns *self, const char *text, unsigned id,
                         unsigned flags)
{
    CHECK(self->count < PATTERNS_MAX);
    self->texts[self->count] = text;
    self->ids[self->count] = id;
    self->flags[self->count] = flags;
    self->count++;
}

/* An attribute's name where the tokenizer can see one: the byte before and after it. */
static void patterns_add_attribute(struct patterns *self, struct span name)
{
    static const char BEFORE[] = "[\\t\\n\\f\\r />\"']";
    static const char AFTER[] = "[\\t\\n\\f\\r />=]";

    char *text = self->made[self->count];
    size_t len = sizeof(BEFORE) - 1;
    memcpy(text, BEFORE, len);
    for (size_t i = 0; i < name.len; i++) {
        text[len++] = '\\';
        text[len++] = 'x';
        format_hex(name.ptr + i, 1, text + len);
        len += 2;
    }
    memcpy(text + len, AFTER, sizeof(AFTER));
    patterns_add(self, text, SCAN_CANDIDATE, HS_FLAG_CASELESS | HS_FLAG_DOTALL);
}

static void patterns_collect(struct patterns *self, const struct markers *markers,
                             enum scan_matcher matcher)
{
    bool markup =
        matcher == SCAN_MATCHER_MARKUP &&
        (markers_have(markers, SELECTOR_META) || markers_have(markers, SELECTOR_ATTR));
    if (markup) {
        /* For `attr:` too: a meta element may name the encoding. */
        patterns_add(self, "<meta", SCAN_CANDIDATE, HS_FLAG_CASELESS);
    }
    for (size_t i = 0; i < markers->row_count; i++) {
        const struct marker_row *row = &markers->rows[i];
        if (row->selector.kind == SELECTOR_REGEX) {
            patterns_add(self, row->selector.argument, SCAN_REGEX_FIRST + (unsigned)i, 0);
        } else if (markup && row->selector.kind == SELECTOR_ATTR) {
            patterns_add_attribute(self, selector_argument(&row->selector));
        }
    }
}

static bool compile_matcher(struct markers *self, enum scan_matcher matcher, char *error,
                            size_t error_size)
{
    struct patterns *patterns = calloc(1, sizeof(*patterns));
    if (patterns == NULL) {
        (void)snprintf(error, error_size, "out of memory");
        return false;
    }
    patterns_collect(patterns, self, matcher);
    hs_error_t status = HS_SUCCESS;
    if (patterns->count > 0) {
        hs_compile_error_t *problem = NULL;
        status = hs_compile_multi(patterns->texts, patterns->flags, patterns->ids,
                                  (unsigned)patterns->count, HS_MODE_STREAM, NULL,
                                  &self->matchers[matcher], &problem);
        if (status != HS_SUCCESS) {
            bool named =
                problem->expression >= 0 && (size_t)problem->expression < patterns->count;
            (void)snprintf(error, error_size, "pattern \"%.60s\" cannot be matched: %s",
                           named ? patterns->texts[problem->expression] : "",
                           problem->message);
            hs_free_compile_error(problem);
        }
    }
    free(patterns);
    return status == HS_SUCCESS;
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
    uint32_t groups = 0;
    (void)pcre2_pattern_info(row->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (groups == 0) {
        (void)snprintf(error, error_size, "pattern \"%.60s\" has no group",
                       row->selector.argument);
        return false;
    }
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
        .trusted = from->trusted,
    };
    self->kinds_seen[selector->kind] |= UINT32_C(1) << class_index;
    self->row_count++;
    return selector->kind != SELECTOR_NONE;
}

static bool collect_rows(struct markers *self, const struct marker_class *classes,
                         size_t count, char *error, size_t error_size)
{
    for (size_t i = 0; i < count; i++) {
        if (classes[i].selector_count == 0) {
            (void)snprintf(error, error_size, "marker class \"%.*s\" has no selector",
                           SPAN_ARGS(classes[i].name));
            return false;
        }
        if (classes[i].selector_count > MARKER_SELECTORS_MAX - self->row_count) {
            (void)snprintf(error, error_size, "more than %d selectors in all",
                           MARKER_SELECTORS_MAX);
            return false;
        }
        for (size_t j = 0; j < classes[i].selector_count; j++) {
            if (!add_row(self, &classes[i], (uint8_t)i, (uint8_t)j)) {
                (void)snprintf(error, error_size,
                               "marker class \"%.*s\" has an empty selector",
                               SPAN_ARGS(classes[i].name));
                return false;
            }
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

uint32_t markers_in_body(const struct markers *self, enum scan_kind kind)
{
    uint32_t regex = self->kinds_seen[SELECTOR_REGEX];
    uint32_t markup =
        self->kinds_seen[SELECTOR_META] | self->kinds_seen[SELECTOR_ATTR] | regex;
    switch (kind) {
    case SCAN_KIND_UNKNOWN:
        return markup | self->kinds_seen[SELECTOR_JSON];
    case SCAN_KIND_HTML:
    case SCAN_KIND_XML:
        return markup;
    case SCAN_KIND_JSON:
        return regex | self->kinds_seen[SELECTOR_JSON];
    case SCAN_KIND_SCRIPT:
    case SCAN_KIND_TEXT:
        return regex;
    case SCAN_KIND_NONE:
        break;
    }
    return 0;
}
