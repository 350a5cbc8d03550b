/* Syslog of RFC 5424; the text for people, or the Common Event Format. */
#include "notify/format.h"

enum {
    FACILITY_AUTHPRIV = 10,
    SYSLOG_CRITICAL = 2,
    SYSLOG_WARNING = 4,
    SYSLOG_NOTICE = 5,
    CEF_HIGHEST = 10,
    CEF_MEDIUM = 6,
    CEF_LOW = 3,
};

static const struct {
    uint64_t syslog;
    uint64_t cef;
} LEVELS[] = {
    [ALERT_INFO] = {SYSLOG_NOTICE, CEF_LOW},
    [ALERT_WARNING] = {SYSLOG_WARNING, CEF_MEDIUM},
    [ALERT_CRITICAL] = {SYSLOG_CRITICAL, CEF_HIGHEST},
};

/* A header field: printable ASCII without blanks, at most `max` bytes, `-` for nothing.
 */
static void put_name(struct span name, size_t max, struct writer *out)
{
    name = span_first(name, max);
    for (size_t i = 0; i < name.len; i++) {
        bool printable = name.ptr[i] > ' ' && name.ptr[i] < 0x7f;
        writer_put(out, printable ? span_first(span_from(name, i), 1) : SPAN("_"));
    }
    writer_put(out, name.len == 0 ? SPAN("-") : SPAN(""));
}

/* `escaped` bytes get a backslash, line breaks a blank. */
static void put_escaped(struct span value, const char *escaped, struct writer *out)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.ptr[i];
        for (const char *at = escaped; *at != '\0'; at++) {
            if (byte == (uint8_t)*at) {
                writer_byte(out, '\\');
            }
        }
        bool control = byte < ' ' || byte == 0x7f;
        writer_put(out, control ? SPAN(" ") : span_first(span_from(value, i), 1));
    }
}

static void put_parameter(const char *name, struct span value, struct writer *out)
{
    if (value.len > 0) {
        writer_put(out, SPAN(" "));
        writer_text(out, name);
        writer_put(out, SPAN("=\""));
        put_escaped(value, "\"\\]", out);
        writer_put(out, SPAN("\""));
    }
}

static void put_structured(const struct told *told, struct writer *out)
{
    writer_put(out, SPAN("[countermark@32473"));
#define TOLD(member, pointer) put_parameter(#member, told->member, out);
#include "notify/told.def"
#undef TOLD
    writer_put(out, SPAN("] "));
}

static void put_extension(const char *name, struct span value, struct writer *out)
{
    if (value.len > 0) {
        writer_text(out, name);
        writer_put(out, SPAN("="));
        put_escaped(value, "\\=", out);
        writer_put(out, SPAN(" "));
    }
}

static void put_custom(unsigned number, const char *label, struct span value,
                       struct writer *out)
{
    if (value.len > 0) {
        writer_put(out, SPAN("cs"));
        writer_u64(out, number);
        writer_put(out, SPAN("Label="));
        writer_text(out, label);
        writer_put(out, SPAN(" cs"));
        writer_u64(out, number);
        writer_put(out, SPAN("="));
        put_escaped(value, "\\=", out);
        writer_put(out, SPAN(" "));
    }
}

static void put_cef(const struct told *told, const struct format_times *times,
                    struct writer *out)
{
    const struct alert_kind *kind = alert_kind_of(told->type);
    char text[FORMAT_SENTENCE_MAX];
    struct writer sentence = writer_of(text, sizeof(text));

    format_sentence(told, &sentence);
    writer_put(out, SPAN("CEF:0|Countermark|Countermark|1|"));
    put_escaped(told->type, "\\|", out);
    writer_put(out, SPAN("|"));
    put_escaped(span_of(kind->title), "\\|", out);
    writer_put(out, SPAN("|"));
    writer_u64(out, LEVELS[kind->severity].cef);
    writer_put(out, SPAN("|rt="));
    writer_u64(out, times->created_at_ms);
    writer_put(out, SPAN(" "));
    put_extension("outcome", told->outcome, out);
    put_extension("reason", told->reason, out);
    put_extension("cnt", told->displays, out);
    put_custom(1, "feature", told->feature, out);
    put_custom(2, "incident", told->incident, out);
    put_custom(3, "detector", told->detector, out);
    put_custom(4, "screen", told->screen, out);
    put_custom(5, "viewer", told->viewer, out);
    put_custom(6, "subject", told->subject, out);
    put_extension("msg", writer_span(&sentence), out);
}

void format_syslog(const struct told *told, const struct format_times *times, bool cef,
                   const char *host, struct writer *out)
{
    enum alert_severity severity = alert_kind_of(told->type)->severity;

    writer_put(out, SPAN("<"));
    writer_u64(out, UINT64_C(8) * FACILITY_AUTHPRIV + LEVELS[severity].syslog);
    writer_put(out, SPAN(">1 "));
    format_time(times->created_at_ms, out);
    writer_put(out, SPAN(" "));
    put_name(span_of(host), 255, out);
    writer_put(out, SPAN(" countermark - "));
    put_name(told->type, 32, out);
    writer_put(out, SPAN(" "));
    if (cef) {
        writer_put(out, SPAN("- "));
        put_cef(told, times, out);
        return;
    }
    put_structured(told, out);
    format_sentence(told, out);
}
