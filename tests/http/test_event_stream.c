#include <string.h>

#include "http/event_stream.h"
#include "support/test.h"

enum { STORY_MAX = 4096 };

/* What was read, as text: `[` a data line, `|` the end of an event, `~` a tail. */
struct story {
    char text[STORY_MAX];
    size_t len;
};

static void tell(struct story *story, struct span text)
{
    assert_true(story->len + text.len < STORY_MAX);
    if (text.len > 0) {
        memcpy(story->text + story->len, text.ptr, text.len);
    }
    story->len += text.len;
    story->text[story->len] = '\0';
}

static void feed(struct event_stream *stream, struct span bytes, struct story *story)
{
    struct span data = {0};

    for (;;) {
        switch (event_stream_next(stream, &bytes, &data)) {
        case EVENT_MORE:
            assert_int_equal(bytes.len, 0);
            return;
        case EVENT_LINE:
            tell(story, SPAN("["));
            break;
        case EVENT_DATA:
            tell(story, data);
            break;
        case EVENT_END:
            tell(story, SPAN("|"));
            break;
        case EVENT_TAIL:
            tell(story, SPAN("~"));
            break;
        }
    }
}

/* Whole, byte by byte, and cut in two at every place. */
static void reads(const char *text, const char *expected)
{
    struct span bytes = span_of(text);

    for (size_t cut = 0; cut <= bytes.len + 1; cut++) {
        struct event_stream stream = {0};
        struct story story = {.len = 0};
        if (cut <= bytes.len) {
            feed(&stream, span_first(bytes, cut), &story);
            feed(&stream, span_from(bytes, cut), &story);
        } else {
            for (size_t i = 0; i < bytes.len; i++) {
                feed(&stream, span_first(span_from(bytes, i), 1), &story);
            }
        }
        if (strcmp(story.text, expected) != 0) {
            fail_msg("cut at %zu: %s", cut, story.text);
        }
    }
}

static void event_ends_at_an_empty_line(void **state)
{
    (void)state;
    reads("data: a\n\n", "[a|");
    reads("data: a\n\ndata: b\n\n", "[a|[b|");
    reads("data: a\n", "[a");
    reads("\n\n", "||");
}

static void lines_end_with_cr_lf_or_both(void **state)
{
    (void)state;
    reads("data: a\r\rdata: b\r\r", "[a|[b|");
    reads("data: a\r\n\r\ndata: b\r\n\r\n", "[a|~[b|~");
    reads("data: a\r\n\n", "[a|");
    reads("data: a\n\rdata: b\r\n\r\n", "[a|[b|~");
    reads("data: a\r\n\r\n\n", "[a|~|");
}

static void lines_of_data_are_told_apart(void **state)
{
    (void)state;
    reads("data: a\ndata: b\n\n", "[a[b|");
    reads("data\ndata:\ndata: \n\n", "[[[|");
    reads("data:a:b\n\n", "[a:b|");
    reads("data:  a \n\n", "[ a |");
}

static void other_fields_and_comments_say_nothing(void **state)
{
    (void)state;
    reads(": keep alive\n\n", "|");
    reads("event: data: x\nid: 1\nretry: 3\ndata: a\n\n", "[a|");
    reads("datax: a\ndat: b\n data: c\nDATA: d\n\n", "|");
    reads(":data: a\n\n", "|");
}

static void one_byte_order_mark_may_stand_in_front(void **state)
{
    (void)state;
    reads("\xEF\xBB\xBF"
          "data: a\n\n",
          "[a|");
    reads("\xEF\xBB\xBF\n", "|");
    reads("\xEF\xBB\xBF\xEF\xBB\xBF"
          "data: a\n\n",
          "|");
    reads("\xEF\xBB"
          "data: a\n\ndata: b\n\n",
          "|[b|");
    reads("\xEF\n\ndata: b\n\n", "|[b|");
    reads("\n\xEF\xBB\xBF"
          "data: a\n\n",
          "||");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_ends_at_an_empty_line),
        cmocka_unit_test(lines_end_with_cr_lf_or_both),
        cmocka_unit_test(lines_of_data_are_told_apart),
        cmocka_unit_test(other_fields_and_comments_say_nothing),
        cmocka_unit_test(one_byte_order_mark_may_stand_in_front),
    };
    return RUN_TESTS(tests);
}
