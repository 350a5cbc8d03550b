/* No false alarm: the correct site of judge_site.h answers with whole pages, recorded and
 * generated, in all encodings and codings, cut anywhere; they go through decoder, scanner
 * and judge. The changes of user are those that are legitimate: login, logout, login on
 * somebody else's session, several devices, tokens that rotate at login, in every answer
 * or never, single sign-on, remember-me, sessions that expire, error pages, and pages
 * that name others.
 *
 * COUNTERMARK_PAGES=N plays at least N exchanges instead of PAGES_MIN. */
#include <dirent.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "guard/judge_site.h"
#include "guard/markers.h"
#include "guard/scan.h"
#include "http/coding.h"
#include "support/encode.h"
#include "support/test.h"

#define RECORDED SOURCE_FOLDER "/tests/guard/recorded"

enum {
    PAGES_MIN = 100000,
    SELECTORS = 4,
    BODIES_MAX = 4096,
    BODY_SIZE_MAX = 65536,
    USERS_AND_NOBODY = USERS + 1,
};

/* What a page is before it is coded; `@USER@` is its owner, `@OTHER@` is not, `@TEXT@` is
 * in the page's language. Lines between `[` and `]` are left out of nobody's page. */
struct template
{
    enum scan_kind kind;
    bool by_field; /* The marker is in X-User, because nothing is looked for inside. */
    const char *text;
};

static const struct template TEMPLATES[] = {
    {SCAN_KIND_HTML, false,
     "<!DOCTYPE html><html><head><title>@TEXT@</title>\n"
     "[<meta name=\"user-marker\" content=\"@USER@\">]\n"
     "</head><body><p>@TEXT@ @OTHER@</p></body></html>\n"},
    {SCAN_KIND_HTML, false,
     "<html><body>@TEXT@<!-- <meta name=user-marker content=@OTHER@> -->\n"
     "<script>var x = '<meta name=\"user-marker\" content=\"@OTHER@\">';</script>\n"
     "<textarea><meta name=user-marker content=@OTHER@></textarea>\n"
     "[<div class='x' DATA-USER-ID = '@USER@' title='@TEXT@'>]</div>\n"
     "<p>&lt;meta name=\"user-marker\" content=\"@OTHER@\"&gt; @TEXT@</body></html>\n"},
    {SCAN_KIND_HTML, false,
     "<html><head>[<META CONTENT=@USER@ NAME=user-marker>]\n"
     "<meta name=author content=\"@OTHER@\"></head><body>\n"
     "<a data-manager=\"@OTHER@\" href=/@OTHER@>@OTHER@</a>@TEXT@@TEXT@@TEXT@</body>\n"},
    {SCAN_KIND_JSON, false,
     "{\"partner\": {\"id\": \"@OTHER@\"}, \"note\": \"@TEXT@ \\\"user\\\"\",\n"
     "[\"user\": {\"name\": \"@TEXT@\", \"id\": \"@USER@\"},]\n"
     "\"team\": [{\"user\": {\"id\": \"@OTHER@\"}}, null, 1.5e3]}\n"},
    {SCAN_KIND_XML, false,
     "<?xml version=\"1.0\"?>\n<page>[<owner data-user-id=\"@USER@\"/>]\n"
     "<author>@OTHER@</author><text>@TEXT@</text></page>\n"},
    {SCAN_KIND_TEXT, true, "@TEXT@\n@OTHER@ wrote to @USER@\n"},
    {SCAN_KIND_TEXT, true, "name,partner\n@USER@,@OTHER@\n@TEXT@,1\n"},
    {SCAN_KIND_SCRIPT, true, "var user = '@USER@', partner = '@OTHER@'; // @TEXT@\n"},
    {SCAN_KIND_UNKNOWN, true, "@TEXT@ @OTHER@\n"},
};

