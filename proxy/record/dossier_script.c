/* What the report in HTML does by itself: it prints, and is saved with what was typed. */
#include "base/base64.h"
#include "base/secret.h"
#include "base/writer.h"
#include "record/dossier_print.h"

/* Nothing here makes markup of text (Trusted Types). A copy is as the page came, but for
 * the text of its fields: its buttons are shown by this script alone. */
static const char SCRIPT[] =
    "(() => {\n"
    "  'use strict';\n"
    "  const bar = document.getElementById('bar');\n"
    "  const save = document.getElementById('save');\n"
    "  const fields = [...document.querySelectorAll('.hand')];\n"
    "  let unsaved = false;\n"
    "  function note(now) {\n"
    "    unsaved = now;\n"
    "    bar.classList.toggle('unsaved', now);\n"
    "  }\n"
    "  function copy() {\n"
    "    const page = document.documentElement.cloneNode(true);\n"
    "    page.querySelectorAll('.hand').forEach((field, index) => {\n"
    "      field.textContent = fields[index].innerText.replace(/\\n+$/, '');\n"
    "      field.setAttribute('contenteditable', 'true');\n"
    "    });\n"
    "    page.querySelector('#bar').className = 'bar screen';\n"
    "    page.querySelector('#bar').hidden = true;\n"
    "    return '<!DOCTYPE html>\\n' + page.outerHTML;\n"
    "  }\n"
    "  for (const field of fields) {\n"
    "    try {\n"
    "      field.contentEditable = 'plaintext-only';\n"
    "    } catch {\n"
    "      field.contentEditable = 'true';\n"
    "    }\n"
    "    field.addEventListener('input', () => {\n"
    "      if (field.innerText.trim() === '') {\n"
    "        field.replaceChildren();\n"
    "      }\n"
    "      note(true);\n"
    "    });\n"
    "  }\n"
    "  document.getElementById('print').addEventListener('click', () => print());\n"
    "  save.addEventListener('click', () => {\n"
    "    const file = new Blob([copy()], { type: 'text/html;charset=utf-8' });\n"
    "    const link = document.createElement('a');\n"
    "    const address = URL.createObjectURL(file);\n"
    "    link.href = address;\n"
    "    link.download = save.dataset.name;\n"
    "    link.click();\n"
    "    setTimeout(() => URL.revokeObjectURL(address), 60000);\n"
    "    note(false);\n"
    "  });\n"
    "  addEventListener('beforeunload', (event) => {\n"
    "    if (unsaved) {\n"
    "      event.preventDefault();\n"
    "      event.returnValue = true;\n"
    "    }\n"
    "  });\n"
    "  bar.hidden = false;\n"
    "})();\n";

struct span dossier_script(void)
{
    return span_of(SCRIPT);
}

void dossier_source(struct span text, char *source_out)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    char base64[(SECRET_DIGEST_SIZE + 2) / 3 * 4];
    struct writer out = writer_of((uint8_t *)source_out, DOSSIER_SOURCE_SIZE_MAX - 1);

    secret_hash_of(text, digest);
    size_t len = base64_encode((struct span){.ptr = digest, .len = sizeof(digest)},
                               BASE64_STANDARD, base64);
    writer_text(&out, "'sha256-");
    writer_put(&out, (struct span){.ptr = (const uint8_t *)base64, .len = len});
    writer_text(&out, "'");
    CHECK(!out.full);
    source_out[writer_span(&out).len] = '\0';
}
