#include "guard/identify.h"

#include "guard/lax.h"

static int rank_of(const struct cookie_names *names, struct span name)
{
    return names != NULL ? cookie_names_rank(names, name) : COOKIE_NO_MATCH;
}

bool identify_is_session_cookie(const struct session_policy *policy, struct span name)
{
    return rank_of(policy->cookies, name) != COOKIE_NO_MATCH;
}

bool identify_is_remember_cookie(const struct session_policy *policy, struct span name)
{
    return rank_of(policy->remember, name) != COOKIE_NO_MATCH;
}

static bool is_jwt_cookie(const struct session_policy *policy, struct span name)
{
    return policy->jwt.cookie != NULL && span_equal(name, span_of(policy->jwt.cookie));
}

bool identify_is_doubtful_cookie(const struct session_policy *policy,
                                 const struct cookie *cookie)
{
    bool taken = identify_is_session_cookie(policy, cookie->name) ||
                 identify_is_remember_cookie(policy, cookie->name) ||
                 is_jwt_cookie(policy, cookie->name);
    return lax_cookie(policy, cookie, taken);
}

/* Where `needle` begins in `text`, or `text.len`. */
static size_t find_text(struct span text, struct span needle)
{
    for (size_t at = 0; needle.len > 0 && at + needle.len <= text.len; at++) {
        if (span_starts(span_from(text, at), needle)) {
            return at;
        }
    }
    return text.len;
}

static struct span cut_suffix(const struct session_policy *policy, struct span value)
{
    return span_first(value, find_text(value, span_of(policy->suffix)));
}

static struct span cut_quotes(struct span value)
{
    bool quoted =
        value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';
    return quoted ? span_first(span_from(value, 1), value.len - 2) : value;
}

/* ---- Requests ---- */

/* As it was received: with the quotes that were cut. */
static struct span with_quotes(struct span text, struct span value)
{
    bool quoted = value.ptr > text.ptr && value.ptr[-1] == '"';
    return quoted ? (struct span){.ptr = value.ptr - 1, .len = value.len + 2} : value;
}

/* What was found so far; empty values stand in the list until it is complete, as they
 * contradict others of their name. */
struct finder {
    const struct session_policy *policy;
    struct identity *identity;
    bool ambiguous;
};

static bool same_place(const struct identity_token *a, const struct identity_token *b)
{
    return a->source == b->source && span_equal(a->name, b->name);
}

static bool comes_before(const struct identity_token *a, const struct identity_token *b)
{
    return a->source != b->source ? a->source < b->source : a->rank < b->rank;
}

static void insert(struct identity *identity, const struct identity_token *token)
{
    unsigned at = identity->token_count++;
    while (at > 0 && comes_before(token, &identity->tokens[at - 1])) {
        identity->tokens[at] = identity->tokens[at - 1];
        at--;
    }
    identity->tokens[at] = *token;
}

static void add(struct finder *self, struct identity_token token)
{
    struct identity *identity = self->identity;

    token.value = cut_suffix(self->policy, token.value);
    for (unsigned i = 0; i < identity->token_count; i++) {
        const struct identity_token *other = &identity->tokens[i];
        if (same_place(other, &token)) {
            self->ambiguous |= !span_equal(other->value, token.value);
            return;
        }
    }
    if (identity->token_count == IDENTITY_TOKENS_MAX) {
        self->ambiguous = true;
        return;
    }
    insert(identity, &token);
}

