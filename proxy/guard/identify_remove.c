/* How identity is removed from a request while login is down. */
#include "guard/identify.h"
#include "guard/lax.h"

static bool keeps(void *context, const struct cookie *cookie)
{
    const struct session_policy *policy = context;
    return !identify_is_session_cookie(policy, cookie->name) &&
           !identify_is_remember_cookie(policy, cookie->name) &&
           !identify_is_doubtful_cookie(policy, cookie);
}

bool identify_has_cookies(const struct head *head, const struct session_policy *policy)
{
    struct cookie_reader reader;
    struct cookie cookie;

    cookie_start(&reader, head);
    while (cookie_next(&reader, &cookie)) {
        struct session_policy copy = *policy;
        if (!keeps(&copy, &cookie)) {
            return true;
        }
    }
    return false;
}

size_t identify_write_cookies(const struct head *head,
                              const struct session_policy *policy, uint8_t *buffer)
{
    struct session_policy copy = *policy;
    return cookie_write(head, keeps, &copy, buffer);
}

bool identify_is_token_field(const struct session_policy *policy,
                             const struct field *field)
{
    if (policy->header != NULL &&
        span_equal_nocase(field->name, span_of(policy->header))) {
        return true;
    }
    if (lax_field(policy, field)) {
        return true;
    }
    struct span bearer = SPAN("bearer");
    return field->id == FIELD_AUTHORIZATION &&
           span_equal_nocase(span_first(field->value, bearer.len), bearer) &&
           (field->value.len == bearer.len || field->value.ptr[bearer.len] == ' ' ||
            field->value.ptr[bearer.len] == '\t');
}

bool identify_is_certificate_field(const struct field *field)
{
    static const char *const NAMES[] = {
        "Client-Cert",   "Client-Cert-Chain",    "X-Forwarded-Client-Cert",
        "X-Client-Cert", "X-Client-Certificate", "X-ARR-ClientCert",
    };
    static const char *const PREFIXES[] = {
        "SSL-Client-", "SSL_Client_",    "X-SSL-Client-",
        "X-SSL-Cert",  "X-Client-Cert-", "X-Amzn-Mtls-Clientcert",
    };

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (span_equal_nocase(field->name, span_of(NAMES[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++) {
        struct span prefix = span_of(PREFIXES[i]);
        if (span_equal_nocase(span_first(field->name, prefix.len), prefix)) {
            return true;
        }
    }
    return false;
}

struct writer {
    uint8_t *buffer;
    size_t len;
};

static void write_bytes(struct writer *self, struct span bytes)
{
    if (bytes.len > 0) {
        memcpy(self->buffer + self->len, bytes.ptr, bytes.len);
        self->len += bytes.len;
    }
}

static void write_path(struct writer *self, const struct session_policy *policy,
                       struct span path)
{
    for (size_t at = 0; at < path.len;) {
        size_t end = lax_item_end(path, at + 1, false);
        struct span item = span_first(span_from(path, at), end - at);
        if (path.ptr[at] != ';' || !lax_item(policy, span_from(item, 1), false)) {
            write_bytes(self, item);
        }
        at = end;
    }
}

/* `query` begins with `?`; an item that stays keeps the separator before it, the first
 * one that stays gets the `?`. */
static void write_query(struct writer *self, const struct session_policy *policy,
                        struct span query)
{
    struct span separator = span_first(query, 1);

    for (size_t at = 0; at < query.len;) {
        size_t end = lax_item_end(query, at + 1, true);
        struct span item = span_first(span_from(query, at + 1), end - at - 1);
        if (!lax_item(policy, item, true)) {
            write_bytes(self, separator);
            write_bytes(self, item);
            separator.len = 0;
        }
        at = end;
        if (separator.len == 0 || separator.ptr != query.ptr) {
            separator = span_first(span_from(query, at), 1);
        }
    }
}

size_t identify_write_target(struct span target, const struct session_policy *policy,
                             // NOLINTNEXTLINE(readability-non-const-parameter): written
                             uint8_t *buffer)
{
    struct writer writer = {.buffer = buffer};
    size_t path_len = span_find(target, '?');

    write_path(&writer, policy, span_first(target, path_len));
    write_query(&writer, policy, span_from(target, path_len));
    return writer.len;
}
