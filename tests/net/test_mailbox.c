#include <pthread.h>

#include "net/loop.h"
#include "net/mailbox.h"
#include "support/test.h"

enum {
    THREADS = 4,
    EACH = 500,
};

struct letter {
    struct mail mail;
    int *count;
    int *last; /* Of this sender's letters: they come in order. */
    int number;
    struct mailbox **frees;
};

static void deliver(struct mail *mail)
{
    struct letter *self = LIST_ENTRY(mail, struct letter, mail);

    (*self->count)++;
    if (self->last != NULL) {
        assert_true(self->number > *self->last);
        *self->last = self->number;
    }
    if (self->frees != NULL) {
        mailbox_free(self->frees);
    }
}

struct sender {
    struct mailbox *mailbox;
    struct letter letters[EACH];
    int last;
};

static void *send_all(void *context)
{
    struct sender *self = context;

    for (size_t i = 0; i < EACH; i++) {
        mailbox_post(self->mailbox, &self->letters[i].mail);
    }
    return NULL;
}

static void mailbox_delivers_all_mail_of_all_threads_in_each_ones_order(void **state)
{
    (void)state;
    static struct sender senders[THREADS];
    pthread_t threads[THREADS];
    struct loop *loop = loop_new();
    struct mailbox *mailbox = mailbox_new(loop);
    int count = 0;

    for (size_t i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){.mailbox = mailbox};
        for (int j = 0; j < EACH; j++) {
            senders[i].letters[j] = (struct letter){.mail = {.deliver = deliver},
                                                    .count = &count,
                                                    .last = &senders[i].last,
                                                    .number = j + 1};
        }
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    while (count < THREADS * EACH) {
        loop_step(loop);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    mailbox_free(&mailbox);
    loop_free(&loop);
}

static void mailbox_delivers_nothing_after_it_was_freed(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct mailbox *mailbox = mailbox_new(loop);
    int count = 0;
    struct letter first = {
        .mail = {.deliver = deliver}, .count = &count, .frees = &mailbox};
    struct letter second = {.mail = {.deliver = deliver}, .count = &count};

    mailbox_post(mailbox, &first.mail);
    mailbox_post(mailbox, &second.mail);
    loop_step(loop);
    loop_step(loop);
    assert_int_equal(count, 1);
    assert_null(mailbox);
    loop_free(&loop);
}

static void mailbox_takes_the_same_mail_again_once_it_was_delivered(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct mailbox *mailbox = mailbox_new(loop);
    int count = 0;
    struct letter letter = {.mail = {.deliver = deliver}, .count = &count};

    for (int i = 1; i <= 3; i++) {
        mailbox_post(mailbox, &letter.mail);
        while (count < i) {
            loop_step(loop);
        }
    }
    mailbox_free(&mailbox);
    loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mailbox_delivers_all_mail_of_all_threads_in_each_ones_order),
        cmocka_unit_test(mailbox_delivers_nothing_after_it_was_freed),
        cmocka_unit_test(mailbox_takes_the_same_mail_again_once_it_was_delivered),
    };
    return RUN_TESTS(tests);
}
