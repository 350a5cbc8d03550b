#include "app/graph_show.h"

#include "app/graph.h"
#include "record/pseudonym.h"

enum err graph_changes(void *context, unsigned count_max, struct json_write *out)
{
    struct graph *self = context;
    return query_changes(self->query, count_max, out);
}

enum err graph_events(void *context, uint64_t after, unsigned count_max,
                      uint64_t *last_out, struct json_write *out)
{
    struct graph *self = context;
    return query_events(self->query, after, count_max, last_out, out);
}

enum err graph_last_event(void *context, uint64_t *last_out)
{
    struct graph *self = context;
    return query_last_event(self->query, last_out);
}

static struct span binding_name(enum binding binding)
{
    switch (binding) {
    case BINDING_NONE:
        return SPAN("none");
    case BINDING_UNCONFIRMED:
        return SPAN("unconfirmed");
    case BINDING_CONFIRMED:
        return SPAN("confirmed");
    }
    UNREACHABLE();
}

/* As in incidents: the same person, the same pseudonym. */
static void write_requester(const struct graph *self, const struct session *session,
                            struct json_write *out)
{
    struct secret_mac key;
    struct span key_bytes = {.ptr = state_dir_pseudonym_key(self->state_dir),
                             .len = FINGERPRINT_KEY_SIZE};
    char digits[PSEUDONYM_DIGITS + 1];
    char text[PSEUDONYM_SHORT_SIZE];

    json_write_key(out, "requester");
    if (session->binding == BINDING_NONE) {
        json_write_null(out);
        return;
    }
    secret_mac_start(&key, key_bytes);
    pseudonym_of(&key, PSEUDONYM_USER, user_span(&session->requester), digits);
    secret_wipe(&key, sizeof(key));
    pseudonym_short(SPAN("user"), span_of(digits), text);
    json_write_text(out, span_of(text));
}

bool graph_session(void *context, struct span fingerprint, struct json_write *out)
{
    struct graph *self = context;
    struct registry_record record = {0};
    struct fingerprint token;
    char digits[FINGERPRINT_DIGITS];

    if (fingerprint_parse(fingerprint, &token) != ERR_NONE ||
        !registry_describe(self->shared.registry, &token, loop_now_ms(self->loop),
                           &record)) {
        return false;
    }
    fingerprint_format(&record.session.first, digits);
    json_write_begin_object(out);
    json_write_member(
        out, "fingerprint",
        (struct span){.ptr = (const uint8_t *)digits, .len = FINGERPRINT_DIGITS});
    json_write_member_u64(out, "generation", record.session.generation);
    json_write_member(out, "bound", binding_name(record.session.binding));
    json_write_member_bool(out, "by_login", record.session.by_login);
    write_requester(self, &record.session, out);
    json_write_member_bool(out, "public", record.session.is_public);
    json_write_member_bool(out, "quarantined", record.session.quarantined);
    json_write_member_u64(out, "logins_open", record.session.claim_count);
    json_write_member_u64(out, "tokens", record.token_count);
    json_write_member_time(out, "last_seen",
                           loop_unix_ms(self->loop) - record.idle_for_ms);
    json_write_end_object(out);
    secret_wipe(&record, sizeof(record));
    return true;
}
