#include "guard/claim.h"

#include "http/form.h"
#include "http/json.h"
#include "http/media.h"
#include "http/parameters.h"
#include "http/text.h"

/* A member as it is spelled, and all that some servers would take for it. */
enum { CLAIM_EXACT, CLAIM_FOLDED, CLAIM_COUNT };

struct json_claim {
    struct user *name;
    unsigned count; /* Of all, the exact one among them. */
};

static void on_match(void *context, const struct json_match *match)
{
    struct json_claim *self = context;
    self->count += match->pointer_index == CLAIM_FOLDED ? 1 : 0;
    if (match->pointer_index == CLAIM_EXACT && !match->too_long &&
        (match->kind == JSON_STRING || match->kind == JSON_NUMBER)) {
        (void)user_set(self->name, text_trim(match->value));
    }
}

static void read_json(const char *user_field, struct span body, struct user *name_out)
{
    struct pointer pointers[CLAIM_COUNT];
    struct json_claim claim = {.name = name_out};
    if (pointer_parse(span_of(user_field), &pointers[CLAIM_EXACT]) != NULL) {
        return;
    }
    pointers[CLAIM_FOLDED] = pointers[CLAIM_EXACT];
    pointers[CLAIM_FOLDED].folded = true;
    struct json *json = json_new(&(struct json_wanted){.pointers = pointers,
                                                       .pointer_count = CLAIM_COUNT,
                                                       .value_size_max = USER_SIZE_MAX,
                                                       .containers = true,
                                                       .sink = on_match});
    if (json == NULL) {
        return;
    }
    json_start(json, &claim);
    (void)json_feed(json, body);
    if (json_finish(json) != JSON_DONE || claim.count != 1) {
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
        (void)user_set(name_out, text_trim(value)); /* As markers are. */
    }
}

/* False: the site may read other characters than we do. */
static bool is_plainly_encoded(struct span content_type)
{
    static const char *const CHARSETS[] = {"utf-8",       "us-ascii",  "iso-8859-1",
                                           "windows-31j", "shift_jis", "euc-jp"};
    struct span rest = span_from(content_type, span_find(content_type, ';'));
    struct parameter parameter;
    enum parameters_result result = PARAMETERS_BAD;
    unsigned named = 0;
    unsigned plain = 0;

    while ((result = parameters_next(&rest, &parameter)) == PARAMETERS_NEXT) {
        if (!span_equal_nocase(parameter.name, SPAN("charset"))) {
            continue;
        }
        named++;
        for (size_t i = 0; i < sizeof(CHARSETS) / sizeof(CHARSETS[0]); i++) {
            plain += span_equal_nocase(parameter.value, span_of(CHARSETS[i])) ? 1 : 0;
        }
    }
    return result == PARAMETERS_END && named <= 1 && plain == named;
}

void claim_read(const char *user_field, struct span content_type, struct span body,
                struct user *name_out)
{
    name_out->len = 0;
    if (user_field == NULL || user_field[0] == '\0' ||
        !is_plainly_encoded(content_type)) {
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
