/* Slack's incoming webhooks, and those of chat servers that take the same. */
#include "notify/format.h"

/* `&`, `<` and `>` are the characters that Slack reads as its own. */
static void put_escaped(struct span text, struct writer *out)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&':
            writer_put(out, SPAN("&amp;"));
            break;
        case '<':
            writer_put(out, SPAN("&lt;"));
            break;
        case '>':
            writer_put(out, SPAN("&gt;"));
            break;
        default:
            writer_byte(out, (char)text.ptr[i]);
        }
    }
}

static const char *mark_of(enum alert_severity severity)
{
    static const char *const MARKS[] = {
        [ALERT_INFO] = ":information_source: ",
        [ALERT_WARNING] = ":warning: ",
        [ALERT_CRITICAL] = ":rotating_light: ",
    };
    return MARKS[severity];
}

void format_slack(const struct told *told, struct json_write *out)
{
    char plain[FORMAT_SENTENCE_MAX];
    char text[6 * FORMAT_SENTENCE_MAX];
    struct writer lines = writer_of(plain, sizeof(plain));
    struct writer escaped = writer_of(text, sizeof(text));

    format_headline(told, &lines);
    if (told->incident.len > 0) {
        writer_text(&lines, "\n");
        format_details(told, &lines);
    }
    writer_text(&escaped, mark_of(alert_kind_of(told->type)->severity));
    put_escaped(writer_span(&lines), &escaped);
    if (told->link.len > 0) {
        writer_put(&escaped, SPAN("\n<"));
        put_escaped(told->link, &escaped);
        writer_put(&escaped, SPAN(">"));
    }
    json_write_begin_object(out);
    json_write_member(out, "text", writer_span(&escaped));
    json_write_end_object(out);
}
