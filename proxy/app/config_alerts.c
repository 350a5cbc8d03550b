/* What the single values of `alerts` cannot tell (loader.h). */
#include "app/loader.h"

static struct place place_in(const struct node *item, const char *key)
{
    const struct node *value = node_find(item, span_of(key));
    return value != NULL ? value->place : item->place;
}

static void check_format(struct loader *loader, const struct node *item,
                         const struct alert_settings *alert, bool syslog)
{
    bool logs = alert->format == ALERT_SYSLOG || alert->format == ALERT_CEF;

    if (syslog && !logs) {
        report_error(loader->report, place_in(item, "format"),
                     "alert `%s` goes to syslog: set `format: syslog` or `format: cef`",
                     alert->name);
    }
    if (!syslog && logs) {
        report_error(loader->report, place_in(item, "format"),
                     "alert `%s` has a syslog format: give `syslog`, not `webhook`",
                     alert->name);
    }
    if (alert->format == ALERT_STANDARD && !syslog && alert->secrets[0].len == 0 &&
        node_find(item, SPAN("secret_file")) == NULL) {
        report_error(
            loader->report, item->place,
            "alert `%s` needs `secret_file`: messages of the standard format are "
            "signed",
            alert->name);
    }
}

void loader_check_alerts(struct loader *self)
{
    struct config *config = &self->snapshot->config;
    const struct node *list = node_find(self->root, SPAN("alerts"));
    const struct node *item = list != NULL ? list->first : NULL;

    for (size_t i = 0; i < config->alert_count && item != NULL; i++, item = item->next) {
        struct alert_settings *alert = &config->alerts[i];
        (void)span_copy(span_of(config->admin.url), alert->console,
                        sizeof(alert->console));
        bool webhook = node_find(item, SPAN("webhook")) != NULL;
        bool syslog = node_find(item, SPAN("syslog")) != NULL;
        if (webhook == syslog) {
            report_error(self->report, item->place,
                         webhook
                             ? "alert `%s` has both `webhook` and `syslog`: give one"
                             : "alert `%s` needs `webhook` or `syslog`: where it goes",
                         alert->name);
            continue;
        }
        check_format(self, item, alert, syslog);
    }
}
