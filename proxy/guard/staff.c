#include "guard/staff.h"

#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "http/path_pattern.h"

enum { MATCH_LIMIT = 10000 };

static void *lend(PCRE2_SIZE size, void *context)
{
    const struct staff_lender *lender = context;
    return lender->alloc(lender->owner, size);
}

static void keep(void *memory, void *context)
{
    (void)memory; /* Goes with the snapshot. */
    (void)context;
}

static bool compile(struct staff_name *name, struct staff_lender *lender, char *error,
                    size_t error_size)
{
    int problem = 0;
    PCRE2_SIZE at = 0;
    pcre2_general_context *general = pcre2_general_context_create(lend, keep, lender);
    pcre2_compile_context *context =
        general != NULL ? pcre2_compile_context_create(general) : NULL;

    if (context == NULL) {
        (void)snprintf(error, error_size, "out of memory");
        return false;
    }
    name->regex = pcre2_compile(name->text.ptr, name->text.len,
                                PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_UTF |
                                    PCRE2_DOLLAR_ENDONLY,
                                &problem, &at, context);
    if (name->regex == NULL) {
        uint8_t text[120];
        (void)pcre2_get_error_message(problem, text, sizeof(text));
        (void)snprintf(error, error_size, "pattern `%.*s`: %s at byte %zu",
                       SPAN_ARGS(span_first(name->text, 80)), (char *)text, (size_t)at);
        return false;
    }
    return true;
}

bool staff_name_parse(struct span text, const struct staff_lender *lender,
                      struct staff_name *out, char *error, size_t error_size)
{
    struct span prefix = SPAN("regex:");
    struct staff_lender copy = *lender; /* PCRE2 takes no const. */

    *out = (struct staff_name){.kind = STAFF_EXACT, .text = text};
    if (span_starts(text, prefix)) {
        out->kind = STAFF_REGEX;
        out->text = span_from(text, prefix.len);
    } else if (text.len > 0 && text.ptr[text.len - 1] == '*') {
        out->kind = STAFF_PREFIX;
        out->text = span_first(text, text.len - 1);
    }
    if (out->text.len == 0) {
        (void)snprintf(error, error_size,
                       "`%.*s` names everybody: give names, `prefix*` or `regex:...`",
                       SPAN_ARGS(text));
        return false;
    }
    return out->kind != STAFF_REGEX || compile(out, &copy, error, error_size);
}

/* Asked only where somebody else was seen on a route of theirs: not the usual path. */
static bool regex_matches(const struct staff_name *name, struct span requester)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    int matches = PCRE2_ERROR_NOMEMORY;

    if (data != NULL && context != NULL) {
        (void)pcre2_set_match_limit(context, MATCH_LIMIT);
        matches =
            pcre2_match(name->regex, requester.ptr, requester.len, 0, 0, data, context);
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    return matches >= 0;
}

static bool name_is(const struct staff_name *name, struct span requester)
{
    switch (name->kind) {
    case STAFF_NOBODY:
        return false;
    case STAFF_EXACT:
        return span_equal(name->text, requester);
    case STAFF_PREFIX:
        return span_starts(requester, name->text);
    case STAFF_REGEX:
        return regex_matches(name, requester);
    }
    UNREACHABLE();
}

bool staff_has(const struct staff_rule *rules, size_t count, uint32_t rule_mask,
               struct span requester)
{
    for (size_t i = 0; requester.len > 0 && i < count; i++) {
        for (size_t k = 0; (rule_mask >> i & 1U) != 0 && k < rules[i].name_count; k++) {
            if (name_is(&rules[i].names[k], requester)) {
                return true;
            }
        }
    }
    return false;
}

bool staff_same(const struct staff_rule *a, const struct staff_rule *b)
{
    bool same = a->name_count == b->name_count && a->path_count == b->path_count;

    for (size_t i = 0; same && i < a->name_count; i++) {
        same = a->names[i].kind == b->names[i].kind &&
               span_equal(a->names[i].text, b->names[i].text);
    }
    for (size_t i = 0; same && i < a->path_count; i++) {
        same = a->paths[i]->below == b->paths[i]->below &&
               span_equal(a->paths[i]->text, b->paths[i]->text);
    }
    return same;
}
