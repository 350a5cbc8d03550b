#include <errno.h>

#include "app/graph.h"
#include "app/process.h"
#include "base/log.h"

int cli_serve(const struct cli_call *call)
{
    struct graph *graph = NULL;
    char text[128];

    log_init();
    if (process_protect() != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "cannot close this process's memory to others: %s",
                  fault_errno_text(errno, text, sizeof(text)));
        return CLI_NO;
    }
    int code = graph_new(call, &graph);
    if (code != CLI_DONE) {
        return code;
    }
    code = graph_run(graph);
    graph_free(&graph);
    return code;
}
