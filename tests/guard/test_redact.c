#include <stdlib.h>

#include "base/secret.h"
#include "guard/redact.h"
#include "support/test.h"

static struct marker_class member = {.name = {.ptr = (const uint8_t *)"member", .len = 6},
                                     .must_be = MARKER_RULE_GRANTED,
                                     .redact = true};
static struct selector selectors[3];
static struct redact_cut cuts[REDACT_CUTS_MAX];

static int set_up(void **state)
{
    static const char *const TEXTS[] = {"attr:data-id", "json:/members/*/id",
                                        "json:/names/*"};
    char error[256];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(
            selector_parse(span_of(TEXTS[i]), &selectors[i], error, sizeof(error)),
            ERR_NONE);
    }
    member.selectors = selectors;
    member.selector_count = 3;
    member.redact_element = NULL;
    return 0;
}

/* The body without those named in `names` (joined by blanks); NULL: not redacted. */
static char *redacted(enum scan_kind kind, const char *names, const char *body)
{
    struct redact_wanted wanted[16];
    struct redact_order order = {
        .body = span_of(body), .kind = kind, .wanted = wanted, .cuts = cuts};
    struct span rest = span_of(names);
    struct span name;
    size_t from = 0;
    size_t len = 0;

    while (span_next(&rest, ' ', &name)) {
        wanted[order.count++] = (struct redact_wanted){.class = &member, .value = name};
    }
    redact_sort(wanted, order.count);
    if (!redact_find(&order)) {
        return NULL;
    }
    char *result = calloc(1, strlen(body) + 1);
    assert_non_null(result);
    for (size_t i = 0; i <= order.cut_count; i++) {
        size_t until = i < order.cut_count ? cuts[i].start : order.body.len;
        assert_true(until >= from);
        memcpy(result + len, body + from, until - from);
        len += until - from;
        from = i < order.cut_count ? cuts[i].end : from;
    }
    return result;
}

static void expect(enum scan_kind kind, const char *names, const char *body,
                   const char *expected)
{
    char *result = redacted(kind, names, body);

    if (expected == NULL) {
        assert_null(result);
    } else {
        assert_non_null(result);
        assert_string_equal(result, expected);
    }
    free(result);
}

#define HTML(names, body, expected) expect(SCAN_KIND_HTML, names, body, expected)
#define JSON(names, body, expected) expect(SCAN_KIND_JSON, names, body, expected)

static void option_goes_and_its_neighbours_stay(void **state)
{
    (void)state;
    HTML("7", "<select><option data-id=6>a</option><option data-id=7>b</option></select>",
         "<select><option data-id=6>a</option></select>");
    HTML("6 7", "<select><option data-id=6>a<option data-id=7>b<option>c</select>",
         "<select><option>c</select>");
    HTML("7", "<SELECT><OPTGROUP><OPTION DATA-ID='7'>b</OPTGROUP><option>c</SELECT>",
         "<SELECT><OPTGROUP></OPTGROUP><option>c</SELECT>");
    HTML("a&b", "<select><option data-id=\"a&amp;b\">x</option></select>",
         "<select></select>");
    HTML("7", "<select><option value=1 data-id= 7 >x</select>tail",
         "<select></select>tail");
}

/* They are looked up by value: order, beginnings in common and blanks do not matter. */
static void many_people_are_told_apart(void **state)
{
    (void)state;
    HTML("m2 m10 m m1 m12",
         "<ul><li data-id=m1>a<li data-id=m11>b<li data-id=m12>c"
         "<li data-id=m>d<li data-id=m10>e<li data-id=m2>f<li data-id=m3>g</ul>",
         "<ul><li data-id=m11>b<li data-id=m3>g</ul>");
    HTML("m1",
         "<ul><li data-id='\t m1\f'>a<li data-id='\r\nm1\n'>b"
         "<li data-id='m 1'>c<li data-id=m>d</ul>",
         "<ul><li data-id='m 1'>c<li data-id=m>d</ul>");
}

/* A value of two classes goes with the element of each. */
static void one_value_may_be_of_two_classes(void **state)
{
    static struct marker_class other;
    char article[] = "article";
    struct redact_wanted wanted[] = {{.class = &member, .value = SPAN("7")},
                                     {.class = &other, .value = SPAN("7")},
                                     {.class = &other, .value = SPAN("8")}};
    struct redact_order order = {.wanted = wanted, .count = 3};

    (void)state;
    other = member;
    other.redact_element = article;
    redact_sort(wanted, 3);
    const struct redact_wanted *first = redact_next(&order, SPAN(" 7 "), NULL);
    assert_non_null(first);
    const struct redact_wanted *second = redact_next(&order, SPAN(" 7 "), first);
    assert_non_null(second);
    assert_ptr_not_equal(first->class, second->class);
    assert_null(redact_next(&order, SPAN("7"), second));
    assert_null(redact_next(&order, SPAN("8"), redact_next(&order, SPAN("8"), NULL)));
    assert_null(redact_next(&order, SPAN("9"), NULL));
    assert_null(redact_next(&order, SPAN("70"), NULL));
    assert_null(redact_next(&order, SPAN(" "), NULL));
}

