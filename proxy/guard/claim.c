#include "guard/claim.h"

#include "http/form.h"
#include "http/json.h"
#include "http/media.h"

struct json_claim {
    struct user *name;
    unsigned count;
};

static void on_match(void *context, const struct json_match *match)
{
    struct json_claim *self = context;
    self->count++;
    self->name->len = 0;
    if (self->count == 1 && !match->too_long &&
        (match->kind == JSON_STRING || match->kind == JSON_NUMBER)) {
        (void)user_set(self->name, match->value);
    }
}

static void read_json(const char *user_field, struct span body, struct user *name_out)
{
    struct pointer pointer;
    struct json_claim claim = {.name = name_out};
    if (pointer_parse(span_of(user_field), &pointer) != NULL) {
        return;
    }
    struct json *json = json_new(&(struct json_wanted){.pointers = &pointer,
                                                       .pointer_count = 1,
                                                       .value_size_max = USER_SIZE_MAX,
                                                       .sink = on_match});
    if (json == NULL) {
        return;
    }
    json_start(json, &claim);
    (void)json_feed(json, body);
    if (json_finish(json) != JSON_DONE) {
        name_out->len = 0;
    }
    json_free(&json);
}

static void read_form(const char *user_field, struct span content_type, struct span body,
                      struct user *name_out)
{
    uint8_t bytes[USER_SIZE_MAX];
    struct form_buffer buffer = {.bytes = bytes, .capacity = sizeof(bytes)};
    struct span value = {0};
    enum form_result result = FORM_BAD;
    enum media media = media_of(content_type);
    if (media == MEDIA_FORM) {
        result = form_find(body, span_of(user_field), buffer, &value);
    } else if (media == MEDIA_MULTIPART) {
        result =
            form_find_multipart(body, content_type, span_of(user_field), buffer, &value);
    }
    if (result == FORM_FOUND) {
        (void)user_set(name_out, value);
    }
}

void claim_read(const char *user_field, struct span content_type, struct span body,
                struct user *name_out)
{
    name_out->len = 0;
    if (user_field == NULL || user_field[0] == '\0') {
        return;
    }
    if (user_field[0] == '/') {
        read_json(user_field, body, name_out);
    } else {
        read_form(user_field, content_type, body, name_out);
    }
}

bool claim_in_query(const char *user_field, struct span query)
{
    uint8_t bytes[USER_SIZE_MAX];
    struct form_buffer buffer = {.bytes = bytes, .capacity = sizeof(bytes)};
    struct span value = {0};
    if (user_field == NULL || user_field[0] == '/' || query.len == 0) {
        return false;
    }
    return form_find(query, span_of(user_field), buffer, &value) != FORM_ABSENT;
}
