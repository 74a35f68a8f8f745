#define _GNU_SOURCE
#include "answers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

ek_str words(const char* text) {
    ek_str view;
    view.ptr = text;
    view.len = text ? strlen(text) : 0;
    return view;
}

ek_diag error_of(ek_status status, const char* path, const char* summary) {
    ek_diag diag = {0};
    diag.size = sizeof diag;
    diag.severity = EK_SEV_ERROR;
    diag.path = words(path);
    diag.summary = words(summary);
    diag.status = status;
    return diag;
}

ek_status fail(const ek_call* call, ek_status status, const char* path, const char* summary) {
    const ek_diag diag = error_of(status, path, summary);
    call->out->diag(call->out->ctx, &diag);
    return status;
}

ek_status status_of(int reason) {
    switch (reason) {
        case EINVAL:
        case ERANGE:
            return EK_E_INVALID;
        case ENOENT:
            return EK_E_NOT_FOUND;
        case EACCES:
        case EPERM:
        case EROFS:
            return EK_E_DENIED;
        case EBUSY:
            return EK_E_BUSY;
        default:
            return EK_E_UNAVAILABLE;
    }
}

ek_status fail_errno(const ek_call* call, int reason, const char* doing, const char* name) {
    char summary[512];
    snprintf(summary, sizeof summary, "cannot %s %s: %s", doing, name, strerror(reason));
    return fail(call, status_of(reason), NULL, summary);
}

ek_status check_call(const ek_call* call) {
    struct timespec now;
    if (call->cancelled(call)) return EK_E_CANCELLED;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (call->deadline_ns != 0 &&
        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= call->deadline_ns)
        return fail(call, EK_E_TIMEOUT, NULL, "the deadline of the call has passed");
    return EK_OK;
}
