/* OCSF 1.3: Data Security Finding (class 2006 of category 2). */
#include "notify/format.h"

enum {
    CATEGORY_FINDINGS = 2,
    CLASS_DATA_SECURITY = 2006,
    ACTIVITY_CREATE = 1,
    ACTIVITY_UPDATE = 2,
    ACTIVITY_CLOSE = 3,
    STATUS_NEW = 1,
    STATUS_IN_PROGRESS = 2,
    STATUS_RESOLVED = 4,
    SEVERITY_INFORMATIONAL = 1,
    SEVERITY_MEDIUM = 3,
    SEVERITY_CRITICAL = 5,
};

static uint64_t activity_of(struct span type)
{
    if (format_ends(type)) {
        return ACTIVITY_CLOSE;
    }
    return span_ends(type, SPAN(".updated")) ? ACTIVITY_UPDATE : ACTIVITY_CREATE;
}

static uint64_t status_of(uint64_t activity)
{
    static const uint64_t STATUSES[] = {
        [ACTIVITY_CREATE] = STATUS_NEW,
        [ACTIVITY_UPDATE] = STATUS_IN_PROGRESS,
        [ACTIVITY_CLOSE] = STATUS_RESOLVED,
    };
    return STATUSES[activity];
}

static uint64_t severity_of(enum alert_severity severity)
{
    static const uint64_t SEVERITIES[] = {
        [ALERT_INFO] = SEVERITY_INFORMATIONAL,
        [ALERT_WARNING] = SEVERITY_MEDIUM,
        [ALERT_CRITICAL] = SEVERITY_CRITICAL,
    };
    return SEVERITIES[severity];
}

static void put_metadata(struct json_write *out)
{
    json_write_key(out, "metadata");
    json_write_begin_object(out);
    json_write_member(out, "version", SPAN("1.3.0"));
    json_write_key(out, "product");
    json_write_begin_object(out);
    json_write_member(out, "name", SPAN("Countermark"));
    json_write_member(out, "vendor_name", SPAN("Countermark"));
    json_write_end_object(out);
    json_write_end_object(out);
}

/* One finding has one uid, however many messages tell of it. */
static void put_uid(const struct told *told, struct json_write *out)
{
    char text[256];
    struct writer uid = writer_of(text, sizeof(text));

    if (told->incident.len > 0) {
        writer_put(&uid, SPAN("incident-"));
        writer_put(&uid, told->incident);
    } else {
        writer_put(&uid, told->type);
        writer_put(&uid, SPAN("-"));
        writer_put(&uid, told->timestamp);
    }
    json_write_member(out, "uid", writer_span(&uid));
}

static void put_finding(const struct told *told, const struct format_times *times,
                        struct json_write *out)
{
    char text[FORMAT_SENTENCE_MAX];
    char line[FORMAT_SENTENCE_MAX];
    struct writer sentence = writer_of(text, sizeof(text));
    struct writer headline = writer_of(line, sizeof(line));

    format_sentence(told, &sentence);
    format_headline(told, &headline);
    json_write_key(out, "finding_info");
    json_write_begin_object(out);
    put_uid(told, out);
    json_write_member(out, "title", writer_span(&headline));
    json_write_member(out, "desc", writer_span(&sentence));
    if (told->link.len > 0) {
        json_write_member(out, "src_url", told->link);
    }
    json_write_member_u64(out, "created_time", times->created_at_ms);
    json_write_key(out, "types");
    json_write_begin_array(out);
    json_write_text(out, told->type);
    json_write_end_array(out);
    json_write_end_object(out);
}

/* What OCSF has no place for. */
static void put_unmapped(const struct told *told, struct json_write *out)
{
    json_write_key(out, "unmapped");
    json_write_begin_object(out);
#define TOLD(member, pointer)                                                            \
    if (told->member.len > 0) {                                                          \
        json_write_member(out, #member, told->member);                                   \
    }
#include "notify/told.def"
#undef TOLD
    json_write_end_object(out);
}

void format_ocsf(const struct told *told, const struct format_times *times,
                 struct json_write *out)
{
    uint64_t activity = activity_of(told->type);

    json_write_begin_object(out);
    json_write_member_u64(out, "category_uid", CATEGORY_FINDINGS);
    json_write_member_u64(out, "class_uid", CLASS_DATA_SECURITY);
    json_write_member_u64(out, "activity_id", activity);
    json_write_member_u64(out, "type_uid",
                          UINT64_C(100) * CLASS_DATA_SECURITY + activity);
    json_write_member_u64(out, "severity_id",
                          severity_of(alert_kind_of(told->type)->severity));
    json_write_member_u64(out, "status_id", status_of(activity));
    json_write_member_u64(out, "time", times->created_at_ms);
    put_metadata(out);
    put_finding(told, times, out);
    put_unmapped(told, out);
    json_write_end_object(out);
}
