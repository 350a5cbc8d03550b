#include "support/scan_case.h"

static const char *const SELECTORS[] = {"meta:user-marker", "attr:data-user-id", NULL};

struct row {
    const char *text;
    const char *expected;
};

static void expect_rows(const struct row *rows, size_t count, enum scan_kind kind)
{
    struct scan_case markers;
    scan_case_open(&markers, SELECTORS);
    for (size_t i = 0; i < count; i++) {
        struct scan_case_input input = {.kind = kind, .text = span_of(rows[i].text)};
        scan_case_expect(&markers, input, rows[i].expected);
    }
    scan_case_close(&markers);
}

#define EXPECT_HTML(rows)                                                                \
    expect_rows(rows, sizeof(rows) / sizeof((rows)[0]), SCAN_KIND_HTML)
#define EXPECT_XML(rows)                                                                 \
    expect_rows(rows, sizeof(rows) / sizeof((rows)[0]), SCAN_KIND_XML)

static void html_reads_a_meta_marker_in_any_order_case_and_quoting(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<meta name=\"user-marker\" content=\"alice\">", "0=alice"},
        {"<meta content='alice' name='user-marker'>", "0=alice"},
        {"<META NAME=User-Marker CONTENT=alice>", "0=alice"},
        {"<meta name=user-marker content=alice/>", "0=alice/"},
        {"<meta name=user-marker content=alice />", "0=alice"},
        {"<meta/name=user-marker/content=alice>", ""},
        {"<meta/name='user-marker'/content=\"alice\">", "0=alice"},
        {"<meta name='user-marker'content=\"alice\">", "0=alice"},
        {"<meta\n\tname = \"user-marker\"\r\n content\f=\n'  alice\t'>", "0=alice"},
        {"<meta name=user&#45;marker content=alice>", "0=alice"},
        {"<meta name=user-marker content=\"\">", "0="},
        {"<meta name=user-marker content>", "0="},
        {"<meta name=user-marker content=>", "0="},
        {"<meta name=user-marker>", ""},
        {"<meta name=\"user-marker \" content=alice>", ""},
        {"<meta property=user-marker content=alice>", ""},
        {"<metaa name=user-marker content=alice>", ""},
        {"</meta name=user-marker content=alice>", ""},
        {"<meta name=user-marker content=a><meta name=user-marker content=b>", "0=a 0=b"},
    };
    EXPECT_HTML(ROWS);
}

static void html_takes_the_first_of_duplicate_attributes(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<meta name=user-marker content=a content=b>", "0=a"},
        {"<meta name=other name=user-marker content=a>", ""},
        {"<p data-user-id=a DATA-USER-ID=b>", "1=a"},
    };
    EXPECT_HTML(ROWS);
}

static void html_reads_an_attribute_of_any_element(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<p class='x' Data-User-Id='7'>", "1=7"},
        {"<p\fdata-user-id\f=7>", "1=7"},
        {"<p\rdata-user-id\r=7>", "1=7"},
        {"<p\tdata-user-id\t=7>", "1=7"},
        {"<p\ndata-user-id\n=7>", "1=7"},
        {"<p/data-user-id/>", "1="},
        {"<p a=\"\"data-user-id=7>", "1=7"},
        {"<p a=''data-user-id=7>", "1=7"},
        {"<my-element data-user-id=\"7\"/>", "1=7"},
        {"<body data-user-id=7><p data-user-id=8>", "1=7 1=8"},
        {"<p data-user-id>", "1="},
        {"<p data-user-ids=7 xdata-user-id=8>", ""},
        {"<p title=\"a>b\" data-user-id=7>", "1=7"},
        {"<p title=a\"b data-user-id=7>", "1=7"},
        {"<p it's data-user-id=7 don't>", "1=7"},
        {"<p a==\" data-user-id=7\">", "1=7\""},
        {"<p =\" data-user-id=7>", "1=7"},
        {"<script data-user-id=7></script>", "1=7"},
        {"<template data-user-id=7></template>", "1=7"},
        {"</p data-user-id=7>", ""},
    };
    EXPECT_HTML(ROWS);
}

static void html_unescapes_as_attributes_are_unescaped(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<p data-user-id='a&amp;b&lt;c&#39;d&#x3042;'>", "1=a&b<c'd\xe3\x81\x82"},
        {"<p data-user-id='a&ampb&amp=c&amp'>", "1=a&ampb&amp=c&"},
        {"<p data-user-id='&#128;&#0;&#xD800;'>",
         "1=\xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd"},
        {"<p data-user-id='&unknown;&#;&#x;&'>", "1=&unknown;&#;&#x;&"},
        {"<p data-user-id='&notit;&notin;'>", "1=&notit;\xe2\x88\x89"},
        {"<p data-user-id='&#32;x&#9;'>", "1=x"},
        {"<p data-user-id='a\r\nb\rc'>", "1=a\nb\nc"},
    };
    EXPECT_HTML(ROWS);
}

