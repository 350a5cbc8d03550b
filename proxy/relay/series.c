#include "relay/series.h"

#include "guard/judge.h"
#include "relay/meter.h"

static const char *const OUTCOMES[] = {
    [JOURNAL_WITHHELD] = "outcome=\"withheld\"",
    [JOURNAL_CUT] = "outcome=\"cut\"",
    [JOURNAL_DELIVERED] = "outcome=\"delivered\"",
};

static const enum ending CONNECTS[] = {ENDING_NONE, ENDING_CONNECT,
                                       ENDING_CONNECT_TIMEOUT, ENDING_UPSTREAM_TLS};

static const char *const GRANTS[] = {"answered", "failed", "late", "busy"};

/* As their callers in the relay say them. */
static const struct {
    enum stat_id family;
    const char *labels;
} WORDS[] = {
    {STAT_WOULD_HAVE, "action=\"refuse\""},
    {STAT_WOULD_HAVE, "action=\"take-down\""},
    {STAT_WOULD_HAVE, "action=\"correct\""},
    {STAT_CONNECTIONS_REFUSED, "reason=\"connections-max\""},
    {STAT_CONNECTIONS_REFUSED, "reason=\"connections-per-address-max\""},
    {STAT_CONNECTIONS_REFUSED, "reason=\"proxy-protocol\""},
    {STAT_CONNECTIONS_REFUSED, "reason=\"descriptors\""},
    {STAT_TLS_HANDSHAKES, "side=\"client\",result=\"full\""},
    {STAT_TLS_HANDSHAKES, "side=\"client\",result=\"resumed\""},
    {STAT_TLS_HANDSHAKES, "side=\"client\",result=\"failed\""},
    {STAT_TLS_HANDSHAKES, "side=\"upstream\",result=\"full\""},
    {STAT_TLS_HANDSHAKES, "side=\"upstream\",result=\"resumed\""},
    {STAT_TLS_HANDSHAKES, "side=\"upstream\",result=\"failed\""},
    {STAT_SESSIONS_QUARANTINED, "side=\"viewer\""},
    {STAT_SESSIONS_QUARANTINED, "side=\"subject\""},
    {STAT_TOKENS_REMOVED, "reason=\"unknown\""},
    {STAT_TOKENS_REMOVED, "reason=\"ambiguous\""},
    {STAT_TOKENS_REMOVED, "reason=\"quarantine\""},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

unsigned series_finding(struct stats *stats, enum detector detector,
                        enum finding_action action)
{
    return stats_series_of(stats, STAT_FINDINGS,
                           (struct stat_label){"detector", detector_name(detector)},
                           (struct stat_label){"action", finding_action_name(action)});
}

unsigned series_display(struct stats *stats, enum journal_outcome outcome)
{
    return stats_series(stats, STAT_DISPLAYS, OUTCOMES[outcome]);
}

unsigned series_desync(struct stats *stats, const char *upstream, const char *kind)
{
    return stats_series_of(stats, STAT_UPSTREAM_DESYNC,
                           (struct stat_label){"upstream", upstream},
                           (struct stat_label){"kind", kind});
}

unsigned series_connect(struct stats *stats, const char *upstream, enum ending failure)
{
    return stats_series_of(
        stats, STAT_UPSTREAM_CONNECTS, (struct stat_label){"upstream", upstream},
        (struct stat_label){"result",
                            failure == ENDING_NONE ? "connected" : ending_word(failure)});
}

unsigned series_grants(struct stats *stats, const char *grant, const char *result)
{
    return stats_series_of(stats, STAT_GRANT_QUESTIONS,
                           (struct stat_label){"grant", grant},
                           (struct stat_label){"result", result});
}

static void init_findings(struct stats *stats)
{
    for (unsigned i = 1; i < DETECTOR_COUNT; i++) {
        for (unsigned k = 0; k < FINDING_ACTION_COUNT; k++) {
            if (detector_acts((enum detector)i, (enum finding_action)k)) {
                (void)series_finding(stats, (enum detector)i, (enum finding_action)k);
            }
        }
    }
}

static void init_upstream(struct stats *stats, const char *upstream)
{
    (void)series_desync(stats, upstream, detector_name(DETECTOR_IDLE_BYTES));
    (void)series_desync(stats, upstream, detector_name(DETECTOR_EXCESS_BYTES));
    (void)series_desync(stats, upstream, METER_IDLE_408);
    for (size_t i = 0; i < COUNT(CONNECTS); i++) {
        (void)series_connect(stats, upstream, CONNECTS[i]);
    }
}

void series_init(struct stats *stats, const struct site *site)
{
    init_findings(stats);
    for (size_t i = 0; i < COUNT(OUTCOMES); i++) {
        (void)series_display(stats, (enum journal_outcome)i);
    }
    for (unsigned i = SOURCE_LOGIN; i <= SOURCE_CONFIRM; i++) {
        (void)stats_series_of(
            stats, STAT_BINDINGS,
            (struct stat_label){"source", binding_source_name((enum binding_source)i)},
            (struct stat_label){0});
    }
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        (void)stats_series(stats, WORDS[i].family, WORDS[i].labels);
    }
    for (size_t i = 0; i < site->grant_count; i++) {
        for (size_t k = 0; k < COUNT(GRANTS); k++) {
            (void)series_grants(stats, site->grants[i].name, GRANTS[k]);
        }
    }
    for (size_t i = 0; i < site->upstream_count; i++) {
        init_upstream(stats, site->upstreams[i].name);
    }
}
