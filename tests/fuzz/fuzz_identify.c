/* Any head: no crash, and what is left after identity was removed carries none. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"
#include "guard/identify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct span SESSION[] = {{(const uint8_t *)"!SIDlang", 8},
                                      {(const uint8_t *)"SID*", 4}};
static const struct span REMEMBER[] = {{(const uint8_t *)"me", 2}};
static struct cookie_names session_names = {.patterns = SESSION, .count = 2};
static struct cookie_names remember_names = {.patterns = REMEMBER, .count = 1};
static char name_text[] = "sid";
static char header_text[] = "Authorization";
static char suffix_text[] = ".";
static char *url_names[] = {name_text};

/* The first line is the target; of each later one the first byte says which field. */
static void head_of(struct span text, struct head *head)
{
    static const enum field_id ids[] = {FIELD_COOKIE, FIELD_SET_COOKIE,
                                        FIELD_AUTHORIZATION, FIELD_OTHER};
    struct span line;

    (void)span_next(&text, '\n', &head->target);
    while (head->field_count < HEAD_FIELDS_MAX && span_next(&text, '\n', &line)) {
        if (line.len > 0) {
            enum field_id id = ids[line.ptr[0] % 4];
            head->fields[head->field_count++] = (struct field){
                .id = id, .name = field_name(id), .value = span_trim(span_from(line, 1))};
        }
    }
}

static void check_anonymous(const struct head *head, const struct session_policy *policy)
{
    static struct head bare;
    struct identity identity;
    uint8_t *cookies = malloc(cookie_size_max(head) + 1);
    uint8_t *target = malloc(head->target.len + 1);

    CHECK(cookies != NULL && target != NULL);
    bare = (struct head){.field_count = 1};
    bare.fields[0] =
        (struct field){.id = FIELD_COOKIE,
                       .name = SPAN("cookie"),
                       .value = {cookies, identify_write_cookies(head, policy, cookies)}};
    CHECK(bare.fields[0].value.len <= cookie_size_max(head));
    bare.target =
        (struct span){target, identify_write_target(head->target, policy, target)};
    CHECK(bare.target.len <= head->target.len);
    CHECK(!identify_has_cookies(&bare, policy));
    identify_request(&bare, policy, &identity);
    CHECK(identity.kind == IDENTITY_ANONYMOUS);
    free(cookies);
    free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct session_policy policy = {.cookies = &session_names,
                                          .path_parameter = name_text,
                                          .header = header_text,
                                          .suffix = suffix_text,
                                          .url_names = url_names,
                                          .url_name_count = 1,
                                          .remember = &remember_names};
    static struct head head;
    struct identity identity;
    struct issued_tokens issued;

    head = (struct head){0};
    head_of((struct span){.ptr = data, .len = size}, &head);
    identify_request(&head, &policy, &identity);
    for (unsigned i = 0; i < identity.token_count; i++) {
        CHECK(identity.tokens[i].value.len > 0);
    }
    identify_issued(&head, &policy, 0, &issued);
    check_anonymous(&head, &policy);
    return 0;
}
