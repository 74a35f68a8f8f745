/* answers.h - what a call tells its host. [worker] */
#ifndef SYSCTL_ANSWERS_H
#define SYSCTL_ANSWERS_H

#include <evenkeel/plugin.h>

/* Borrowed from text, which ends with a zero byte; absent for NULL. */
ek_str words(const char* text);

/* An error; `path` points into the input, or is NULL. Borrows both. */
ek_diag error_of(ek_status status, const char* path, const char* summary);

/* Ends a call with one sentence: `return fail(...)`. */
ek_status fail(const ek_call* call, ek_status status, const char* path, const char* summary);

/* The status that fits an errno. */
ek_status status_of(int reason);

/* "cannot DOING NAME: reason". */
ek_status fail_errno(const ek_call* call, int reason, const char* doing, const char* name);

/* EK_OK: the call may go on. */
ek_status check_call(const ek_call* call);

#endif
