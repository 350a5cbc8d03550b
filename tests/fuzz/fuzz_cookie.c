/*
 * Property: what cookie_write() writes fits where it says and reads as the pairs that
 * were kept; Set-Cookie is read without a fault, and its name and value have no
 * separators.
 */
#include <stdlib.h>

#include "http/cookie.h"
#include "http/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct head head_of(struct span first, struct span second)
{
    struct head head = {.field_count = 2};
    head.fields[0] = (struct field){.value = first, .id = FIELD_COOKIE};
    head.fields[1] = (struct field){.value = second, .id = FIELD_COOKIE};
    return head;
}

/* Every kept pair comes back, in order, and nothing else. */
static void compare(const struct head *all, const struct head *kept,
                    const struct cookie_names *names)
{
    struct cookie_reader left;
    struct cookie_reader right;
    struct cookie one;
    struct cookie two;

    cookie_start(&left, all);
    cookie_start(&right, kept);
    while (cookie_next(&left, &one)) {
        if (cookie_names_rank(names, one.name) != COOKIE_NO_MATCH) {
            continue;
        }
        CHECK(cookie_next(&right, &two));
        CHECK(span_equal(one.name, two.name) && span_equal(one.value, two.value));
    }
    CHECK(!cookie_next(&right, &two));
}

static void try_write(struct span bytes)
{
    const struct span patterns[] = {SPAN("a*"), SPAN("!ab"), SPAN("sid")};
    struct cookie_names names = {.patterns = patterns, .count = 3};
    const struct head head =
        head_of(span_first(bytes, bytes.len / 2), span_from(bytes, bytes.len / 2));
    uint8_t *buffer = malloc(cookie_size_max(&head));

    size_t len = cookie_write(&head, cookie_keep_others, &names, buffer);
    CHECK(len <= cookie_size_max(&head));
    const struct head kept =
        head_of((struct span){.ptr = buffer, .len = len}, (struct span){0});
    compare(&head, &kept, &names);
    free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {.ptr = data, .len = size};
    struct set_cookie cookie;
    int64_t unix_s = 0;

    try_write(bytes);
    if (cookie_parse_set(bytes, &cookie)) {
        CHECK(span_find(cookie.name, ';') == cookie.name.len);
        CHECK(span_find(cookie.name, '=') == cookie.name.len);
        CHECK(span_find(cookie.value, ';') == cookie.value.len);
        (void)cookie_is_deletion(&cookie, 1700000000);
    }
    if (date_parse(bytes, &unix_s)) {
        char text[DATE_LEN];
        int64_t back = 0;
        date_format(unix_s, text);
        CHECK(date_parse((struct span){(const uint8_t *)text, DATE_LEN}, &back));
        CHECK(back == unix_s);
    }
    return 0;
}
