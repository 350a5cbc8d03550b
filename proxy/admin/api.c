#include "admin/api.h"

#include <string.h>

struct row {
    struct span path;
    api_fn *run;
    enum method method;
    enum access_role role;
};

static const struct row ROWS[] = {
#define API(method, path, role, function)                                                \
    {{.ptr = (const uint8_t *)(path), .len = sizeof(path) - 1},                          \
     function,                                                                           \
     METHOD_##method,                                                                    \
     ACCESS_##role},
#include "admin/api.def"
#undef API
};

enum {
    ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]),
};

#define REALM "Bearer realm=\"countermark\""

bool api_decode(struct span segment, char *name_out)
{
    size_t len = 0;

    for (size_t i = 0; i < segment.len; i++) {
        uint8_t byte = segment.ptr[i];
        if (byte == '%') {
            if (parse_hex(span_first(span_from(segment, i + 1), 2), &byte, 1) !=
                ERR_NONE) {
                return false;
            }
            i += 2;
        }
        if (byte == '\0' || len + 1 >= API_NAME_SIZE_MAX) {
            return false;
        }
        name_out[len++] = (char)byte;
    }
    name_out[len] = '\0';
    return len > 0;
}

/* True when `path` fits `pattern`; what stood for `*` goes to `name_out`. */
static bool fits(struct span pattern, struct span path, char *name_out)
{
    struct span wanted;
    struct span segment;

    while (span_next(&pattern, '/', &wanted)) {
        if (!span_next(&path, '/', &segment)) {
            return false;
        }
        if (span_equal(wanted, SPAN("*"))) {
            if (!api_decode(segment, name_out)) {
                return false;
            }
        } else if (!span_equal(wanted, segment)) {
            return false;
        }
    }
    return path.len == 0;
}

/* HEAD asks for what GET would answer. */
static bool method_fits(enum method row, enum method asked)
{
    return row == asked || (row == METHOD_GET && asked == METHOD_HEAD);
}

static void say_missing(struct answer *answer)
{
    struct json_write *json =
        answer_problem_begin(answer, 404, "There is nothing at this path.");

    json_write_key(json, "paths");
    json_write_begin_array(json);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        json_write_text(json, ROWS[i].path);
    }
    json_write_end_array(json);
    answer_end(answer);
}

static bool has_method(struct span pattern, enum method method)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (ROWS[i].method == method && span_equal(ROWS[i].path, pattern)) {
            return true;
        }
    }
    return false;
}

static void say_method(struct answer *answer, struct span pattern)
{
    bool gets = has_method(pattern, METHOD_GET);
    bool posts = has_method(pattern, METHOD_POST);

    answer_problem(answer, 405, "This path does not have this method.");
    answer->allow = !posts ? "GET, HEAD" : gets ? "GET, HEAD, POST" : "POST";
}

/* Who asks, and what they may do. False: answered. */
static bool identify(struct api_call *self)
{
    const struct field *field = head_field(self->head, FIELD_AUTHORIZATION);
    const struct access_token *token = NULL;

    if (self->origin->local) {
        self->role = ACCESS_OPERATOR;
        (void)span_copy(span_of(self->origin->user), self->who, sizeof(self->who));
        return true;
    }
    if (field == NULL) {
        return true;
    }
    enum access_proof proof = ACCESS_PROOF_WRONG;
    if (head_field_count(self->head, FIELD_AUTHORIZATION) == 1) {
        proof = access_check(self->context->access, field->value, &token);
    }
    if (proof == ACCESS_PROOF_WRONG) {
        answer_problem(self->answer, 401, "This token is not known here.");
        self->answer->challenge = REALM ", error=\"invalid_token\"";
        return false;
    }
    if (proof == ACCESS_PROOF_GOOD) {
        self->role = token->role;
        (void)span_copy(span_of(token->name), self->who, sizeof(self->who));
    }
    return true;
}