static void add_cookies(struct finder *self, const struct head *head)
{
    struct cookie_reader reader;
    struct cookie cookie;

    cookie_start(&reader, head);
    while (cookie_next(&reader, &cookie)) {
        int rank = rank_of(self->policy->cookies, cookie.name);
        bool taken = rank != COOKIE_NO_MATCH ||
                     identify_is_remember_cookie(self->policy, cookie.name) ||
                     is_jwt_cookie(self->policy, cookie.name);
        self->ambiguous |= (!taken || span_find(cookie.value, '=') < cookie.value.len) &&
                           lax_cookie(self->policy, &cookie, taken);
        if (rank != COOKIE_NO_MATCH) {
            spelling_add(&self->identity->spelling,
                         with_quotes(cookie.text, cookie.value));
            add(self, (struct identity_token){.value = cookie.value,
                                              .name = cookie.name,
                                              .source = IDENTITY_COOKIE,
                                              .rank = (unsigned)rank});
        } else if (taken && cookie.value.len > 0 &&
                   identify_is_remember_cookie(self->policy, cookie.name)) {
            self->identity->remembered = true;
        }
    }
}

/* Takes the next value of `;NAME=VALUE` off a path as received; parameters of all its
 * segments are looked through. False: there is none. */
static bool next_parameter(const struct session_policy *policy, struct span *path_p,
                           struct span *value_out)
{
    struct span name = span_of(policy->path_parameter);

    while (name.len > 0 && span_find(*path_p, ';') < path_p->len) {
        *path_p = span_from(*path_p, span_find(*path_p, ';') + 1);
        size_t end = span_find(*path_p, ';');
        size_t slash = span_find(*path_p, '/');
        struct span parameter = span_first(*path_p, slash < end ? slash : end);
        size_t equals = span_find(parameter, '=');
        if (equals < parameter.len && span_equal(span_first(parameter, equals), name)) {
            *value_out = cut_quotes(span_from(parameter, equals + 1));
            return true;
        }
    }
    return false;
}

static void add_parameters(struct finder *self, struct span target)
{
    struct span path = span_first(target, span_find(target, '?'));
    struct span value;

    while (next_parameter(self->policy, &path, &value)) {
        spelling_add(&self->identity->spelling, value);
        add(self, (struct identity_token){.value = value,
                                          .name = span_of(self->policy->path_parameter),
                                          .source = IDENTITY_PARAMETER});
    }
}

/* The credentials of an Authorization field; the value of any other. */
static struct span token_of_field(const struct field *field)
{
    struct span value = field->value;
    size_t blank = span_find(value, ' ');
    size_t tab = span_find(value, '\t'); /* No scheme ends so, but servers read it. */
    size_t scheme_len = blank < tab ? blank : tab;
    bool has_scheme = field->id == FIELD_AUTHORIZATION && scheme_len < value.len;
    return has_scheme ? span_trim(span_from(value, scheme_len)) : value;
}

static void add_fields(struct finder *self, const struct head *head)
{
    const struct session_policy *policy = self->policy;
    struct span name = span_of(policy->header);

    if (policy->header == NULL && policy->jwt.header == NULL) {
        return;
    }
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        self->ambiguous |= field->value.len > 0 && lax_field(policy, field);
        if (name.len > 0 && span_equal_nocase(field->name, name)) {
            add(self, (struct identity_token){.value = cut_quotes(token_of_field(field)),
                                              .name = name,
                                              .source = IDENTITY_HEADER});
        }
    }
}

static bool is_known(const struct finder *self, struct span value)
{
    const struct identity *identity = self->identity;

    for (unsigned i = 0; i < identity->token_count; i++) {
        if (span_equal(identity->tokens[i].value, value)) {
            return true;
        }
    }
    return false;
}

/* Tokens in the target that were not taken: a value that was, is no second one. */
static void doubt_items(struct finder *self, struct span target, bool in_query)
{
    for (size_t at = 0; at < target.len;) {
        size_t end = lax_item_end(target, at + 1, in_query);
        struct span item = span_first(span_from(target, at + 1), end - at - 1);
        struct span value = cut_suffix(
            self->policy, cut_quotes(span_from(item, span_find(item, '=') + 1)));
        bool begins = in_query || target.ptr[at] == ';';
        self->ambiguous |= begins && value.len > 0 &&
                           lax_item(self->policy, item, in_query) &&
                           !is_known(self, value);
        at = end;
    }
}

