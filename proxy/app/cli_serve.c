#include "app/graph.h"
#include "base/log.h"

int cli_serve(const struct cli_call *call)
{
    struct graph *graph = NULL;

    log_init();
    int code = graph_new(call, &graph);
    if (code != CLI_DONE) {
        return code;
    }
    code = graph_run(graph);
    graph_free(&graph);
    return code;
}