/* False: answered. */
static bool may(struct api_call *self, enum access_role needed)
{
    if (self->role >= needed) {
        return true;
    }
    if (self->role == ACCESS_NONE) {
        answer_problem(self->answer, 401, "This path needs a bearer token.");
        self->answer->challenge = REALM;
    } else {
        answer_problem(self->answer, 403, "This path needs a token of an operator.");
    }
    return false;
}

/* The body is read as JSON. Many a client says nothing of it, or what it says of every
 * body; another site's form gains nothing by that, for it has no token. False: answered.
 */
static bool type_may_be_json(struct api_call *self)
{
    const struct field *field = head_field(self->head, FIELD_CONTENT_TYPE);
    if (self->head->method != METHOD_POST || field == NULL) {
        return true;
    }
    struct span type = span_trim(span_first(field->value, span_find(field->value, ';')));
    if (span_equal_nocase(type, SPAN("application/json")) ||
        span_equal_nocase(type, SPAN("application/x-www-form-urlencoded"))) {
        return true;
    }
    answer_problem(self->answer, 415, "A change needs Content-Type: application/json.");
    return false;
}

/* False: answered. */
static bool host_fits(struct api_call *self)
{
    const struct field *field = head_field(self->head, FIELD_HOST);

    if (self->origin->local || self->origin->secure) {
        return true;
    }
    if (field != NULL &&
        access_host_is_own(self->context->access, field->value, &self->origin->address)) {
        return true;
    }
    answer_problem(self->answer, 421,
                   "Host must be localhost, the address that is listened on, or the host "
                   "of admin.url.");
    return false;
}

/* The row of method and path, or of the path alone, or NULL. */
static const struct row *find(struct api_call *self, struct span path)
{
    const struct row *of_path = NULL;

    if (path.len > 1 && span_ends(path, SPAN("/"))) {
        return NULL;
    }
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (fits(ROWS[i].path, path, self->name)) {
            of_path = &ROWS[i];
            if (method_fits(of_path->method, self->head->method)) {
                return of_path;
            }
        }
    }
    return of_path;
}

/* Whoever has no right to the interface does not learn what it has. */
static bool admit_path(struct api_call *self, struct span path)
{
    const struct row *row = find(self, path);

    if (row == NULL) {
        if (!span_starts(path, SPAN("/api/")) ||
            (identify(self) && may(self, ACCESS_VIEWER))) {
            say_missing(self->answer);
        }
        return false;
    }
    if (row->role != ACCESS_NONE && (!identify(self) || !may(self, row->role))) {
        return false;
    }
    if (!method_fits(row->method, self->head->method)) {
        say_method(self->answer, row->path);
        return false;
    }
    self->run = row->run;
    return type_may_be_json(self);
}

bool api_admit(struct api_call *self)
{
    struct span path = self->head->target;

    if (!host_fits(self)) {
        return false;
    }
    if (!span_starts(path, SPAN("/"))) {
        answer_problem(self->answer, 400, "The request target must be a path.");
        return false;
    }
    size_t end = span_find(path, '?');
    self->query = span_from(path, end + 1);
    return admit_path(self, span_first(path, end));
}

bool api_is_feature(const struct admin_control *control, const char *name)
{
    struct control_feature feature = {0};

    for (unsigned i = 0; control->feature(control->self, i, &feature); i++) {
        if (strcmp(feature.name, name) == 0) {
            return true;
        }
    }
    return false;
}

void api_run(struct api_call *self)
{
    CHECK(self->run != NULL);
    self->run(self);
    CHECK(self->operation != NULL || self->answer->status != 0);
    CHECK(self->feed == NULL || self->answer->endless);
}

bool api_query(struct span query, struct span name, struct span *value_out)
{
    struct span item;

    while (span_next(&query, '&', &item)) {
        size_t end = span_find(item, '=');
        if (span_equal(span_first(item, end), name)) {
            *value_out = span_from(item, end + 1);
            return true;
        }
    }
    *value_out = (struct span){0};
    return false;
}
