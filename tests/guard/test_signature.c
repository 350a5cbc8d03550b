#include <stdio.h>

#include "base/base64.h"
#include "base/secret.h"
#include "guard/scan.h"
#include "guard/signature.h"
#include "support/test.h"

#define REQUEST "0123456789abcdef0123456789abcdef"

static struct secret_mac mac;
static struct marker_signature plain;
static struct marker_signature bound;

static int set_up(void **state)
{
    (void)state;
    secret_mac_start(&mac, SPAN("a key of the site's own"));
    plain = (struct marker_signature){.mac = &mac};
    bound = (struct marker_signature){.mac = &mac, .bound = true};
    return 0;
}

/* `value` and the signature of `text`. */
static const char *sign(const char *value, const char *text)
{
    static char written[400];
    uint8_t digest[SECRET_DIGEST_SIZE];
    char digits[64];

    secret_mac_of(&mac, span_of(text), digest);
    size_t len = base64_encode((struct span){.ptr = digest, .len = sizeof(digest)},
                               BASE64_URL, digits);
    (void)snprintf(written, sizeof(written), "%s.%.*s", value, (int)len, digits);
    return written;
}

static bool verifies(const struct marker_signature *by, const char *written,
                     const char *value)
{
    struct span taken = {0};
    bool good = signature_verify(by, span_of(written), SPAN(REQUEST), &taken);

    if (good) {
        assert_true(span_equal(taken, span_of(value)));
    }
    return good;
}

static void what_is_written_verifies(void **state)
{
    char text[400];
    struct writer out = writer_of(text, sizeof(text) - 1);

    (void)state;
    signature_write(&plain, SPAN("alice"), SPAN(REQUEST), &out);
    text[out.len] = '\0';
    assert_true(verifies(&plain, text, "alice"));
    assert_false(verifies(&bound, text, "alice"));
    out = writer_of(text, sizeof(text) - 1);
    signature_write(&bound, SPAN("alice"), SPAN(REQUEST), &out);
    text[out.len] = '\0';
    assert_true(verifies(&bound, text, "alice"));
    out = writer_of(text, sizeof(text) - 1);
    signature_write(&(struct marker_signature){0}, SPAN("alice"), SPAN(REQUEST), &out);
    assert_true(span_equal(writer_span(&out), SPAN("alice")));
}

static void signature_of_the_value_gives_the_value(void **state)
{
    (void)state;
    assert_true(verifies(&plain, sign("alice", "alice"), "alice"));
    assert_true(verifies(&plain, sign("a.b.c", "a.b.c"), "a.b.c"));
    assert_true(verifies(&plain, sign("山田", "山田"), "山田"));
    char padded[400];
    (void)snprintf(padded, sizeof(padded), "%s=", sign("alice", "alice"));
    assert_true(verifies(&plain, padded, "alice"));
}

static void signature_as_other_programs_make_it_is_right(void **state)
{
    (void)state;
    /* printf %s alice | openssl dgst -sha256 -hmac 'key of sixteen b' -binary | base64 */
    struct secret_mac other;
    struct span value;
    struct marker_signature by = {.mac = &other};
    secret_mac_start(&other, SPAN("key of sixteen b"));
    assert_true(
        signature_verify(&by, SPAN("alice.XGNqrn1rQVvnTdj6zaB-nCMMrY2qJS3hubeRIrQqSec"),
                         SPAN(""), &value));
}

static void signature_of_anything_else_is_wrong(void **state)
{
    (void)state;
    const char *const written[] = {
        "",
        ".",
        "alice",
        "alice.",
        "alice.c2hvcnQ",
        ".AAAA",
        "alice.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "alice.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "alice.!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!",
    };
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        assert_false(verifies(&plain, written[i], ""));
    }
    assert_false(verifies(&plain, sign("bob", "alice"), ""));
    assert_false(verifies(&plain, sign("", ""), ""));
    char cut[400];
    (void)snprintf(cut, sizeof(cut), "%s", sign("alice", "alice"));
    cut[strlen(cut) - 1] = '\0';
    assert_false(verifies(&plain, cut, ""));
}

static void bound_signature_is_of_this_request_only(void **state)
{
    (void)state;
    assert_true(verifies(&bound, sign("alice", "alice|" REQUEST), "alice"));
    assert_false(verifies(&bound, sign("alice", "alice"), ""));
    assert_false(verifies(&plain, sign("alice", "alice|" REQUEST), ""));
    assert_false(verifies(&bound, sign("alice", "alice|" REQUEST "0"), ""));
    struct span value;
    assert_false(
        signature_verify(&bound, span_of(sign("alice", "alice|")), SPAN(""), &value));
}

/* ---- In a scan ---- */