/* An encoding, as it is declared: in the field, in the body by a BOM, or not at all. */
static const struct {
    const char *name; /* For iconv. */
    const char *charset;
    bool bom;
    const char *text; /* UTF-8. */
} ENCODINGS[] = {
    {"UTF-8", "utf-8", false, "利用者の画面 <b>表示</b>"},
    {"UTF-8", "", true, "利用者の画面"},
    {"UTF-8", "", false, "ソ能表—plain"},
    {"SHIFT_JIS", "Shift_JIS", false, "ソ能表予 利用者"},
    {"EUC-JP", "euc-jp", false, "利用者の画面"},
    {"ISO-2022-JP", "iso-2022-jp", false, "利用者の画面"},
    {"ISO-8859-1", "iso-8859-1", false, "Überblick für Gäste"},
    {"UTF-16LE", "utf-16le", false, "利用者の画面"},
    {"UTF-16BE", "", true, "利用者の画面"},
};

struct body {
    enum scan_kind kind;
    const char *charset;
    bool by_field;
    int coding; /* enum encode_form, or -1: none. */
    size_t len;
    uint8_t *bytes;
};

static struct {
    struct selector selectors[SELECTORS];
    struct marker_class class;
    struct markers *markers;
    struct scanner *scanner;
    struct coding *coding;
    size_t counts[USERS_AND_NOBODY];
    struct body bodies[USERS_AND_NOBODY][BODIES_MAX];
    size_t marked;
    size_t spanning;
    size_t returned; /* By a remember cookie. */
    size_t remembered_others;
    bool changing[BROWSERS];       /* A remembered one logs in or out. */
    size_t sent_back;              /* By another site, to log in. */
    unsigned remembered[BROWSERS]; /* Whom the browser's remember cookie names. */
} pages;

static size_t put(char *out, size_t len, const char *text)
{
    size_t more = strlen(text);
    assert_true(len + more < BODY_SIZE_MAX);
    memcpy(out + len, text, more + 1);
    return len + more;
}

/* Fills in a template for `user`. */
static size_t fill(const char *text, unsigned user, const char *words, char *out)
{
    const char *other = name_of(1 + user % USERS);
    size_t len = 0;
    bool skips = false;

    out[0] = '\0';
    while (*text != '\0') {
        bool line =
            text[0] == '[' && (text[1] == '<' || text[1] == '"') && text[2] != '{';
        if (line && strchr(text, ']') != NULL) {
            skips = user == 0;
            text++;
        } else if (*text == ']' && (text[1] == '\n' || text[1] == '<') &&
                   text[-1] != '}') {
            skips = false;
            text++;
        } else if (skips) {
            text++;
        } else if (strncmp(text, "@USER@", 6) == 0) {
            len = put(out, len, user != 0 ? name_of(user) : "");
            text += 6;
        } else if (strncmp(text, "@OTHER@", 7) == 0) {
            len = put(out, len, other);
            text += 7;
        } else if (strncmp(text, "@TEXT@", 6) == 0) {
            len = put(out, len, words);
            text += 6;
        } else {
            char one[2] = {*text++, '\0'};
            len = put(out, len, one);
        }
    }
    return len;
}

/* `text` in another encoding; 0: it cannot be said in it. */
static size_t convert(const char *text, size_t len, size_t encoding, char *out)
{
    iconv_t to = iconv_open(ENCODINGS[encoding].name, "UTF-8");
    char *copy = malloc(len + 4);
    size_t in_len = len;
    size_t left = BODY_SIZE_MAX;
    char *in = copy;

    assert_true(to != (iconv_t)-1);
    assert_non_null(copy);
    if (ENCODINGS[encoding].bom) {
        memcpy(copy, "\xef\xbb\xbf", 3);
        in_len += 3;
    }
    memcpy(copy + in_len - len, text, len);
    char *end = out;
    bool whole = iconv(to, &in, &in_len, &end, &left) != (size_t)-1 &&
                 iconv(to, NULL, NULL, &end, &left) != (size_t)-1;
    (void)iconv_close(to);
    free(copy);
    return whole ? BODY_SIZE_MAX - left : 0;
}

static void keep(unsigned user, const struct body *like, const uint8_t *bytes, size_t len)
{
    struct body *body = &pages.bodies[user][pages.counts[user]++];

    assert_true(pages.counts[user] <= BODIES_MAX);
    *body = *like;
    body->len = len;
    body->bytes = malloc(len + 1);
    assert_non_null(body->bytes);
    memcpy(body->bytes, bytes, len);
}