static void a_signature_is_what_stands_behind_the_last_point(void **state)
{
    (void)state;
    assert_true(span_equal(redact_unsigned(SPAN("a.b.sig")), SPAN("a.b")));
    assert_true(span_equal(redact_unsigned(SPAN("a.")), SPAN("a")));
    assert_int_equal(redact_unsigned(SPAN(".sig")).len, 0);
    assert_true(span_equal(redact_unsigned(SPAN("a")), SPAN("a")));
    assert_int_equal(redact_unsigned(SPAN("")).len, 0);
}

static void row_or_item_around_the_marker_goes_whole(void **state)
{
    (void)state;
    HTML("7", "<table><tr><td>1<td><i data-id=7>x</i><tr><td>2</table>",
         "<table><tr><td>2</table>");
    HTML("7", "<table><tbody><tr><td data-id=7>x</tbody><tbody><tr><td>y</tbody></table>",
         "<table><tbody></tbody><tbody><tr><td>y</tbody></table>");
    HTML("7", "<ul><li>a<ul><li><b data-id=7>x</b></ul><li>c</ul>",
         "<ul><li>a<ul></ul><li>c</ul>");
    HTML("7", "<ul><li data-id=7>a<ul><li>b</li></ul></li><li>c</li></ul>",
         "<ul><li>c</li></ul>");
    HTML("7", "<table><tr><td><table><tr><td data-id=7>x</table><td>y</table>",
         "<table><tr><td><table></table><td>y</table>");
}

static void configured_element_is_the_one_that_goes(void **state)
{
    char article[] = "article";
    char input[] = "INPUT";

    (void)state;
    HTML("7", "<article><p data-id=7>x</p></article>", NULL);
    member.redact_element = article;
    HTML("7", "<article>a</article><article><p data-id=7>x</p></article>",
         "<article>a</article>");
    HTML("7", "<article>a<article data-id=7>x</article>b</article>",
         "<article>ab</article>");
    HTML("7", "<ul><li data-id=7>x</ul>", NULL);
    HTML("7", "<article data-id=7>never ends", NULL);
    member.redact_element = input;
    HTML("7", "<p><input data-id=7><input data-id=8></p>", "<p><input data-id=8></p>");
}

static void without_a_sensible_element_nothing_is_redacted(void **state)
{
    (void)state;
    HTML("7", "<p data-id=7>x</p>", NULL);
    HTML("7", "<body data-id=7><ul><li data-id=7>x</ul>", NULL);
    HTML("7", "<ul><li>a</ul><b data-id=7>x</b>", NULL);
    HTML("7", "<ul><li data-id=7>x", NULL);
    HTML("7", "<ul><li>x</ul>", NULL);
    HTML("7", "", NULL);
}

static void comments_scripts_and_typed_text_are_never_cut(void **state)
{
    (void)state;
    HTML("7", "<ul><!-- <li data-id=7>x</li> --></ul>", NULL);
    HTML("7", "<script>'<li data-id=7>x</li>'</script>", NULL);
    HTML("7", "<textarea><li data-id=7>x</li></textarea>", NULL);
    HTML("7", "<style><li data-id=7></style><ul><li data-id=7>x</li></ul>",
         "<style><li data-id=7></style><ul></ul>");
    HTML("7", "<ul><li title='<li data-id=7>'>x</li></ul>", NULL);
    HTML("7", "<ul><!--><li data-id=7>x</li><!-- --></ul>", "<ul><!--><!-- --></ul>");
    HTML("7", "<ul><li data-id=7><script>'</li>'</script>x</li></ul>", "<ul></ul>");
}

static void text_that_is_not_ascii_compatible_is_not_redacted(void **state)
{
    (void)state;
    HTML("7", "<ul><li data-id=7>\x1b$B<li>\x1b(B</li></ul>", NULL);
    HTML("7", "<ul><li data-id=7>\x83\x5c\x81\x40</li></ul>", "<ul></ul>");
    expect(SCAN_KIND_TEXT, "7", "<ul><li data-id=7>x</li></ul>", NULL);
    expect(SCAN_KIND_XML, "7", "<ul><li data-id=7>x</li></ul>", NULL);
}

