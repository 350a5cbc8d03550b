#include "guard/credential.h"

#include <string.h>

#include "base/base64.h"
#include "base/parse.h"
#include "http/cookie.h"
#include "http/json.h"

enum { CLAIM_USER, CLAIM_EXPIRES, CLAIM_NOT_BEFORE, CLAIM_COUNT };
enum { HEADER_ALGORITHM, HEADER_CRITICAL, HEADER_CRITICAL_ITEM, HEADER_COUNT };

/* What was found at one pointer. */
struct found {
    unsigned count;
    enum json_kind kind;
    bool too_long;
    size_t len;
    uint8_t bytes[USER_SIZE_MAX];
};

static void on_match(void *context, const struct json_match *match)
{
    struct found *found = (struct found *)context + match->pointer_index;

    found->count++;
    found->kind = match->kind;
    found->too_long = match->too_long || match->value.len > sizeof(found->bytes);
    found->len = found->too_long ? 0 : match->value.len;
    if (found->len > 0) {
        memcpy(found->bytes, match->value.ptr, found->len);
    }
}

static struct span found_text(const struct found *found)
{
    return (struct span){.ptr = found->bytes, .len = found->len};
}

/* Reads a JSON object. False: it is none, or a member that matters is given twice. */
static bool read_json(struct span text, const struct pointer *pointers, size_t count,
                      struct found *found)
{
    const struct json_wanted wanted = {.pointers = pointers,
                                       .pointer_count = count,
                                       .value_size_max = USER_SIZE_MAX,
                                       .sink = on_match};
    struct json *json = json_new(&wanted);

    if (json == NULL || text.len == 0 || text.ptr[0] != '{') {
        json_free(&json);
        return false;
    }
    json_start(json, found);
    bool whole = json_feed(json, text) != JSON_BAD && json_finish(json) == JSON_DONE;
    json_free(&json);
    for (size_t i = 0; i < count; i++) {
        whole = whole && found[i].count <= 1;
    }
    return whole;
}

/* Decodes one part of a token into `buffer`. False: not base64url. */
static bool decode(struct span part, uint8_t *buffer, struct span *out)
{
    size_t len = 0;

    if (part.len > CREDENTIAL_SIZE_MAX ||
        base64_decode(part, BASE64_URL, buffer, &len) != ERR_NONE) {
        return false;
    }
    *out = (struct span){.ptr = buffer, .len = len};
    return true;
}

static void compile(const char *text, struct pointer *out)
{
    const char *error = pointer_parse(span_of(text), out);
    CHECK(error == NULL);
}

/* The whole seconds of a date; false: it is not a date that can be read. */
static bool date_of(const struct found *found, int64_t *seconds_out)
{
    uint64_t seconds = 0;
    struct span digits = found_text(found);

    digits = span_first(digits, span_find(digits, '.'));
    if (found->kind != JSON_NUMBER || parse_u64(digits, &seconds) != ERR_NONE ||
        seconds > INT64_MAX) {
        return false;
    }
    *seconds_out = (int64_t)seconds;
    return true;
}

static bool is_in_time(const struct found *claims, int64_t now_s)
{
    int64_t seconds = 0;

    if (claims[CLAIM_EXPIRES].count > 0 &&
        (!date_of(&claims[CLAIM_EXPIRES], &seconds) || now_s >= seconds)) {
        return false;
    }
    return claims[CLAIM_NOT_BEFORE].count == 0 ||
           (date_of(&claims[CLAIM_NOT_BEFORE], &seconds) && now_s >= seconds);
}

/* Is the first part that of a token which this key may check, and has signed? */
static bool is_signed(const struct verify_key *key, struct span header, struct span text,
                      struct span signature)
{
    struct pointer pointers[HEADER_COUNT];
    struct found found[HEADER_COUNT] = {0};

    compile("/alg", &pointers[HEADER_ALGORITHM]);
    compile("/crit", &pointers[HEADER_CRITICAL]);
    compile("/crit/*", &pointers[HEADER_CRITICAL_ITEM]);
    return read_json(header, pointers, HEADER_COUNT, found) &&
           found[HEADER_ALGORITHM].kind == JSON_STRING &&
           found[HEADER_CRITICAL].count == 0 && found[HEADER_CRITICAL_ITEM].count == 0 &&
           verify_signature(key,
                            verify_algorithm_of(found_text(&found[HEADER_ALGORITHM])),
                            text, signature);
}