/* One text in all codings. */
static void keep_coded(unsigned user, struct body body, const char *text, size_t len)
{
    static uint8_t coded[BODY_SIZE_MAX];
    struct span plain = {.ptr = (const uint8_t *)text, .len = len};

    body.coding = -1;
    keep(user, &body, plain.ptr, plain.len);
    for (body.coding = 0; body.coding < ENCODE_FORMS; body.coding++) {
        size_t size =
            encode_bytes(plain, (enum encode_form)body.coding, 5, coded, sizeof(coded));
        assert_true(size > 0);
        keep(user, &body, coded, size);
    }
}

static void generate(unsigned user)
{
    static char text[BODY_SIZE_MAX];
    static char converted[BODY_SIZE_MAX];

    for (size_t t = 0; t < sizeof(TEMPLATES) / sizeof(TEMPLATES[0]); t++) {
        for (size_t e = 0; e < sizeof(ENCODINGS) / sizeof(ENCODINGS[0]); e++) {
            struct body body = {.kind = TEMPLATES[t].kind,
                                .by_field = TEMPLATES[t].by_field,
                                .charset = ENCODINGS[e].charset};
            bool json = body.kind == SCAN_KIND_JSON; /* Always UTF-8. */
            if (json && (strcmp(ENCODINGS[e].name, "UTF-8") != 0 || ENCODINGS[e].bom)) {
                continue;
            }
            size_t len = fill(TEMPLATES[t].text, user, ENCODINGS[e].text, text);
            len = convert(text, len, e, converted);
            assert_true(len > 0);
            keep_coded(user, body, converted, len);
        }
    }
}

/* Pages as a site of tests/sites sent them, with another name. */
static void replay_recorded(unsigned user)
{
    static char recorded[BODY_SIZE_MAX];
    static char text[BODY_SIZE_MAX];
    char path[4096];
    size_t count = 0;

    DIR *folder = opendir(RECORDED);
    assert_non_null(folder);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
    for (struct dirent *item = readdir(folder); item != NULL; item = readdir(folder)) {
        bool personal = strncmp(item->d_name, "mypage", 6) == 0;
        if (item->d_name[0] == '.' || personal != (user != 0)) {
            continue;
        }
        (void)snprintf(path, sizeof(path), RECORDED "/%s", item->d_name);
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        size_t size = fread(recorded, 1, sizeof(recorded) - 1, file);
        (void)fclose(file);
        recorded[size] = '\0';
        bool html = strstr(item->d_name, ".html") != NULL;
        size_t len = fill(recorded, user, "", text);
        keep_coded(user,
                   (struct body){.kind = html ? SCAN_KIND_HTML : SCAN_KIND_TEXT,
                                 .charset = "utf-8",
                                 .by_field = !html},
                   text, len);
        count++;
    }
    (void)closedir(folder);
    assert_true(count >= 5);
}

static void feed_scan(void *context, struct span decoded)
{
    (void)scan_feed(context, decoded, SCAN_LEASE_BORROWED);
}

static int open_pages(void **state)
{
    static const char *const finds[SELECTORS] = {"meta:user-marker", "attr:data-user-id",
                                                 "json:/user/id", "header:X-User"};
    struct coding_limits limits = {.decoded_size_max = BODY_SIZE_MAX, .ratio_max = 1000};
    char error[256];

    (void)state;
    for (size_t i = 0; i < SELECTORS; i++) {
        assert_int_equal(
            selector_parse(span_of(finds[i]), &pages.selectors[i], error, sizeof(error)),
            ERR_NONE);
    }
    pages.class = (struct marker_class){.name = SPAN("owner"),
                                        .must_be = MARKER_RULE_REQUESTER,
                                        .selectors = pages.selectors,
                                        .selector_count = SELECTORS};
    pages.markers = markers_new(&pages.class, 1, MARKER_VALUE_MAX, error, sizeof(error));
    assert_non_null(pages.markers);
    pages.scanner = scanner_new(pages.markers);
    pages.coding = coding_new(&limits, feed_scan);
    assert_non_null(pages.scanner);
    assert_non_null(pages.coding);
    for (unsigned user = 0; user < USERS_AND_NOBODY; user++) {
        generate(user);
        replay_recorded(user);
    }
    return 0;
}

