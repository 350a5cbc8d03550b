/* The upgrade of the binary: begun by one call, and looked at by another until it is
 * done, which the process that has taken over answers. */
#include "admin/api.h"

void api_upgrade_state(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    control->upgrade_state(control->self, answer_json(call->answer));
}

void api_upgrade(struct api_call *call)
{
    const struct admin_control *control = call->context->control;

    const char *refused = control->upgrade(control->self, call->who);
    if (refused != NULL) {
        answer_problem(call->answer, 409, refused);
        return;
    }
    api_upgrade_state(call);
}
