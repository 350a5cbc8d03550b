/* What `session.client_certificate` needs (loader.h). */
#include "app/loader.h"
#include "http/field.h"

static bool is_named(const char *name, const char *field)
{
    return name != NULL && span_equal_nocase(span_of(name), span_of(field));
}

/* A field of its own: no token's, and none that has a meaning in HTTP. */
static void check_field(struct loader *loader, const struct node *map)
{
    const struct session_policy *session = &loader->snapshot->site.session;
    struct place place = loader_place(loader, map, "client_certificate_field");
    const char *field = session->certificate_field;

    if (session->certificate == CERTIFICATE_OFF) {
        report_error(loader->report, place,
                     "`client_certificate_field` needs `client_certificate`: which name "
                     "it carries");
    } else if (field_id_of(span_of(field)) != FIELD_OTHER ||
               is_named(session->header, field) || is_named(session->jwt.header, field)) {
        report_error(loader->report, place,
                     "`%s` carries something else already: give the name of a "
                     "certificate a field of its own",
                     field);
    }
}

/* Can a client ever show one, or a proxy say that it did? */
static bool may_come(const struct config *config, bool by_field)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_settings *listen = &config->listens[i];
        bool asks =
            listen->certificate_count > 0 && listen->certificates[0].client_ca.len > 0;
        if (asks || (by_field && listen->trusted_proxy_count > 0)) {
            return true;
        }
    }
    return false;
}

void loader_check_certificate(struct loader *self)
{
    const struct session_policy *session = &self->snapshot->site.session;
    const struct node *map = node_find(self->root, SPAN("session"));

    if (session->certificate_field != NULL) {
        check_field(self, map);
    }
    if (session->certificate != CERTIFICATE_OFF &&
        !may_come(&self->snapshot->config, session->certificate_field != NULL)) {
        report_error(self->report, loader_place(self, map, "client_certificate"),
                     "no client is asked for a certificate: give `client_ca` in "
                     "`listen[].tls`, or `client_certificate_field` for one of "
                     "`trusted_proxies`");
    }
}