static int close_pages(void **state)
{
    (void)state;
    for (unsigned user = 0; user < USERS_AND_NOBODY; user++) {
        for (size_t i = 0; i < pages.counts[user]; i++) {
            free(pages.bodies[user][i].bytes);
        }
    }
    coding_free(&pages.coding);
    scanner_free(&pages.scanner);
    markers_free(&pages.markers);
    return 0;
}

/* Decodes and scans `body`, cut at random. */
static void scan_body(struct scan *scan, const struct body *body)
{
    static struct head head;
    struct span rest = {.ptr = body->bytes, .len = body->len};
    unsigned longest = roll(3) == 0 ? 3 : 1 + roll(2000);

    head.field_count = body->coding >= 0 ? 1 : 0;
    if (body->coding >= 0) {
        head.fields[0] =
            (struct field){.name = SPAN("Content-Encoding"),
                           .value = span_of(encode_name((enum encode_form)body->coding)),
                           .id = FIELD_CONTENT_ENCODING};
    }
    assert_int_not_equal(coding_start(pages.coding, &head, scan), CODING_UNKNOWN);
    enum coding_state state = CODING_MORE;
    while (rest.len > 0) {
        struct span piece = span_first(rest, 1 + roll(longest));
        rest = span_from(rest, piece.len);
        state = coding_feed(pages.coding, piece, rest.len > 0 ? PIECE_MORE : PIECE_LAST);
    }
    assert_int_equal(state, CODING_DONE);
}

/* A page of `user` (0: nobody): what is seen on it becomes the ride's markers. */
static void show(struct ride *ride, unsigned user)
{
    const struct body *body = &pages.bodies[user][roll((uint32_t)pages.counts[user])];
    struct scan *scan = scan_begin(pages.scanner, body->kind, span_of(body->charset));

    assert_non_null(scan);
    if (user != 0 && body->by_field) {
        scan_field(scan, SPAN("X-User"), span_of(name_of(user)));
    }
    scan_body(scan, body);
    assert_int_equal(scan_finish(scan), SCAN_OK);
    size_t count = scan_count(scan);
    if (count != (user != 0 ? 1 : 0)) {
        fail_msg("%zu markers on a page of user %u: kind %d charset %s coding %d:\n%.*s",
                 count, user, body->kind, body->charset, body->coding, (int)body->len,
                 (const char *)body->bytes);
    }
    for (size_t i = 0; i < count; i++) {
        const struct observation *seen = scan_at(scan, i);
        char name[USER_SIZE_MAX];
        (void)span_copy(seen->value, name, sizeof(name));
        struct observation *mark = trip_mark(&ride->trip, name);
        mark->kind = seen->kind;
        mark->weak = seen->weak;
        pages.marked++;
    }
    scan_end(&scan);
}

/* The site's answer; whom it does not know by his session it may know by his cookie. */
static void answer(struct ride *ride)
{
    bool remembers = ride->remembered != 0 && user_of(ride->token) == 0;

    site_answer(ride);
    if (remembers && ride->want == WANT_PAGE) {
        ride->shown = ride->remembered;
        ride->issued = new_session(ride->remembered);
        pages.returned++;
    }
    if (ride->want == WANT_PAGE && roll(10) == 0) {
        ride->status = roll(2) == 0 ? 404 : 500;
    }
}

/* A session ends at the site without anybody's doing, or with its browser. */
static void expire(void)
{
    unsigned browser = roll(BROWSERS);
    uint32_t token = site.cookie[browser];

    if (pages.remembered[browser] != 0 && roll(2) == 0) {
        site.cookie[browser] = 0;
    } else if (token != 0 && site.style.tokens != TOKENS_STATELESS) {
        site.session_user[site.token_session[token]] = 0;
    }
}

/* A browser that is remembered goes to log in or out once nothing else is under way:
 * sites that answer out of order leave it one user's session and another's cookie. */
