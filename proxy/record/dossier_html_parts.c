#include "record/dossier_html.h"

void html_heading(struct dossier_out *out, enum dossier_word word)
{
    out_put(out, "<h2>");
    out_word(out, word);
    out_put(out, "</h2>\n");
}

void html_note(struct dossier_out *out, enum dossier_word word)
{
    out_put(out, "<p class=note>");
    out_word(out, word);
    out_put(out, "</p>\n");
}

void html_table(struct dossier_out *out, const char *kind)
{
    out_put(out, "<div class=scroll><table class=");
    out_put(out, kind);
    out_put(out, "><tr>");
}

void html_table_end(struct dossier_out *out)
{
    out_put(out, "</table></div>\n");
}

void html_th(struct dossier_out *out, enum dossier_word word, bool number)
{
    out_put(out, number ? "<th scope=col class=n>" : "<th scope=col>");
    out_word(out, word);
    out_put(out, "</th>");
}

void html_td(struct dossier_out *out, const char *text)
{
    out_put(out, "<td>");
    out_html(out, text);
    out_put(out, "</td>");
}

void html_td_word(struct dossier_out *out, enum dossier_word word)
{
    html_td(out, dossier_say(out->lang, word));
}

void html_td_u64(struct dossier_out *out, uint64_t value)
{
    out_put(out, "<td class=n>");
    out_u64(out, value);
    out_put(out, "</td>");
}

void html_td_time(struct dossier_out *out, uint64_t at_ms)
{
    out_put(out, "<td class=t>");
    out_time(out, at_ms);
    out_put(out, "</td>");
}
