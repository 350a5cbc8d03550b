#include "guard/lax.h"

#include "http/text.h"

/* A byte at which some server ends a pair or a name. */
static bool separates(uint8_t byte)
{
    return byte == ',' || byte == ';' || byte >= 0x80;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* ---- Names ---- */

/* What a pattern stands for: the whole name or its front, in this case or in any. */
struct wanted {
    struct span text;
    bool prefix;
    bool any_case;
};

static uint8_t folded(uint8_t byte, bool any_case)
{
    switch (byte) {
    case '.':
    case ' ':
    case '\t':
    case '+':
    case '[':
        return '_';
    default:
        return any_case && byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
    }
}

/* The next byte of a name, `%XX` decoded; -1 at its end. */
static int next_byte(struct span *rest_p)
{
    if (rest_p->len == 0) {
        return -1;
    }
    int escaped = text_escaped_byte(*rest_p);
    int byte = escaped >= 0 ? escaped : rest_p->ptr[0];
    *rest_p = span_from(*rest_p, escaped >= 0 ? 3 : 1);
    return byte;
}

static bool is_margin(int byte)
{
    return byte >= 0x80 || byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* What stands before a name does not count, nor what stands behind a NUL. */
static bool ends_here(struct span rest)
{
    int byte = next_byte(&rest);
    while (byte > 0 && is_margin(byte)) {
        byte = next_byte(&rest);
    }
    return byte <= 0;
}

static bool name_is(struct span name, struct wanted wanted)
{
    struct span rest = name;
    int byte = next_byte(&rest);

    while (byte > 0 && is_margin(byte)) {
        name = rest;
        byte = next_byte(&rest);
    }
    for (size_t i = 0; i < wanted.text.len; i++) {
        byte = next_byte(&name);
        if (byte < 0 || folded((uint8_t)byte, wanted.any_case) !=
                            folded(wanted.text.ptr[i], wanted.any_case)) {
            return false;
        }
    }
    return wanted.text.len > 0 && (wanted.prefix || ends_here(name));
}

static bool is_one_of(const struct cookie_names *names, struct span name)
{
    bool found = false;

    for (size_t i = 0; names != NULL && i < names->count; i++) {
        struct span pattern = names->patterns[i];
        bool excludes = span_starts(pattern, SPAN("!"));
        struct wanted wanted = {.prefix = span_ends(pattern, SPAN("*"))};
        pattern = span_from(pattern, excludes ? 1 : 0);
        wanted.text = span_first(pattern, pattern.len - (wanted.prefix ? 1 : 0));
        if (!name_is(name, wanted)) {
            continue;
        }
        if (excludes) {
            return false;
        }
        found = true;
    }
    return found;
}

static bool says_who(const struct session_policy *policy, struct span name)
{
    return is_one_of(policy->cookies, name) || is_one_of(policy->remember, name) ||
           name_is(name, (struct wanted){.text = span_of(policy->jwt.cookie)});
}

/* What is left of a name for a server that splits within it. */
static struct span last_part(struct span name)
{
    size_t start = name.len;
    while (start > 0 && !separates(name.ptr[start - 1]) &&
           !is_blank(name.ptr[start - 1])) {
        start--;
    }
    return span_from(name, start);
}

/* ---- Cookies ---- */

static bool has_value(struct span rest)
{
    rest = span_trim(rest);
    return rest.len > 0 && !separates(rest.ptr[0]);
}

/* A pair within a pair's value; at its front only where the pair has no name. */
static bool hides_pair(const struct session_policy *policy, const struct cookie *cookie)
{
    struct span value = cookie->value;
    bool open = cookie->name.len == 0;
    bool parted = false; /* The byte before is a blank. */
    size_t start = 0;
    size_t end = 0;

    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.ptr[i];
        if (byte == '=') {
            struct span name = span_first(span_from(value, start), end - start);
            if (open && end > start && says_who(policy, name) &&
                has_value(span_from(value, i + 1))) {
                return true;
            }
            open = false;
        } else if (separates(byte)) {
            open = true;
            start = end = i + 1;
        } else if (!is_blank(byte)) {
            open = open || parted;
            start = parted ? i : start;
            end = i + 1;
        }
        parted = is_blank(byte);
    }
    return false;
}

bool lax_cookie(const struct session_policy *policy, const struct cookie *cookie,
                bool taken)
{
    if (!taken && cookie->name.len > 0 && cookie->value.len > 0) {
        struct span part = last_part(cookie->name);
        if (says_who(policy, cookie->name) ||
            (part.len < cookie->name.len && says_who(policy, part))) {
            return true;
        }
    }
    return span_find(cookie->value, '=') < cookie->value.len &&
           hides_pair(policy, cookie);
}

/* ---- Fields ---- */

static uint8_t field_byte(uint8_t byte)
{
    bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    bool digit = byte >= '0' && byte <= '9';
    return letter ? (uint8_t)(byte | 0x20) : digit ? byte : '-';
}

static bool is_spelling_of(struct span name, struct span configured)
{
    if (name.len != configured.len || name.len == 0) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (field_byte(name.ptr[i]) != field_byte(configured.ptr[i])) {
            return false;
        }
    }
    return !span_equal_nocase(name, configured);
}

bool lax_field(const struct session_policy *policy, const struct field *field)
{
    return (policy->header != NULL &&
            is_spelling_of(field->name, span_of(policy->header))) ||
           (policy->jwt.header != NULL &&
            is_spelling_of(field->name, span_of(policy->jwt.header)));
}

/* ---- Targets ---- */

size_t lax_item_end(struct span target, size_t start, bool in_query)
{
    size_t end = start;
    while (end < target.len) {
        uint8_t byte = target.ptr[end];
        bool ends = in_query ? byte == '&' || byte == ';'
                             : byte == ';' || byte == '/' || byte == '?';
        if (ends) {
            break;
        }
        end++;
    }
    return end;
}

static bool has_sessions(const struct session_policy *policy)
{
    return policy->cookies != NULL || policy->path_parameter != NULL ||
           policy->header != NULL || policy->url_name_count > 0;
}

static bool is_item(struct span name, struct span text)
{
    return name_is(name, (struct wanted){.text = text, .any_case = true});
}

bool lax_item(const struct session_policy *policy, struct span item, bool in_query)
{
    struct span name = span_first(item, span_find(item, '='));

    for (size_t i = 0; i < policy->url_name_count; i++) {
        if (is_item(name, span_of(policy->url_names[i]))) {
            return true;
        }
    }
    return !in_query && (is_item(name, span_of(policy->path_parameter)) ||
                         (has_sessions(policy) && is_item(name, SPAN("jsessionid"))));
}