static void begin(struct ride *ride)
{
    choose(ride);
    ride->remembered = pages.remembered[ride->browser];
    bool alone = ride_is_alone(ride);
    if (ride->remembered != 0 && !alone) {
        ride->want = ride->want == WANT_POST ? WANT_POST : WANT_PAGE;
    }
    if (!alone && pages.changing[ride->browser]) {
        return;
    }
    pages.changing[ride->browser] =
        ride->remembered != 0 && ride->want != WANT_PAGE && ride->want != WANT_POST;
    ride_send(ride);
    ride->trip.asker.remembered = ride->remembered != 0;
    if (ride->remembered != 0 && ride->token == 0) {
        ride->trip.asker.kind = ASKER_UNKNOWN;
    }
}

/* An answer that is late leaves the session of one user beside the cookie of another.
 * When it ends the site shows whom the cookie names: refused, but never counted. */
static bool is_remembered_as_another(const struct ride *ride)
{
    const struct session *view = &ride->trip.asker.session;
    struct finding finding = trip_finding(&ride->trip);
    bool bound = view->binding != BINDING_NONE || view->by_login;

    return bound && ride->remembered != 0 && ride->shown == ride->remembered &&
           finding.strength == STRENGTH_WEAK && !finding.counts &&
           finding.detector == DETECTOR_OWNER_MARKER;
}

static void end(struct ride *ride)
{
    bool has_page = ride->status != 303;

    pages.sent_back += ride->trip.asker.role == ROLE_CALLBACK;
    if (has_page) {
        show(ride, ride->shown);
    }
    if (ride_end(ride, 0) == VERDICT_RELEASE) {
        deliver(ride);
        if (ride->want == WANT_LOGIN) {
            bool stays = roll(2) == 0 && ride_is_alone(ride);
            pages.remembered[ride->browser] = stays ? ride->user : 0;
        } else if (ride->want == WANT_LOGOUT) {
            pages.remembered[ride->browser] = 0;
        }
        assert_int_equal(ride->trip.judgement.findings.count, 0);
        return;
    }
    if (is_remembered_as_another(ride)) {
        pages.remembered_others++;
        return;
    }
    if (!spans_two_logins(ride) && !is_doubted(ride)) {
        struct finding finding = trip_finding(&ride->trip);
        fail_msg("%s by %s, want %d user %u shown %u token %u issued %u remembered %d "
                 "style %d %d%d%d%d%d%d",
                 finding.reason, detector_name(finding.detector), ride->want, ride->user,
                 ride->shown, ride->token, ride->issued, ride->trip.asker.remembered,
                 site.style.tokens, site.style.visit_issues, site.style.failure_issues,
                 site.style.login_marked, site.style.logout_issues,
                 site.style.success_rule, site.style.callback);
    }
    pages.spanning++;
}

static void play(unsigned style, size_t count)
{
    site_reset(style_of(style), style + 1001);
    memset(pages.remembered, 0, sizeof(pages.remembered));
    size_t before = site.exchanges;
    while (site.exchanges < before + count) {
        struct ride *ride = &site.rides[roll(TRIPS)];
        if (ride->stage == STAGE_FREE) {
            begin(ride);
        } else if (ride->stage == STAGE_SENT) {
            answer(ride);
        } else {
            end(ride);
        }
        if (roll(300) == 0) {
            expire();
        }
    }
}

static void legitimate_pages_give_no_finding(void **state)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
    const char *wish = getenv("COUNTERMARK_PAGES");
    size_t least = wish != NULL ? strtoul(wish, NULL, 10) : PAGES_MIN;

    (void)state;
    site.exchanges = 0;
    for (unsigned style = 0; style < STYLES; style++) {
        play(style, least / STYLES + 1);
    }
    print_message("%zu exchanges, %zu marked, %zu different bodies, %zu refused between "
                  "two logins\n",
                  site.exchanges, pages.marked, pages.counts[0] + USERS * pages.counts[1],
                  pages.spanning);
    assert_true(site.exchanges >= least);
    assert_true(pages.marked > least / 5);
    assert_true(pages.returned > 0);
    assert_true(pages.sent_back > 0);
    assert_true(pages.spanning < site.exchanges / 500);
    assert_true(pages.remembered_others < site.exchanges / 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(legitimate_pages_give_no_finding, open_pages,
                                        close_pages),
    };
    return RUN_TESTS(tests);
}