static struct scan *scan_of(struct scanner *scanner, const char *header,
                            const char *content)
{
    char page[2000];
    struct scan *scan = scan_begin(scanner, SCAN_KIND_HTML, (struct span){0});

    scan_bind(scan, SPAN(REQUEST));
    scan_field(scan, SPAN("x-user"), span_of(header));
    (void)snprintf(page, sizeof(page), "<p>uid=typed;<meta name=m content=\"%s\">",
                   content);
    (void)scan_feed(scan, span_of(page), SCAN_LEASE_BORROWED);
    (void)scan_finish(scan);
    return scan;
}

static void scan_takes_signed_values_and_tells_of_forged_ones(void **state)
{
    (void)state;
    char error[200];
    struct selector selectors[3];
    const struct marker_class class = {.name = SPAN("owner"),
                                       .selectors = selectors,
                                       .selector_count = 3,
                                       .signature = plain};
    assert_int_equal(selector_parse(SPAN("meta:m"), &selectors[0], error, 200), 0);
    assert_int_equal(selector_parse(SPAN("header:x-user"), &selectors[1], error, 200), 0);
    assert_int_equal(
        selector_parse(SPAN("regex:uid=([^;]+);"), &selectors[2], error, 200), 0);
    struct markers *markers = markers_new(&class, 1, 16, error, sizeof(error));
    struct scanner *scanner = scanner_new(markers);

    struct scan *scan = scan_of(scanner, "", sign("alice", "alice"));
    assert_int_equal(scan_count(scan), 2); /* the empty value names nobody */
    assert_int_equal(scan_forged(scan), 1);
    scan_end(&scan);

    scan = scan_begin(scanner, SCAN_KIND_HTML, (struct span){0});
    scan_field(scan, SPAN("x-user"), span_of(sign("alice", "alice")));
    assert_int_equal(scan_count(scan), 1);
    assert_true(span_equal(scan_at(scan, 0)->value, SPAN("alice")));
    assert_int_equal(scan_forged(scan), 0);
    scan_field(scan, SPAN("x-user"), SPAN("bob"));
    assert_int_equal(scan_count(scan), 1);
    assert_int_equal(scan_forged(scan), 1);
    assert_int_equal(scan_status(scan), SCAN_OK);
    /* The bound of the length is that of the value alone. */
    scan_field(scan, SPAN("x-user"),
               span_of(sign("sixteen-bytes-16", "sixteen-bytes-16")));
    assert_int_equal(scan_count(scan), 2);
    scan_field(scan, SPAN("x-user"),
               span_of(sign("seventeen-bytes-1", "seventeen-bytes-1")));
    assert_int_equal(scan_reason(scan), SCAN_REASON_LENGTH);
    scan_end(&scan);
    scanner_free(&scanner);
    markers_free(&markers);
}

static void scan_counts_no_signed_marker_as_typed(void **state)
{
    (void)state;
    char error[200];
    char page[500];
    struct selector selector;
    const struct marker_class class = {.name = SPAN("owner"),
                                       .selectors = &selector,
                                       .selector_count = 1,
                                       .signature = bound};
    assert_int_equal(selector_parse(SPAN("regex:uid=([^;]+);"), &selector, error, 200),
                     0);
    struct markers *markers = markers_new(&class, 1, 256, error, sizeof(error));
    struct scanner *scanner = scanner_new(markers);
    struct scan *scan = scan_begin(scanner, SCAN_KIND_HTML, (struct span){0});

    scan_bind(scan, SPAN(REQUEST));
    (void)snprintf(page, sizeof(page), "<p>uid=%s;", sign("alice", "alice|" REQUEST));
    (void)scan_feed(scan, span_of(page), SCAN_LEASE_BORROWED);
    (void)scan_finish(scan);
    assert_int_equal(scan_count(scan), 1);
    assert_false(scan_at(scan, 0)->weak);
    assert_true(marker_is_trusted(&class));
    scan_end(&scan);
    scan = scan_begin(scanner, SCAN_KIND_HTML, (struct span){0});
    scan_bind(scan, SPAN("ffffffffffffffffffffffffffffffff"));
    (void)scan_feed(scan, span_of(page), SCAN_LEASE_BORROWED);
    (void)scan_finish(scan);
    assert_int_equal(scan_count(scan), 0);
    assert_int_equal(scan_forged(scan), 1);
    scan_end(&scan);
    scanner_free(&scanner);
    markers_free(&markers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_written_verifies, set_up),
        cmocka_unit_test_setup(signature_of_the_value_gives_the_value, set_up),
        cmocka_unit_test_setup(signature_as_other_programs_make_it_is_right, set_up),
        cmocka_unit_test_setup(signature_of_anything_else_is_wrong, set_up),
        cmocka_unit_test_setup(bound_signature_is_of_this_request_only, set_up),
        cmocka_unit_test_setup(scan_takes_signed_values_and_tells_of_forged_ones, set_up),
        cmocka_unit_test_setup(scan_counts_no_signed_marker_as_typed, set_up),
    };
    return RUN_TESTS(tests);
}
