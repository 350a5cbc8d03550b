/* Who saw whom: viewers left, subjects right, a line for each case. Red is what left, as
 * in the console; dashed what was withheld; heavy what went in both directions. */
#include <stdio.h>
#include <string.h>

#include "record/dossier_say.h"

enum {
    SIDE_MAX = 45, /* Persons on one side: a page of A4. */
    ROW_HEIGHT = 20,
    WIDTH = 640,
    LEFT_X = 190,
    RIGHT_X = 450,
    TOP_Y = 40,
    HEAD_Y = 14,
    LEGEND_HEIGHT = 20,
    LEGEND_LINE = 44,
    LABEL_COLUMNS = 24, /* Of a name; more is cut. */
};

/* The places of persons on one side, in order of their first case. */
struct side {
    size_t persons[SIDE_MAX];
    unsigned count;
};

/* -1: there is no room for one more. */
static int place_of(struct side *side, size_t person)
{
    for (unsigned i = 0; i < side->count; i++) {
        if (side->persons[i] == person) {
            return (int)i;
        }
    }
    if (side->count == SIDE_MAX) {
        return -1;
    }
    side->persons[side->count] = person;
    return (int)side->count++;
}

static int y_of(int place)
{
    return TOP_Y + place * ROW_HEIGHT;
}

static bool is_mutual(const struct dossier *self, const struct dossier_case *item)
{
    for (size_t i = 0; i < self->case_count; i++) {
        if (self->cases[i].viewer == item->subject &&
            self->cases[i].subject == item->viewer) {
            return true;
        }
    }
    return false;
}

static const char *stroke_of(bool bytes_left, bool mutual)
{
    static const char *const STROKES[2][2] = {
        {"stroke=\"#4b5563\" stroke-width=\"1.4\" stroke-dasharray=\"5 4\"",
         "stroke=\"#4b5563\" stroke-width=\"3.4\" stroke-dasharray=\"5 4\""},
        {"stroke=\"#b42318\" stroke-width=\"1.4\"",
         "stroke=\"#b42318\" stroke-width=\"3.4\""},
    };
    return STROKES[bytes_left ? 1 : 0][mutual ? 1 : 0];
}

static void put_line(struct dossier_out *out, const struct dossier_case *item, int left,
                     int right)
{
    char text[256];
    bool bytes_left = item->delivered + item->cut > 0;

    (void)snprintf(
        text, sizeof(text), "<path d=\"M%d %d C%d %d %d %d %d %d\" fill=\"none\" %s/>\n",
        LEFT_X, y_of(left), LEFT_X + 90, y_of(left), RIGHT_X - 90, y_of(right), RIGHT_X,
        y_of(right), stroke_of(bytes_left, is_mutual(out->dossier, item)));
    out_put(out, text);
}

/* A name cut to what there is room for. */
static void put_name(struct dossier_out *out, const char *name)
{
    char text[4 * LABEL_COLUMNS + 8];
    size_t len = 0;

    for (int columns = 0; name[len] != '\0' && len + 4 < sizeof(text) - 4; len++) {
        columns += ((unsigned char)name[len] & 0xc0) != 0x80 ? 1 : 0;
        if (columns > LABEL_COLUMNS) {
            break;
        }
    }
    memcpy(text, name, len);
    (void)snprintf(text + len, sizeof(text) - len, "%s", name[len] != '\0' ? "…" : "");
    out_html(out, text);
}

static void put_person(struct dossier_out *out, size_t person, int place, bool left)
{
    char text[256];
    const struct dossier_person *who = &out->dossier->persons[person];
    bool both = who->as_viewer > 0 && who->as_subject > 0;
    int x = left ? LEFT_X : RIGHT_X;

    (void)snprintf(text, sizeof(text),
                   "<circle cx=\"%d\" cy=\"%d\" r=\"%d\" fill=\"%s\" stroke=\"#1c2430\" "
                   "stroke-width=\"%d\"/><text x=\"%d\" y=\"%d\" text-anchor=\"%s\">",
                   x, y_of(place), both ? 5 : 4, both ? "#ffffff" : "#1c2430",
                   both ? 2 : 0, left ? x - 12 : x + 12, y_of(place) + 4,
                   left ? "end" : "start");
    out_put(out, text);
    put_name(out, who->name);
    out_put(out, "</text>\n");
}

