/* Documents on stdin, their markers on stdout: for comparing with other parsers.
 *
 *   scan_stdin SELECTOR...
 *   in:  LENGTH KIND CHARSET PIECE_MAX\n and LENGTH bytes, again and again (CHARSET `-`:
 * none) out: a line `CLASS:HEX CLASS:HEX ...` or `!reason` for each
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard/scan.h"

enum { CLASSES = 16, BODY_SIZE = 1 << 24 };

static struct selector selectors[CLASSES];
static struct marker_class classes[CLASSES];
static uint8_t body[BODY_SIZE];

static struct scanner *scanner_of(char **texts, size_t count)
{
    char error[200] = "";

    CHECK(count <= CLASSES);
    for (size_t i = 0; i < count; i++) {
        CHECK(selector_parse(span_of(texts[i]), &selectors[i], error, sizeof(error)) ==
              ERR_NONE);
        classes[i] =
            (struct marker_class){.selectors = &selectors[i], .selector_count = 1};
    }
    struct markers *markers =
        markers_new(classes, count, MARKER_VALUE_MAX, error, sizeof(error));
    CHECK(markers != NULL);
    return scanner_new(markers);
}

static void say(const struct scan *scan)
{
    if (scan_status(scan) != SCAN_OK) {
        printf("!%s", scan_reason_name(scan_reason(scan)));
    }
    for (size_t i = 0; scan_status(scan) == SCAN_OK && i < scan_count(scan); i++) {
        const struct observation *item = scan_at(scan, i);
        printf("%s%d:", i > 0 ? " " : "", item->class_index);
        for (size_t at = 0; at < item->value.len; at++) {
            printf("%02x", item->value.ptr[at]);
        }
    }
    printf("\n");
    (void)fflush(stdout);
}

/* The next number of a line, which ends behind it. */
static size_t number(char **at_p)
{
    return strtoul(*at_p, at_p, 10);
}

int main(int argc, char **argv)
{
    struct scanner *scanner = scanner_of(argv + 1, (size_t)argc - 1);
    char line[128];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *at = line;
        size_t len = number(&at);
        enum scan_kind kind = (enum scan_kind)number(&at);
        size_t piece_max = number(&at);
        struct span charset = span_trim(span_of(at));
        CHECK(len <= BODY_SIZE && kind < SCAN_KIND_NONE);
        if (fread(body, 1, len, stdin) != len) {
            break;
        }
        struct scan *scan = scan_begin(scanner, kind, charset);
        struct span rest = {.ptr = body, .len = len};
        while (rest.len > 0) {
            struct span piece = span_first(rest, piece_max > 0 ? piece_max : rest.len);
            (void)scan_feed(scan, piece, SCAN_LEASE_KEPT);
            rest = span_from(rest, piece.len);
        }
        (void)scan_finish(scan);
        say(scan);
        scan_end(&scan);
    }
    return 0;
}