static void html_text_a_visitor_typed_is_never_a_marker(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<p>&lt;meta name=user-marker content=eve&gt;</p>", ""},
        {"<p title=\"<meta name=user-marker content=eve>\">", ""},
        {"<p title='<b data-user-id=\"eve\">'>", ""},
        {"<p title=\" data-user-id=eve \">", ""},
        {"<input value='x' title=\"' data-user-id='eve\">", ""},
        {"a < b data-user-id=eve >", ""},
        {"data-user-id=eve", ""},
        {"<textarea><meta name=user-marker content=eve></textarea>", ""},
        {"<title><p data-user-id=eve></title>", ""},
        {"<p data-user-id=eve", ""},
        {"<p data-user-id='eve", ""},
    };
    EXPECT_HTML(ROWS);
}

static void html_comments_hide_markers_and_end_where_the_standard_says(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<!-- <p data-user-id=a> --><p data-user-id=b>", "1=b"},
        {"<!--><p data-user-id=b>-->", "1=b"},
        {"<!---><p data-user-id=b>-->", "1=b"},
        {"<!--- ><p data-user-id=a>--><p data-user-id=b>", "1=b"},
        {"<!-- a --!><p data-user-id=b>", "1=b"},
        {"<!-- a --! ><p data-user-id=a>--><p data-user-id=b>", "1=b"},
        {"<!--!><p data-user-id=a>--><p data-user-id=b>", "1=b"},
        {"<!-- - -- ---><p data-user-id=b>", "1=b"},
        {"<!-x <p data-user-id=a><p data-user-id=b>", "1=b"},
        {"<!doctype html \"><p data-user-id=b>", "1=b"},
        {"<?php <p data-user-id=a><p data-user-id=b>", "1=b"},
        {"</ <p data-user-id=a><p data-user-id=b>", "1=b"},
        {"</><p data-user-id=b>", "1=b"},
        {"<![CDATA[<p data-user-id=a>]]><p data-user-id=b>", "1=b"},
        {"<![CDATA[><p data-user-id=b>]]>", "1=b"},
        {"<!-- <p data-user-id=a>", ""},
    };
    EXPECT_HTML(ROWS);
}

static void html_raw_text_ends_only_at_its_own_end_tag(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<script>'<p data-user-id=a>'</script><p data-user-id=b>", "1=b"},
        {"<script></scripts><p data-user-id=a></SCRIPT ><p data-user-id=b>", "1=b"},
        {"<script></script/x=\"><p data-user-id=a>\"><p data-user-id=b>", "1=b"},
        {"<script><<</<//script></script><p data-user-id=b>", "1=b"},
        {"<script/><p data-user-id=a></script><p data-user-id=b>", "1=b"},
        {"<script><!--<script></script><p data-user-id=a>--></script><p data-user-id=b>",
         "1=b"},
        {"<script><!--<script></script></script><p data-user-id=b>", "1=b"},
        {"<script><!-- </script><p data-user-id=b>-->", "1=b"},
        {"<script><!--><script></script><p data-user-id=b>", "1=b"},
        {"<script><!--<script>--></script><p data-user-id=b>", "1=b"},
        {"<script><!--<scripty></script><p data-user-id=b>", "1=b"},
        {"<textarea><!--</textarea><p data-user-id=b>", "1=b"},
        {"<textarea></title></textarea\n><p data-user-id=b>", "1=b"},
        {"<style>a{}</style><p data-user-id=b>", "1=b"},
        {"<xmp><p data-user-id=a></xmp><iframe><p data-user-id=a></iframe>", ""},
        {"<noscript><p data-user-id=b></noscript>", "1=b"},
        {"<plaintext><p data-user-id=a></plaintext><p data-user-id=a>", ""},
    };
    EXPECT_HTML(ROWS);
}

static void html_templates_hide_markers_at_any_depth(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<template><p data-user-id=a></template><p data-user-id=b>", "1=b"},
        {"<template><template></template><p data-user-id=a></template>", ""},
        {"</template><p data-user-id=b>", "1=b"},
        {"<template><script></template></script></template><p data-user-id=b>", "1=b"},
        {"<template><meta name=user-marker content=a></template>", ""},
    };
    EXPECT_HTML(ROWS);
}

