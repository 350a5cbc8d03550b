#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "record/state_file.h"
#include "support/test.h"

enum { SLOT_SIZE = 8192 };

static char path[64]; /* One of this process: runs go on side by side. */

static struct state_file_image image_of(const char *name, enum feature_state state)
{
    struct state_file_image image = {.count = 1, .records = {{.state = state}}};
    span_copy(span_of(name), image.records[0].name, sizeof(image.records[0].name));
    return image;
}

static struct state_file *make(void)
{
    struct state_file *file = NULL;
    struct state_file_image image;
    (void)unlink(path);
    assert_int_equal(state_file_open(path, true, &file, &image, NULL), ERR_NONE);
    assert_int_equal(image.count, 0);
    return file;
}

static struct state_file_image read_back(void)
{
    struct state_file *file = NULL;
    struct state_file_image image;
    assert_int_equal(state_file_open(path, false, &file, &image, NULL), ERR_NONE);
    state_file_close(&file);
    return image;
}

/* Overwrites one byte of slot `slot`. */
static void damage(int slot, int at)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "#", 1, slot * SLOT_SIZE + at), 1);
    assert_int_equal(close(fd), 0);
}

static void what_was_written_last_is_read(void **state)
{
    (void)state;
    struct state_file *file = make();

    for (int i = 0; i < 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "f%d", i);
        struct state_file_image image =
            image_of(name, i % 2 == 0 ? FEATURE_DOWN : FEATURE_TRIAL);
        assert_int_equal(state_file_write(file, &image), ERR_NONE);
        image = read_back();
        assert_int_equal(image.count, 1);
        assert_string_equal(image.records[0].name, name);
        assert_int_equal(image.records[0].state,
                         i % 2 == 0 ? FEATURE_DOWN : FEATURE_TRIAL);
    }
    state_file_close(&file);
}

static void a_write_cut_short_leaves_the_one_before(void **state)
{
    (void)state;
    for (int at = 0; at < SLOT_SIZE; at += at < 200 ? 1 : 997) {
        struct state_file *file = make(); /* Sequence 2, in slot 0. */
        struct state_file_image one = image_of("one", FEATURE_DOWN);
        struct state_file_image two = image_of("two", FEATURE_DOWN);
        assert_int_equal(state_file_write(file, &one), ERR_NONE); /* Slot 1. */
        assert_int_equal(state_file_write(file, &two), ERR_NONE); /* Slot 0. */
        state_file_close(&file);
        damage(0, at);
        struct state_file_image image = read_back();
        assert_int_equal(image.count, 1);
        assert_string_equal(image.records[0].name, "one");
    }
}

static void two_damaged_slots_are_refused(void **state)
{
    (void)state;
    struct state_file *file = make();
    struct state_file_image image;
    struct fault fault = {0};

    state_file_close(&file);
    damage(0, 30);
    damage(1, 30);
    assert_int_equal(state_file_open(path, false, &file, &image, &fault), ERR_STORAGE);
    assert_null(file);
    assert_true(span_find(span_of(fault.text), ':') < sizeof(fault.text));
}

static void all_features_fit(void **state)
{
    (void)state;
    struct state_file *file = make();
    struct state_file_image image = {.count = FEATURE_COUNT_MAX};

    for (unsigned i = 0; i < FEATURE_COUNT_MAX; i++) {
        for (unsigned at = 0; at < FEATURE_NAME_SIZE_MAX - 1; at++) {
            image.records[i].name[at] = (char)('A' + (i + at) % 26);
        }
        image.records[i].state = FEATURE_TRIAL;
    }
    assert_int_equal(state_file_write(file, &image), ERR_NONE);
    struct state_file_image back = read_back();
    assert_memory_equal(&back, &image, sizeof(image));
    state_file_close(&file);
}

static void a_removed_file_is_noticed(void **state)
{
    (void)state;
    struct state_file *file = make();

    assert_true(state_file_present(file));
    assert_int_equal(unlink(path), 0);
    assert_false(state_file_present(file));
    state_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_last_is_read),
        cmocka_unit_test(a_write_cut_short_leaves_the_one_before),
        cmocka_unit_test(two_damaged_slots_are_refused),
        cmocka_unit_test(all_features_fit),
        cmocka_unit_test(a_removed_file_is_noticed),
    };
    (void)snprintf(path, sizeof(path), "/tmp/countermark-state-%d", (int)getpid());
    return RUN_TESTS(tests);
}