static void doubt_target(struct finder *self, struct span target)
{
    size_t parameter = span_find(target, ';');

    if (parameter == target.len && self->policy->url_name_count == 0) {
        return;
    }
    size_t query = span_find(target, '?');
    if (query < target.len && self->policy->url_name_count > 0) {
        doubt_items(self, span_from(target, query), true);
    }
    if (parameter < query) {
        doubt_items(self, span_first(target, query), false);
    }
}

static void drop_empty(struct identity *identity)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < identity->token_count; i++) {
        if (identity->tokens[i].value.len > 0) {
            identity->tokens[kept++] = identity->tokens[i];
        }
    }
    identity->token_count = kept;
}

static enum identity_kind kind_of(const struct finder *self)
{
    if (self->ambiguous || self->identity->spelling.odd) {
        return IDENTITY_AMBIGUOUS;
    }
    if (self->identity->token_count > 0) {
        return IDENTITY_TOKEN;
    }
    return self->identity->remembered ? IDENTITY_UNKNOWN : IDENTITY_ANONYMOUS;
}

void identify_request(const struct head *head, const struct session_policy *policy,
                      struct identity *identity_out)
{
    struct finder finder = {.policy = policy, .identity = identity_out};

    identity_out->kind = IDENTITY_AMBIGUOUS;
    identity_out->remembered = false;
    identity_out->token_count = 0;
    identity_out->spelling = (struct spelling){0};
    add_cookies(&finder, head);
    add_parameters(&finder, head->target);
    add_fields(&finder, head);
    drop_empty(identity_out);
    doubt_target(&finder, head->target);
    identity_out->kind = kind_of(&finder);
}

/* ---- Responses ---- */

static bool is_issued(const struct session_policy *policy, const struct field *field,
                      int64_t now_s, struct issued_cookie *token_out)
{
    struct set_cookie cookie;
    if (field->id != FIELD_SET_COOKIE || !cookie_parse_set(field->value, &cookie)) {
        return false;
    }
    if (!identify_is_session_cookie(policy, cookie.name)) {
        return false;
    }
    struct span value = cut_suffix(policy, cookie.value);
    *token_out = (struct issued_cookie){
        .value = value,
        .name = cookie.name,
        .deletion = cookie_is_deletion(&cookie, now_s) || value.len == 0,
        .too_short = value.len < ISSUED_SIZE_MIN,
    };
    if (!token_out->deletion && !token_out->too_short) {
        spelling_add(&token_out->spelling, with_quotes(field->value, cookie.value));
    }
    return true;
}

void identify_issued(const struct head *head, const struct session_policy *policy,
                     int64_t now_s, struct issued_cookies *issued_out)
{
    issued_out->count = 0;
    issued_out->more = false;
    for (size_t i = 0; i < head->field_count; i++) {
        struct issued_cookie token;
        if (!is_issued(policy, &head->fields[i], now_s, &token)) {
            continue;
        }
        if (issued_out->count == ISSUED_TOKENS_MAX) {
            issued_out->more = true;
            return;
        }
        issued_out->items[issued_out->count++] = token;
    }
}

struct span identify_addressed(const struct head *head,
                               const struct session_policy *policy)
{
    const struct field *field = head_field(head, FIELD_LOCATION);
    struct span path = field != NULL ? field->value : (struct span){0};
    struct span value;

    path = span_first(path, span_find(path, '#'));
    path = span_first(path, span_find(path, '?'));
    while (next_parameter(policy, &path, &value)) {
        value = cut_suffix(policy, value);
        if (value.len >= ISSUED_SIZE_MIN) {
            return value;
        }
    }
    return (struct span){0};
}

bool identify_sets_session(const struct session_policy *policy, struct span field_value)
{
    struct set_cookie cookie;
    return cookie_parse_set(field_value, &cookie) &&
           identify_is_session_cookie(policy, cookie.name);
}