static void html_foreign_content_has_no_raw_text(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<svg><title/><style/></svg><p data-user-id=b>", "1=b"},
        {"<svg><script><p data-user-id=b>", "1=b"},
        {"<svg><g data-user-id=b></g></svg>", "1=b"},
        {"<svg><![CDATA[<p data-user-id=a>]]></svg><p data-user-id=b>", "1=b"},
        {"<svg/><title><p data-user-id=a></title>", ""},
        {"<svg><desc><title></title><script><p data-user-id=a></script></desc>", ""},
        {"<svg><title><title></title></title><script><p data-user-id=b>", "1=b"},
        {"<svg><foreignObject><title><p data-user-id=a></title></foreignObject></svg>",
         ""},
        {"<svg><p><title><p data-user-id=a></title>", ""},
        {"<div><svg><path></div><title><p data-user-id=a></title>", ""},
        {"<math><mi><svg><style/></svg></mi></math><p data-user-id=b>", "1=b"},
    };
    EXPECT_HTML(ROWS);
}

static void html_foreign_content_ends_where_the_standard_says(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<svg></meta><textarea><p data-user-id=7>", "1=7"},
        {"<svg></head></body></img><textarea><p data-user-id=7>", "1=7"},
        {"<div><svg></div><textarea><p data-user-id=7>", ""},
        {"<svg></p><textarea><p data-user-id=7>", ""},
        {"<svg><font><textarea><p data-user-id=7>", "1=7"},
        {"<svg><font x=1 SIZE><textarea><p data-user-id=7>", ""},
        {"<svg></font size=1><font><textarea><p data-user-id=7>", "1=7"},
        {"<math><script><mtext></script><xmp><p data-user-id=7>", "1=7"},
        {"<math><script><mtext></script></math><xmp><p data-user-id=7>", ""},
        {"<svg><g><desc></g><textarea><p data-user-id=7>", "1=7"},
        {"<svg><g><desc><br></g><textarea><p data-user-id=7>", "1=7"},
        {"<svg><g><desc><b></g><textarea><p data-user-id=7>", ""},
        {"<svg><desc><a></x><![CDATA[><p data-user-id=7>", "syntax"},
        {"<svg><desc><br><![CDATA[><p data-user-id=7>]]></desc>", ""},
        {"<svg><a><g></a></a><textarea><p data-user-id=7>", "1=7"},
        {"<svg><desc><svg><g></desc><textarea><p data-user-id=7>", "1=7"},
        {"<svg><title><![CDATA[><p data-user-id=7>]]></title>", ""},
        {"<math><mi><![CDATA[><p data-user-id=7>]]></mi>", ""},
        {"<svg><title></title><g><![CDATA[><p data-user-id=7>", ""},
        {"<svg><desc><b><![CDATA[><p data-user-id=7>", "syntax"},
        {"<p><![CDATA[><p data-user-id=7>", "1=7"},
    };
    EXPECT_HTML(ROWS);
}

static void xml_has_sections_instructions_and_no_raw_text(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"<?xml version='1.0'?><a data-user-id='7'/>", "1=7"},
        {"<?x <a data-user-id='6'/> ?><a data-user-id='7'/>", "1=7"},
        {"<a><![CDATA[<a data-user-id='6'/>]] ></a><a data-user-id='7'/>", ""},
        {"<a><![CDATA[<a data-user-id='6'/>]]]]></a><a data-user-id='7'/>", "1=7"},
        {"<script/><a data-user-id='7'/>", "1=7"},
        {"<script><a data-user-id='6'/></script><a data-user-id='7'/>", "1=7"},
        {"<_:x data-user-id='7'/>", "1=7"},
        {"<!--><a data-user-id='6'/>--><a data-user-id='7'/>", "1=7"},
        {"<meta name='user-marker' content='alice'/>", "0=alice"},
    };
    EXPECT_XML(ROWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_reads_a_meta_marker_in_any_order_case_and_quoting),
        cmocka_unit_test(html_takes_the_first_of_duplicate_attributes),
        cmocka_unit_test(html_reads_an_attribute_of_any_element),
        cmocka_unit_test(html_unescapes_as_attributes_are_unescaped),
        cmocka_unit_test(html_text_a_visitor_typed_is_never_a_marker),
        cmocka_unit_test(html_comments_hide_markers_and_end_where_the_standard_says),
        cmocka_unit_test(html_raw_text_ends_only_at_its_own_end_tag),
        cmocka_unit_test(html_templates_hide_markers_at_any_depth),
        cmocka_unit_test(html_foreign_content_has_no_raw_text),
        cmocka_unit_test(html_foreign_content_ends_where_the_standard_says),
        cmocka_unit_test(xml_has_sections_instructions_and_no_raw_text),
    };
    return RUN_TESTS(tests);
}
