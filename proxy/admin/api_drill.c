/* A drill: begun by one call, and looked at by another until it is done. */
#include "admin/api.h"
#include "admin/order.h"

/* What a drill is about that names nothing: every configuration that enforces has it. */
static const char DEFAULT_FEATURE[] = "login";

void api_drill_state(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    control->drill_state(control->self, answer_json(call->answer));
}

void api_drill(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    struct order order;

    const char *error = order_read(call->body, &order);
    if (error != NULL) {
        answer_problem(call->answer, 400, error);
        return;
    }
    const char *feature = order.feature[0] != '\0' ? order.feature : DEFAULT_FEATURE;
    if (!api_is_feature(control, feature)) {
        answer_problem(call->answer, 404, "There is no such feature.");
        return;
    }
    const struct control_drill drill = {
        .feature = feature,
        .path = order.path,
        .take_down_s = order.take_down_s,
        .who = call->who,
        .reason = order.reason,
    };
    error = control->drill(control->self, &drill);
    if (error != NULL) {
        answer_problem(call->answer, 409, error);
        return;
    }
    api_drill_state(call);
}
