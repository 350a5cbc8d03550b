#include "http/cache.h"

#include "base/parse.h"

static bool says_hit(struct span word)
{
    struct span hit = SPAN("hit");

    for (size_t i = 0; i + hit.len <= word.len; i++) {
        if (span_equal_nocase(span_first(span_from(word, i), hit.len), hit)) {
            return true;
        }
    }
    return false;
}

/* `HIT`, `Hit from cloudfront`, `TCP_HIT from host`, `MISS, HIT`: the first word of any.
 */
static bool lists_hit(struct span list)
{
    struct span item;

    while (span_next(&list, ',', &item)) {
        item = span_trim(item);
        if (says_hit(span_first(item, span_find(item, ' ')))) {
            return true;
        }
    }
    return false;
}

/* Cache-Status: `cache; hit`, of any of the caches that it lists. */
static bool status_has_hit(struct span value)
{
    struct span item;

    while (span_next(&value, ';', &item)) {
        struct span word = span_trim(span_first(item, span_find(item, ',')));
        if (span_equal_nocase(word, SPAN("hit"))) {
            return true;
        }
    }
    return false;
}

static bool has_grown_old(struct span age)
{
    uint64_t seconds = 0;

    return parse_u64(age, &seconds) != ERR_NONE || seconds > 0;
}

static bool is_other_cache_status(struct span name)
{
    return span_equal_nocase(name, SPAN("x-cache-status")) ||
           span_equal_nocase(name, SPAN("cf-cache-status")) ||
           span_equal_nocase(name, SPAN("x-proxy-cache"));
}

static bool shows_hit(const struct field *field)
{
    if (field->id == FIELD_AGE) {
        return has_grown_old(field->value);
    }
    if (field->id == FIELD_CACHE_STATUS) {
        return status_has_hit(field->value);
    }
    bool tells = field->id == FIELD_X_CACHE ||
                 (field->id == FIELD_OTHER && is_other_cache_status(field->name));
    return tells && lists_hit(field->value);
}

bool cache_was_hit(const struct head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (shows_hit(&head->fields[i])) {
            return true;
        }
    }
    return false;
}

/* Fields for one kind of cache; each counts there before Cache-Control (RFC 9213). */
static bool is_targeted(struct span name)
{
    struct span suffix = SPAN("-cache-control");

    if (name.len > suffix.len &&
        span_equal_nocase(span_from(name, name.len - suffix.len), suffix)) {
        return true;
    }
    return span_equal_nocase(name, SPAN("surrogate-control")) ||
           span_equal_nocase(name, SPAN("x-accel-expires")) ||
           span_equal_nocase(name, SPAN("edge-control"));
}

bool cache_is_directive(struct span name)
{
    return span_equal_nocase(name, SPAN("cache-control")) ||
           span_equal_nocase(name, SPAN("expires")) || is_targeted(name);
}

/* `private="set-cookie"` keeps only that field out, and does not count. */
static bool forbids(struct span value)
{
    struct span item;

    while (span_next(&value, ',', &item)) {
        item = span_trim(item);
        if (span_equal_nocase(item, SPAN("private")) ||
            span_equal_nocase(item, SPAN("no-store"))) {
            return true;
        }
    }
    return false;
}

bool cache_may_store(const struct head *head)
{
    bool forbidden = false;

    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (field->id == FIELD_CACHE_CONTROL) {
            forbidden = forbidden || forbids(field->value);
        } else if (field->id == FIELD_SURROGATE_CONTROL ||
                   field->id == FIELD_CDN_CACHE_CONTROL || field->id == FIELD_OTHER) {
            if (is_targeted(field->name) && !forbids(field->value)) {
                return true;
            }
        }
    }
    return !forbidden;
}
