#include "base/list.h"
#include "support/test.h"

struct item {
    int value;
    struct list_link link;
};

static void expect_order(struct list *list, const int *values, size_t count)
{
    struct list_link *link = list->head.next;

    for (size_t i = 0; i < count; i++) {
        assert_true(link != &list->head);
        assert_int_equal(LIST_ENTRY(link, struct item, link)->value, values[i]);
        assert_true(link->next->prev == link);
        link = link->next;
    }
    assert_true(link == &list->head);
}

static void list_keeps_the_order_in_which_links_were_put(void **state)
{
    (void)state;
    struct item items[4] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
    struct list list;

    list_init(&list);
    assert_true(list_empty(&list));
    assert_null(list_first(&list));
    assert_null(list_last(&list));
    list_push_back(&list, &items[1].link);
    list_push_back(&list, &items[3].link);
    list_push_front(&list, &items[0].link);
    list_insert(&items[3].link, &items[2].link);
    expect_order(&list, (const int[]){0, 1, 2, 3}, 4);
    assert_true(list_first(&list) == &items[0].link);
    assert_true(list_last(&list) == &items[3].link);
}

static void list_removes_a_link_once_and_again_without_harm(void **state)
{
    (void)state;
    struct item items[3] = {{.value = 0}, {.value = 1}, {.value = 2}};
    struct list list;

    list_init(&list);
    list_remove(&items[0].link);
    for (size_t i = 0; i < 3; i++) {
        assert_false(list_linked(&items[i].link));
        list_push_back(&list, &items[i].link);
        assert_true(list_linked(&items[i].link));
    }
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_false(list_linked(&items[1].link));
    expect_order(&list, (const int[]){0, 2}, 2);
    list_remove(&items[0].link);
    list_remove(&items[2].link);
    assert_true(list_empty(&list));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_keeps_the_order_in_which_links_were_put),
        cmocka_unit_test(list_removes_a_link_once_and_again_without_harm),
    };
    return RUN_TESTS(tests);
}