struct parts {
    struct span header;
    struct span payload;
    struct span signature;
    struct span text; /* Of the first two, with the dot. */
};

/* Three parts, no more. */
static bool split(struct span token, struct parts *out)
{
    size_t first = span_find(token, '.');
    struct span rest = span_from(token, first + 1);
    size_t second = span_find(rest, '.');

    if (first >= token.len || second >= rest.len || token.len > CREDENTIAL_SIZE_MAX) {
        return false;
    }
    out->header = span_first(token, first);
    out->payload = span_first(rest, second);
    out->signature = span_from(rest, second + 1);
    out->text = span_first(token, first + 1 + second);
    return span_find(out->signature, '.') == out->signature.len;
}

void credential_read_jwt(const struct jwt_policy *policy, struct span token,
                         int64_t now_s, struct credential *out)
{
    uint8_t buffers[3][CREDENTIAL_SIZE_MAX];
    struct pointer pointers[CLAIM_COUNT];
    struct found claims[CLAIM_COUNT] = {0};
    struct parts parts;
    struct span header;
    struct span payload;
    struct span signature;

    out->trust = CREDENTIAL_BAD;
    out->user.len = 0;
    if (!split(token, &parts) || !decode(parts.header, buffers[0], &header) ||
        !decode(parts.payload, buffers[1], &payload) ||
        !decode(parts.signature, buffers[2], &signature)) {
        return;
    }
    pointers[CLAIM_USER] = *policy->claim;
    compile("/exp", &pointers[CLAIM_EXPIRES]);
    compile("/nbf", &pointers[CLAIM_NOT_BEFORE]);
    if (!read_json(payload, pointers, CLAIM_COUNT, claims)) {
        return;
    }
    const struct found *user = &claims[CLAIM_USER];
    if ((user->kind != JSON_STRING && user->kind != JSON_NUMBER) ||
        !user_set(&out->user, found_text(user))) {
        return;
    }
    if (policy->key == NULL) {
        out->trust = CREDENTIAL_SAID;
    } else if (is_signed(policy->key, header, parts.text, signature) &&
               is_in_time(claims, now_s)) {
        out->trust = CREDENTIAL_CHECKED;
    } else {
        out->user.len = 0;
    }
}

/* Sites read these fields by patterns, by length and by splitting: where a value begins
 * with the scheme, what follows may be the credentials to some. */
static bool begins_with(struct span value, struct span scheme)
{
    return span_equal_nocase(span_first(value, scheme.len), scheme);
}

/* What stands behind the scheme and blanks; empty where it is not for sure. */
static struct span behind(struct span value, struct span scheme)
{
    struct span rest = span_from(value, scheme.len);

    return rest.len > 0 && span_is_ows(rest.ptr[0]) ? span_trim(rest) : (struct span){0};
}

/* The name in front of the first colon (RFC 7617 section 2). */
static void read_basic(struct span credentials, struct credential *out)
{
    uint8_t bytes[1024];
    size_t len = 0;

    out->trust = CREDENTIAL_BAD;
    out->text = credentials;
    if (base64_decoded_size(credentials.len) > sizeof(bytes) ||
        base64_decode(credentials, BASE64_STANDARD, bytes, &len) != ERR_NONE) {
        return;
    }
    struct span text = {.ptr = bytes, .len = len};
    size_t colon = span_find(text, ':');
    if (colon < len && user_set(&out->user, span_first(text, colon))) {
        out->trust = CREDENTIAL_NAMED;
    }
}

static bool is_named(const char *name, struct span field_name)
{
    return name != NULL && span_equal_nocase(field_name, span_of(name));
}

/* One more token; another than the one before makes both void. */
static void take_jwt(const struct jwt_policy *policy, struct span token, int64_t now_s,
                     struct credential *out)
{
    if (token.len == 0 || span_equal(token, out->text)) {
        return;
    }
    if (out->text.len > 0) {
        out->trust = CREDENTIAL_BAD;
        out->user.len = 0;
        return;
    }
    out->text = token;
    credential_read_jwt(policy, token, now_s, out);
}

