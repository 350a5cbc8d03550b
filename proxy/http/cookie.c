#include "http/cookie.h"

#include "http/date.h"
#include "http/text.h"

static struct span unquoted(struct span value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"') {
        return span_first(span_from(value, 1), value.len - 2);
    }
    return value;
}

/* ---- Cookie ---- */

void cookie_start(struct cookie_reader *self, const struct head *head)
{
    *self = (struct cookie_reader){.head = head};
}

/* Moves on to the next Cookie field. */
static bool next_field(struct cookie_reader *self)
{
    while (self->field_index < self->head->field_count) {
        const struct field *field = &self->head->fields[self->field_index++];
        if (field->id == FIELD_COOKIE) {
            self->rest = field->value;
            return true;
        }
    }
    return false;
}

static struct cookie split_pair(struct span text)
{
    size_t equals = span_find(text, '=');

    if (equals == text.len) {
        return (struct cookie){.value = unquoted(text), .text = text};
    }
    return (struct cookie){
        .name = span_trim(span_first(text, equals)),
        .value = unquoted(span_trim(span_from(text, equals + 1))),
        .text = text,
    };
}

/* The next pair of the current field that is not empty. */
static bool next_pair(struct cookie_reader *self, struct cookie *cookie_out)
{
    struct span text;

    while (span_next(&self->rest, ';', &text)) {
        text = span_trim(text);
        if (text.len > 0) {
            *cookie_out = split_pair(text);
            return true;
        }
    }
    return false;
}

bool cookie_next(struct cookie_reader *self, struct cookie *cookie_out)
{
    while (!next_pair(self, cookie_out)) {
        if (!next_field(self)) {
            return false;
        }
    }
    return true;
}

/* ---- Set-Cookie ---- */

/* Digits, perhaps after `-`; anything else is ignored as the RFC has it. Saturates. */
static bool parse_max_age(struct span text, int64_t *seconds_out)
{
    bool negative = span_starts(text, SPAN("-"));
    struct span digits = span_from(text, negative ? 1 : 0);
    int64_t value = 0;

    if (digits.len == 0) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') {
            return false;
        }
        value = value > INT64_MAX / 20 ? value : value * 10 + (digits.ptr[i] - '0');
    }
    *seconds_out = negative ? -value : value;
    return true;
}

static void take_max_age(struct set_cookie *cookie, struct span value)
{
    int64_t seconds = 0;

    if (parse_max_age(value, &seconds)) {
        cookie->has_max_age = true;
        cookie->max_age_s = seconds;
    }
}

static void take_expires(struct set_cookie *cookie, struct span value)
{
    int64_t seconds = 0;

    if (date_parse(value, &seconds)) {
        cookie->has_expires = true;
        cookie->expires_s = seconds;
    }
}

/* Of an attribute given twice the last counts. */
static void take_attribute(struct set_cookie *cookie, struct span text)
{
    size_t equals = span_find(text, '=');
    struct span name = span_trim(span_first(text, equals));
    struct span value = span_trim(span_from(text, equals + 1));

    if (span_equal_nocase(name, SPAN("max-age"))) {
        take_max_age(cookie, value);
    } else if (span_equal_nocase(name, SPAN("expires"))) {
        take_expires(cookie, value);
    } else if (span_equal_nocase(name, SPAN("path"))) {
        cookie->path = value;
    } else if (span_equal_nocase(name, SPAN("domain"))) {
        cookie->domain = span_from(value, span_starts(value, SPAN(".")) ? 1 : 0);
    } else if (span_equal_nocase(name, SPAN("secure"))) {
        cookie->secure = true;
    } else if (span_equal_nocase(name, SPAN("httponly"))) {
        cookie->http_only = true;
    }
}

bool cookie_parse_set(struct span field_value, struct set_cookie *cookie_out)
{
    struct span rest = field_value;
    struct span item;

    *cookie_out = (struct set_cookie){0};
    if (!span_next(&rest, ';', &item)) {
        return false;
    }
    size_t equals = span_find(item, '=');
    if (equals == item.len) {
        return false;
    }
    cookie_out->name = span_trim(span_first(item, equals));
    cookie_out->value = unquoted(span_trim(span_from(item, equals + 1)));
    while (span_next(&rest, ';', &item)) {
        take_attribute(cookie_out, item);
    }
    return cookie_out->name.len > 0 || cookie_out->value.len > 0;
}

bool cookie_is_deletion(const struct set_cookie *self, int64_t now_s)
{
    if (self->value.len == 0 || span_equal(self->value, SPAN("deleted"))) {
        return true;
    }
    if (self->has_max_age) {
        return self->max_age_s <= 0;
    }
    return self->has_expires && self->expires_s <= now_s;
}

/* ---- Names ---- */

static bool pattern_matches(struct span pattern, struct span name)
{
    if (span_ends(pattern, SPAN("*"))) {
        return span_starts(name, span_first(pattern, pattern.len - 1));
    }
    return span_equal(pattern, name);
}

int cookie_names_rank(const struct cookie_names *self, struct span name)
{
    int rank = COOKIE_NO_MATCH;

    for (size_t i = 0; i < self->count; i++) {
        struct span pattern = self->patterns[i];
        bool excludes = span_starts(pattern, SPAN("!"));
        if (!pattern_matches(span_from(pattern, excludes ? 1 : 0), name)) {
            continue;
        }
        if (excludes) {
            return COOKIE_NO_MATCH;
        }
        rank = rank == COOKIE_NO_MATCH ? (int)i : rank;
    }
    return rank;
}

bool cookie_pattern_valid(struct span pattern)
{
    struct span name = span_from(pattern, span_starts(pattern, SPAN("!")) ? 1 : 0);

    if (span_ends(name, SPAN("*"))) {
        name = span_first(name, name.len - 1);
    }
    return text_is_token(name) && span_find(name, '*') == name.len &&
           span_find(name, '!') == name.len;
}

/* ---- Writing ---- */

bool cookie_keep_others(void *names, const struct cookie *cookie)
{
    const struct cookie_names *self = names;

    return cookie_names_rank(self, cookie->name) == COOKIE_NO_MATCH;
}

size_t cookie_size_max(const struct head *head)
{
    size_t size = 0;

    /* A `;` alone may separate pairs that are written with `; ` between them. */
    for (size_t i = 0; i < head->field_count; i++) {
        if (head->fields[i].id == FIELD_COOKIE) {
            size += 2 * head->fields[i].value.len + 2;
        }
    }
    return size;
}

size_t cookie_write(const struct head *head, cookie_keep *keep, void *context,
                    uint8_t *buffer)
{
    struct cookie_reader reader;
    struct cookie cookie;
    size_t len = 0;

    cookie_start(&reader, head);
    while (cookie_next(&reader, &cookie)) {
        if (!keep(context, &cookie)) {
            continue;
        }
        if (len > 0) {
            buffer[len++] = ';';
            buffer[len++] = ' ';
        }
        memcpy(buffer + len, cookie.text.ptr, cookie.text.len);
        len += cookie.text.len;
    }
    return len;
}
