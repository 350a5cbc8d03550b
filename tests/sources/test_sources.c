#include "sources/sources.h"
#include "support/test.h"

static char query[] = "SELECT 1 WHERE :requester = 1";

static struct grant_settings settings_of(char *name, char *path)
{
    return (struct grant_settings){.name = name,
                                   .sqlite = path,
                                   .query = query,
                                   .cache_ms = 30000,
                                   .deadline_ms = 1000};
}

static void source_is_kept_while_anybody_holds_it_and_ended_afterwards(void **state)
{
    struct sources *sources = sources_new();
    char name[] = "partners";
    char path[] = "/nowhere/matching.db";
    struct grant_settings settings = settings_of(name, path);

    (void)state;
    assert_non_null(sources);
    struct grant_source *first = sources_take(sources, &settings);
    assert_non_null(first);
    struct grant_source *again = sources_take(sources, &settings);
    assert_ptr_equal(first, again);
    grant_source_drop(first);
    sources_reap(sources);
    assert_true(grant_source_held(again));
    settings.cache_ms = 1;
    struct grant_source *other = sources_take(sources, &settings);
    assert_ptr_not_equal(other, again);
    grant_source_drop(again);
    sources_reap(sources);
    assert_true(grant_source_held(other));
    grant_source_drop(other);
    sources_stop(sources);
    sources_free(&sources);
    assert_null(sources);
}

static void number_of_sources_is_bounded(void **state)
{
    struct sources *sources = sources_new();
    char name[] = "partners";
    char path[] = "/nowhere/matching.db";
    struct grant_settings settings = settings_of(name, path);
    struct grant_source *taken[1000];
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        settings.cache_ms = i + 1;
        taken[count] = sources_take(sources, &settings);
        count += taken[count] != NULL;
    }
    assert_in_range(count, GRANTS_MAX, 999);
    for (unsigned i = 0; i < count; i++) {
        grant_source_drop(taken[i]);
    }
    sources_reap(sources);
    assert_non_null(taken[0] = sources_take(sources, &settings));
    grant_source_drop(taken[0]);
    sources_free(&sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_is_kept_while_anybody_holds_it_and_ended_afterwards),
        cmocka_unit_test(number_of_sources_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
