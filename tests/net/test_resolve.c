#include "net/resolve.h"
#include "support/test.h"

struct asked {
    int count;
    enum err err;
    size_t found;
    struct address first;
    struct resolve **frees;
};

static void on_resolved(void *owner, enum err err, const struct address *addresses,
                        size_t count)
{
    struct asked *self = owner;

    self->count++;
    self->err = err;
    self->found = count;
    if (count > 0) {
        self->first = addresses[0];
    }
    if (self->frees != NULL) {
        resolve_free(self->frees);
    }
}

static void resolve_gives_addresses_with_the_port_asked_for(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct asked asked = {0};
    struct resolve *resolve = resolve_new(loop, "127.0.0.3", 8080, on_resolved, &asked);
    char text[ADDRESS_TEXT_MAX];

    while (asked.count == 0) {
        loop_step(loop);
    }
    assert_int_equal(asked.err, ERR_NONE);
    assert_int_equal(asked.found, 1);
    (void)address_format_port(&asked.first, text);
    assert_string_equal(text, "127.0.0.3:8080");
    resolve_free(&resolve);
    assert_null(resolve);
    loop_free(&loop);
}

static void resolve_of_a_name_that_does_not_exist_says_so(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct resolve *resolve = NULL;
    struct asked asked = {.frees = &resolve};

    resolve = resolve_new(loop, "a..b", 80, on_resolved, &asked);
    while (resolve != NULL && asked.count == 0) {
        loop_step(loop);
    }
    assert_int_equal(asked.err, ERR_RESOLVE);
    assert_int_equal(asked.found, 0);
    assert_null(resolve);
    loop_free(&loop);
}

static void resolve_that_is_freed_answers_nobody(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct asked asked = {0};
    struct resolve *resolves[8];

    for (size_t i = 0; i < 8; i++) {
        resolves[i] = resolve_new(loop, "127.0.0.1", 80, on_resolved, &asked);
        assert_non_null(resolves[i]);
    }
    for (size_t i = 0; i < 8; i++) {
        resolve_free(&resolves[i]);
    }
    loop_free(&loop);
    assert_int_equal(asked.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolve_gives_addresses_with_the_port_asked_for),
        cmocka_unit_test(resolve_of_a_name_that_does_not_exist_says_so),
        cmocka_unit_test(resolve_that_is_freed_answers_nobody),
    };
    return RUN_TESTS(tests);
}
