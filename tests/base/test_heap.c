/* Goal: what one process put into a region, another finds there, and a lock whose holder
 * died stops whoever asks next. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/heap.h"
#include "support/test.h"

enum { SIZE = 1024 * 1024 };

static void *region_new(void)
{
    void *region =
        mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(region, MAP_FAILED);
    return region;
}

static void blocks_are_zeroed_apart_and_used_again(void **state)
{
    (void)state;
    void *region = region_new();
    struct heap *heap = heap_make(region, SIZE);
    uint8_t *blocks[200];
    static const uint8_t zeroes[300];

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 200; i++) {
            blocks[i] = heap_alloc(heap, i + 1);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            assert_memory_equal(blocks[i], zeroes, i + 1);
            memset(blocks[i], (int)i + 1, i + 1);
        }
        for (size_t i = 0; i < 200; i++) {
            assert_int_equal(blocks[i][0], i + 1);
            assert_int_equal(blocks[i][i], i + 1);
        }
        for (size_t i = 0; i < 200; i++) {
            heap_free(heap, blocks[i]);
        }
    }
    uint64_t used = heap_used(heap);
    for (int round = 0; round < 1000; round++) {
        heap_free(heap, heap_alloc(heap, 100));
    }
    assert_int_equal(heap_used(heap), used);
    munmap(region, SIZE);
}

static void wide_and_large_blocks_are_aligned(void **state)
{
    (void)state;
    void *region = region_new();
    struct heap *heap = heap_make(region, SIZE);

    for (size_t size = 1; size < 40000; size = size * 3 + 1) {
        assert_int_equal((uintptr_t)heap_alloc_wide(heap, size) % HEAP_ALIGNMENT, 0);
        (void)heap_alloc(heap, 7);
    }
    assert_int_equal((uintptr_t)heap_alloc(heap, 5000) % HEAP_ALIGNMENT, 0);
    munmap(region, SIZE);
}

static void a_full_region_hands_out_nothing_more(void **state)
{
    (void)state;
    void *region = region_new();
    struct heap *heap = heap_make(region, SIZE);
    void *kept = heap_alloc(heap, 1000);
    unsigned count = 0;

    assert_null(heap_alloc(heap, SIZE));
    while (heap_alloc(heap, 1000) != NULL) {
        count++;
    }
    assert_in_range(count, SIZE / 1100, SIZE / 1000);
    assert_true(heap_used(heap) <= SIZE);
    heap_free(heap, kept);
    assert_ptr_equal(heap_alloc(heap, 1000), kept);
    munmap(region, SIZE);
}

static void without_a_heap_it_is_the_library(void **state)
{
    (void)state;
    uint8_t *block = heap_alloc(NULL, 10);
    void *wide = heap_alloc_wide(NULL, 10);

    assert_int_equal(block[9], 0);
    assert_int_equal((uintptr_t)wide % HEAP_ALIGNMENT, 0);
    heap_free(NULL, block);
    heap_free(NULL, wide);
    heap_free(NULL, NULL);
}

struct common {
    pthread_mutex_t lock;
    unsigned count;
    _Atomic(bool) held;
};

static struct common *common_new(struct heap *heap)
{
    struct common *common = heap_alloc(heap, sizeof(*common));
    heap_lock_init(heap, &common->lock);
    heap_set_root(heap, common);
    return common;
}

static void two_processes_share_what_lies_in_it(void **state)
{
    (void)state;
    void *region = region_new();
    struct common *common = common_new(heap_make(region, SIZE));
    int status = 0;

    pid_t pid = fork();
    if (pid == 0) {
        struct heap *joined = heap_join(region, SIZE);
        struct common *same = joined != NULL ? heap_root(joined) : NULL;
        for (int i = 0; same == common && i < 10000; i++) {
            heap_lock(&same->lock);
            same->count++;
            heap_unlock(&same->lock);
            heap_free(joined, heap_alloc(joined, 64));
        }
        _exit(0);
    }
    for (int i = 0; i < 10000; i++) {
        heap_lock(&common->lock);
        common->count++;
        heap_unlock(&common->lock);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(common->count, 20000);
    munmap(region, SIZE);
}

static void what_is_no_heap_or_lies_elsewhere_is_not_joined(void **state)
{
    (void)state;
    void *region = region_new();
    void *other = region_new();

    assert_null(heap_join(region, SIZE));
    (void)heap_make(region, SIZE);
    assert_non_null(heap_join(region, SIZE));
    assert_null(heap_join(region, SIZE / 2));
    memcpy(other, region, 4096);
    assert_null(heap_join(other, SIZE));
    munmap(region, SIZE);
    munmap(other, SIZE);
}

static void a_lock_whose_holder_died_is_not_taken_for_free(void **state)
{
    (void)state;
    void *region = region_new();
    struct common *common = common_new(heap_make(region, SIZE));
    int status = 0;

    pid_t pid = fork();
    if (pid == 0) {
        heap_lock(&common->lock);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(pthread_mutex_lock(&common->lock), EOWNERDEAD);
    munmap(region, SIZE);
}

static void layouts_differ_when_one_number_does(void **state)
{
    (void)state;
    uint64_t a = heap_layout(heap_layout(1, 16), 32);

    assert_int_equal(a, heap_layout(heap_layout(1, 16), 32));
    assert_true(a != heap_layout(heap_layout(1, 32), 16));
    assert_true(a != heap_layout(heap_layout(1, 16), 33));
    assert_true(a != heap_layout(heap_layout(2, 16), 32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_apart_and_used_again),
        cmocka_unit_test(wide_and_large_blocks_are_aligned),
        cmocka_unit_test(a_full_region_hands_out_nothing_more),
        cmocka_unit_test(without_a_heap_it_is_the_library),
        cmocka_unit_test(two_processes_share_what_lies_in_it),
        cmocka_unit_test(what_is_no_heap_or_lies_elsewhere_is_not_joined),
        cmocka_unit_test(a_lock_whose_holder_died_is_not_taken_for_free),
        cmocka_unit_test(layouts_differ_when_one_number_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
