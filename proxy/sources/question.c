#include "sources/question.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/secret.h"
#include "net/loop.h"

static int compare(struct span a, struct span b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_subjects(const void *a, const void *b)
{
    const struct grant_subject *first = a;
    const struct grant_subject *second = b;

    return compare(first->value, second->value);
}

static struct span place(uint8_t **at_p, struct span text)
{
    struct span placed = {.ptr = *at_p, .len = text.len};

    if (text.len > 0) {
        memcpy(*at_p, text.ptr, text.len);
        *at_p += text.len;
    }
    return placed;
}

struct grant_question *grant_question_new(struct span requester,
                                          const struct span *subjects,
                                          const unsigned *tags, size_t count)
{
    size_t text_size = requester.len;

    CHECK(count > 0);
    for (size_t i = 0; i < count; i++) {
        text_size += subjects[i].len;
    }
    size_t size = sizeof(struct grant_question) + count * sizeof(struct grant_subject);
    struct grant_question *self = malloc(size + text_size);
    if (self == NULL) {
        return NULL;
    }
    memset(self, 0, size);
    uint8_t *at = (uint8_t *)self + size;
    atomic_init(&self->abandoned, false);
    self->requester = place(&at, requester);
    self->count = count;
    for (size_t i = 0; i < count; i++) {
        self->subjects[i].value = place(&at, subjects[i]);
        self->subjects[i].tag = tags[i];
    }
    qsort(self->subjects, count, sizeof(*self->subjects), compare_subjects);
    return self;
}

void grant_question_free(struct grant_question **self_p)
{
    struct grant_question *self = *self_p;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        struct span *value = &self->subjects[i].value;
        size_t offset = (size_t)(value->ptr - (const uint8_t *)self);
        secret_wipe((uint8_t *)self + offset, value->len);
    }
    free(self);
    *self_p = NULL;
}

/* The first subject that is not before `value`. */
static size_t lower_bound(const struct grant_question *self, struct span value)
{
    size_t low = 0;
    size_t high = self->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(self->subjects[middle].value, value) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void grant_question_grant(struct grant_question *self, struct span value)
{
    for (size_t i = lower_bound(self, value);
         i < self->count && span_equal(self->subjects[i].value, value); i++) {
        self->subjects[i].granted = true;
    }
}

bool grant_question_late(const struct grant_question *self)
{
    return atomic_load_explicit(&self->abandoned, memory_order_relaxed) ||
           loop_clock_us() >= self->deadline_us;
}

unsigned grant_question_left_ms(const struct grant_question *self)
{
    uint64_t now_us = loop_clock_us();

    return now_us >= self->deadline_us ? 0
                                       : (unsigned)((self->deadline_us - now_us) / 1000);
}
