/**
 * What the tests of grant sources share: a folder, a loop that waits for answers, and
 * asking in one line.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/mailbox.h"
#include "sources/source.h"
#include "support/test.h"

enum {
    CASE_SUBJECTS_MAX = 8,
    CASE_PATIENCE_US = 20000000,
};

struct source_case {
    char folder[64];
    char path[128];
    struct loop *loop;
    struct mailbox *mailbox;
    struct grant_source *source;
    struct grant_settings settings;
    uint64_t deadline_us; /**< Of the next questions, from now. */
    unsigned answers;
    bool answered;                   /**< Of the last one. */
    bool granted[CASE_SUBJECTS_MAX]; /**< By tag. */
    size_t late_count;
};

static inline void case_open(struct source_case *self, const char *file)
{
    memset(self, 0, sizeof(*self));
    (void)snprintf(self->folder, sizeof(self->folder), "/tmp/grants-XXXXXX");
    assert_non_null(mkdtemp(self->folder));
    (void)snprintf(self->path, sizeof(self->path), "%s/%s", self->folder, file);
    self->loop = loop_new();
    self->mailbox = mailbox_new(self->loop);
    assert_non_null(self->mailbox);
    self->deadline_us = CASE_PATIENCE_US;
    self->settings.name = self->folder;
    self->settings.cache_ms = 30000;
    self->settings.deadline_ms = 1000;
}

static inline void case_start(struct source_case *self)
{
    self->source = grant_source_new(&self->settings);
    assert_non_null(self->source);
}

static inline void case_close(struct source_case *self)
{
    grant_source_free(&self->source);
    loop_poll(self->loop);
    mailbox_free(&self->mailbox);
    loop_free(&self->loop);
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", self->folder);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a path of our own.
}

static inline void case_take(struct mail *mail)
{
    struct grant_question *question = LIST_ENTRY(mail, struct grant_question, mail);
    struct source_case *self = question->owner;

    self->answers++;
    self->answered = question->answered;
    for (size_t i = 0; i < question->count && i < CASE_SUBJECTS_MAX; i++) {
        self->granted[question->subjects[i].tag] = question->subjects[i].granted;
    }
    grant_question_free(&question);
}

static inline void case_wait(struct source_case *self, unsigned answers)
{
    uint64_t until = loop_clock_us() + CASE_PATIENCE_US;

    while (self->answers < answers && loop_clock_us() < until) {
        loop_poll(self->loop);
        (void)usleep(500);
    }
    assert_int_equal(self->answers, answers);
}

/* Puts a question without waiting; `names`: joined by blanks. */
static inline bool case_put(struct source_case *self, const char *requester,
                            const char *names)
{
    struct span subjects[CASE_SUBJECTS_MAX];
    unsigned tags[CASE_SUBJECTS_MAX];
    struct span rest = span_of(names);
    size_t count = 0;
    struct span name;

    while (span_next(&rest, ' ', &name)) {
        assert_true(count < CASE_SUBJECTS_MAX);
        tags[count] = (unsigned)count;
        subjects[count++] = name;
    }
    struct grant_question *question =
        grant_question_new(span_of(requester), subjects, tags, count);
    assert_non_null(question);
    question->mail.deliver = case_take;
    question->reply_to = self->mailbox;
    question->owner = self;
    question->deadline_us = loop_clock_us() + self->deadline_us;
    bool taken = grant_source_ask(self->source, question);
    if (!taken) {
        grant_question_free(&question);
    }
    return taken;
}

/* Which of the names are granted, as digits; "-": no answer. Static storage. */
static inline const char *case_ask(struct source_case *self, const char *requester,
                                   const char *names)
{
    static char text[CASE_SUBJECTS_MAX + 1];
    unsigned before = self->answers;
    size_t len = 0;

    memset(self->granted, 0, sizeof(self->granted));
    if (!case_put(self, requester, names)) {
        return "full";
    }
    case_wait(self, before + 1);
    if (!self->answered) {
        return "-";
    }
    for (size_t i = 0; i < CASE_SUBJECTS_MAX; i++) {
        if (self->granted[i]) {
            text[len++] = (char)('0' + i);
        }
    }
    text[len] = '\0';
    return text;
}