static void array_element_goes_with_its_comma(void **state)
{
    (void)state;
    JSON("7", "{\"members\":[{\"id\":6},{\"id\":7},{\"id\":8}]}",
         "{\"members\":[{\"id\":6},{\"id\":8}]}");
    JSON("6", "{\"members\":[{\"id\":6}, {\"id\":7}]}", "{\"members\":[{\"id\":7}]}");
    JSON("7", "{\"members\":[{\"id\":6} , {\"id\":7} ]}", "{\"members\":[{\"id\":6} ]}");
    JSON("6 7", "{\"members\":[{\"id\":6},{\"id\":7}]}", "{\"members\":[]}");
    JSON("6 8", "{\"members\":[{\"id\":6},{\"id\":7},{\"id\":8}],\"x\":[1,2]}",
         "{\"members\":[{\"id\":7}],\"x\":[1,2]}");
    JSON("7 8", "{\"members\":[{\"id\":6},{\"id\":\"7\",\"n\":[1]},{\"id\":8}]}",
         "{\"members\":[{\"id\":6}]}");
    JSON("b", "{\"names\":[\"a\",\"\\u0062\",\"c\"]}", "{\"names\":[\"a\",\"c\"]}");
    JSON("7", " {\"members\" : [ {\"id\" : 7 , \"n\":{}} , {\"id\":9} ] } ",
         " {\"members\" : [ {\"id\":9} ] } ");
}

static void json_without_an_element_or_that_is_broken_is_not_redacted(void **state)
{
    (void)state;
    JSON("7", "{\"members\":{\"a\":{\"id\":7}}}", NULL);
    JSON("7", "{\"members\":[{\"id\":7}", NULL);
    JSON("7", "{\"members\":[{\"id\":7}]} x", NULL);
    JSON("7", "{\"members\":[{\"id\":7},]}", NULL);
    JSON("7", "{\"members\":[{\"id\":7]}", NULL);
    JSON("7", "{\"others\":[{\"id\":7}]}", NULL);
    JSON("7", "7", NULL);
    JSON("7", "", NULL);
}

static void signed_value_is_known_without_its_signature(void **state)
{
    static struct secret_mac mac;

    (void)state;
    HTML("7", "<ul><li data-id=7.sig>x</li></ul>", NULL);
    member.signature.mac = &mac;
    HTML("7", "<ul><li data-id=7.sig>x</li><li data-id=8.sig></li></ul>",
         "<ul><li data-id=8.sig></li></ul>");
    HTML("a.b", "<ul><li data-id=a.b.sig>x</li></ul>", "<ul></ul>");
    JSON("7", "{\"members\":[{\"id\":\"7.sig\"}]}", "{\"members\":[]}");
    member.signature.mac = NULL;
}

/* Every prefix and every single changed byte: no crash, cuts inside of the body. */
static void damaged_documents_are_survived(void **state)
{
    static const char *const BODIES[] = {
        "<ul><li data-id=7 x='a>b'>a<!-- c --><li>b<select><option data-id=7>"
        "</select></ul>",
        "{\"members\":[{\"id\":\"7\",\"a\":[1,{}]},{\"id\":8}],\"names\":[\"7\"]}",
    };

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        size_t len = strlen(BODIES[k]);
        char *copy = strdup(BODIES[k]);
        assert_non_null(copy);
        for (size_t i = 0; i < len; i++) {
            for (const char *with = "<>\"'=/[]{},:x "; *with != '\0'; with++) {
                copy[i] = *with;
                free(redacted(k == 0 ? SCAN_KIND_HTML : SCAN_KIND_JSON, "7", copy));
            }
            copy[i] = '\0';
            free(redacted(k == 0 ? SCAN_KIND_HTML : SCAN_KIND_JSON, "7", copy));
            copy[i] = BODIES[k][i];
        }
        free(copy);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(option_goes_and_its_neighbours_stay),
        TEST(many_people_are_told_apart),
        TEST(one_value_may_be_of_two_classes),
        TEST(a_signature_is_what_stands_behind_the_last_point),
        TEST(row_or_item_around_the_marker_goes_whole),
        TEST(configured_element_is_the_one_that_goes),
        TEST(without_a_sensible_element_nothing_is_redacted),
        TEST(comments_scripts_and_typed_text_are_never_cut),
        TEST(text_that_is_not_ascii_compatible_is_not_redacted),
        TEST(array_element_goes_with_its_comma),
        TEST(json_without_an_element_or_that_is_broken_is_not_redacted),
        TEST(signed_value_is_known_without_its_signature),
        TEST(damaged_documents_are_survived),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