static void read_cookies(const struct head *head, const struct jwt_policy *policy,
                         int64_t now_s, struct credential *out)
{
    struct cookie_reader reader;
    struct cookie cookie;

    cookie_start(&reader, head);
    while (policy->cookie != NULL && cookie_next(&reader, &cookie)) {
        if (span_equal(cookie.name, span_of(policy->cookie))) {
            take_jwt(policy, cookie.value, now_s, out);
        }
    }
}

static void spoil(struct credential *out, struct span text)
{
    out->trust = CREDENTIAL_BAD;
    out->user.len = 0;
    out->text = out->text.len > 0 ? out->text : text;
}

/* `Authorization` of scheme Bearer. */
static void take_bearer(const struct jwt_policy *policy, struct span value, int64_t now_s,
                        struct credential *out)
{
    struct span token = behind(value, SPAN("bearer"));

    if (token.len == 0) {
        spoil(out, value);
    } else {
        take_jwt(policy, token, now_s, out);
    }
}

static void take_field(const struct jwt_policy *policy, bool basic, int64_t now_s,
                       const struct field *field, struct credential *out)
{
    bool authorization = field->id == FIELD_AUTHORIZATION;

    if (authorization && basic && begins_with(field->value, SPAN("basic"))) {
        if (out->text.len > 0) {
            spoil(out, field->value);
        } else {
            read_basic(behind(field->value, SPAN("basic")), out);
            out->text = out->text.len > 0 ? out->text : field->value;
        }
    } else if (!is_named(policy->header, field->name)) {
        return;
    } else if (!authorization) {
        take_jwt(policy, field->value, now_s, out);
    } else if (begins_with(field->value, SPAN("bearer"))) {
        take_bearer(policy, field->value, now_s, out);
    }
}

void credential_read(const struct head *head, const struct jwt_policy *policy, bool basic,
                     int64_t now_s, struct credential *out)
{
    out->trust = CREDENTIAL_NONE;
    out->user.len = 0;
    out->text = (struct span){0};
    read_cookies(head, policy, now_s, out);
    for (size_t i = 0; i < head->field_count; i++) {
        take_field(policy, basic, now_s, &head->fields[i], out);
    }
}

void credential_read_certificate(const struct head *head, struct span name,
                                 struct credential *out)
{
    out->trust = CREDENTIAL_NONE;
    out->user.len = 0;
    out->text = (struct span){0};
    for (size_t i = 0; i < head->field_count; i++) {
        struct span value = span_trim(head->fields[i].value);
        if (!span_equal_nocase(head->fields[i].name, name) || value.len == 0 ||
            span_equal(value, SPAN("(null)"))) { /* Apache's word for none. */
            continue;
        }
        if (out->trust != CREDENTIAL_NONE && !span_equal(value, out->text)) {
            out->trust = CREDENTIAL_BAD;
            out->user.len = 0;
            return;
        }
        out->text = value;
        out->trust = user_set(&out->user, value) ? CREDENTIAL_CERTIFIED : CREDENTIAL_BAD;
    }
}

void credential_join(struct credential *self, const struct credential *other)
{
    if (other->trust == CREDENTIAL_NONE) {
        return;
    }
    if (self->trust == CREDENTIAL_NONE) {
        self->trust = other->trust;
        user_copy(&self->user, &other->user);
        self->text = other->text;
    } else if (self->trust == CREDENTIAL_BAD || other->trust == CREDENTIAL_BAD ||
               !user_equal(&self->user, &other->user)) {
        self->trust = CREDENTIAL_BAD;
        self->user.len = 0;
    } else if (other->trust > self->trust) {
        self->trust = other->trust;
    }
}

bool credential_is_field(const struct jwt_policy *policy, bool basic,
                         const struct field *field)
{
    if (field->id == FIELD_AUTHORIZATION && basic &&
        begins_with(field->value, SPAN("basic"))) {
        return true;
    }
    return is_named(policy->header, field->name);
}
