#include "record/dossier_out.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/items.h"
#include "base/parse.h"
#include "base/utf8.h"

void out_put(struct dossier_out *self, const char *text)
{
    page_put(self->page, span_of(text));
}

void out_word(struct dossier_out *self, enum dossier_word word)
{
    out_put(self, dossier_say(self->lang, word));
}

void out_colon(struct dossier_out *self)
{
    out_word(self, WORD_COLON);
}

void out_u64(struct dossier_out *self, uint64_t value)
{
    char digits[20];
    size_t len = format_u64(value, digits);
    page_put(self->page, (struct span){.ptr = (const uint8_t *)digits, .len = len});
}

void dossier_time(uint64_t at_ms, char *text_out)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm local;
    char zone[16];

    (void)snprintf(text_out, DOSSIER_TIME_SIZE, "-");
    if (at_ms == 0 || localtime_r(&seconds, &local) == NULL ||
        strftime(text_out, DOSSIER_TIME_SIZE, "%Y-%m-%d %H:%M:%S ", &local) == 0 ||
        strftime(zone, sizeof(zone), "%z", &local) != 5) {
        return;
    }
    size_t len = strlen(text_out);
    (void)snprintf(text_out + len, DOSSIER_TIME_SIZE - len, "%.3s:%s", zone, zone + 3);
}

void out_time(struct dossier_out *self, uint64_t at_ms)
{
    char text[DOSSIER_TIME_SIZE];
    dossier_time(at_ms, text);
    out_put(self, text);
}

static const char *reference_of(uint8_t byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* What a terminal may take for an order: of C0, or of C1 (U+0080 to U+009F). */
static bool is_control(struct span sequence)
{
    const uint8_t *bytes = sequence.ptr;

    return (sequence.len == 1 && (bytes[0] < ' ' || bytes[0] == 0x7f)) ||
           (sequence.len == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

static void put_safe(struct dossier_out *self, const char *text, bool references)
{
    struct span rest = span_of(text);

    while (rest.len > 0) {
        size_t len = utf8_sequence_len(rest);
        const char *reference = references && len == 1 ? reference_of(rest.ptr[0]) : NULL;
        if (len == 0) {
            out_put(self, "\xef\xbf\xbd");
        } else if (reference != NULL) {
            out_put(self, reference);
        } else if (is_control(span_first(rest, len))) {
            out_put(self, " ");
        } else {
            page_put(self->page, span_first(rest, len));
        }
        rest = span_from(rest, len > 0 ? len : 1);
    }
}

void out_html(struct dossier_out *self, const char *text)
{
    put_safe(self, text, true);
}

void out_plain(struct dossier_out *self, const char *text)
{
    put_safe(self, text, false);
}

const char *out_shows(const struct dossier_out *self, const struct dossier_screen *screen,
                      char *text_out)
{
    struct span comma = span_of(dossier_say(self->lang, WORD_COMMA));

    (void)items_join(span_of(screen->shows), comma, text_out, DOSSIER_SHOWS_SIZE);
    return text_out;
}