static void put_side(struct dossier_out *out, const struct side *side, bool left)
{
    for (unsigned i = 0; i < side->count; i++) {
        put_person(out, side->persons[i], (int)i, left);
    }
}

/* Lines first, so that people stand on top. True: all were drawn. */
static bool put_lines(struct dossier_out *out, struct side *left, struct side *right,
                      bool draw)
{
    const struct dossier *self = out->dossier;
    bool all = true;

    for (size_t i = 0; i < self->case_count; i++) {
        const struct dossier_case *item = &self->cases[i];
        if (left->count == SIDE_MAX && right->count == SIDE_MAX && i > 1000) {
            return false;
        }
        int from = place_of(left, item->viewer);
        int to = from < 0 ? -1 : place_of(right, item->subject);
        all = all && to >= 0;
        if (draw && to >= 0) {
            put_line(out, item, from, to);
        }
    }
    return all;
}

static void put_text(struct dossier_out *out, int x, int y, const char *more,
                     enum dossier_word word)
{
    char text[128];

    (void)snprintf(text, sizeof(text), "<text x=\"%d\" y=\"%d\"%s>", x, y, more);
    out_put(out, text);
    out_word(out, word);
    out_put(out, "</text>\n");
}

static void put_heads(struct dossier_out *out)
{
    put_text(out, LEFT_X, HEAD_Y, " text-anchor=\"end\" font-weight=\"600\"",
             dossier_word_of(out->dossier, WORD_VIEWER));
    put_text(out, RIGHT_X, HEAD_Y, " font-weight=\"600\"",
             dossier_word_of(out->dossier, WORD_SUBJECT));
}

/* Two columns of two. */
static void put_legend(struct dossier_out *out, int top)
{
    static const struct {
        bool bytes_left;
        bool mutual;
        enum dossier_word word;
    } LINES[] = {{true, false, WORD_LEGEND_LEFT},
                 {false, false, WORD_LEGEND_WITHHELD},
                 {true, true, WORD_LEGEND_MUTUAL}};
    enum { COUNT = sizeof(LINES) / sizeof(*LINES) };
    char text[256];

    for (int i = 0; i <= COUNT; i++) {
        int x = i % 2 == 0 ? 20 : WIDTH / 2;
        int y = top + i / 2 * LEGEND_HEIGHT;
        if (i < COUNT) {
            (void)snprintf(text, sizeof(text),
                           "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" %s/>", x, y - 4,
                           x + LEGEND_LINE, y - 4,
                           stroke_of(LINES[i].bytes_left, LINES[i].mutual));
        } else {
            (void)snprintf(text, sizeof(text),
                           "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"#ffffff\" "
                           "stroke=\"#1c2430\" stroke-width=\"2\"/>",
                           x + LEGEND_LINE / 2, y - 4);
        }
        out_put(out, text);
        put_text(out, x + LEGEND_LINE + 8, y, "",
                 i < COUNT ? LINES[i].word : WORD_LEGEND_BOTH);
    }
}

static void put_svg(struct dossier_out *out, struct side *left, struct side *right)
{
    unsigned rows = left->count > right->count ? left->count : right->count;
    int bottom = y_of((int)rows) + LEGEND_HEIGHT;
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "<svg role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                   "font-size=\"12\" font-family=\"inherit\" aria-label=\"",
                   WIDTH, bottom + LEGEND_HEIGHT + 8, WIDTH);
    out_put(out, text);
    out_word(out, dossier_word_of(out->dossier, WORD_DRAWING));
    out_put(out, "\">\n");
    put_heads(out);
    (void)put_lines(out, left, right, true);
    put_side(out, left, true);
    put_side(out, right, false);
    put_legend(out, bottom);
    out_put(out, "</svg>\n");
}

void dossier_print_drawing(struct dossier_out *out)
{
    static const struct side nobody = {.count = 0};
    struct side left = nobody;
    struct side right = nobody;

    if (out->dossier->case_count == 0) {
        return;
    }
    bool all = put_lines(out, &left, &right, false);
    out_put(out, "<h2>");
    out_word(out, dossier_word_of(out->dossier, WORD_DRAWING));
    out_put(out, "</h2>\n");
    out_put(out, "<div class=scroll>");
    put_svg(out, &left, &right);
    out_put(out, "</div>\n");
    if (!all) {
        out_put(out, "<p class=note>");
        out_word(out, WORD_DRAWING_MORE);
        out_put(out, "</p>\n");
    }
}
